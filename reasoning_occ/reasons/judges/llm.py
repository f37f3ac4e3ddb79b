"""A judge that asks a language model: three prompts a reason, one for each criterion."""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, Self

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.clerk import Clerk, Unanswered
from reasoning_occ.reasons.calls.desk import Terms
from reasoning_occ.reasons.calls.request import Message, Reply, Request
from reasoning_occ.reasons.privacy import shared
from reasoning_occ.reasons.prompting import Rendered, data, template
from reasoning_occ.reasons.replies import read_score
from reasoning_occ.reasons.types import CRITERIA, Case, Criterion, Score, Told, Verdict

_REPAIR = "That could not be read. Answer again with the JSON object alone, and nothing before or after it."


def schema(criterion: Criterion) -> dict[str, Any]:
    """What a judge's answer must look like. The justification comes first: a score is given for reasons."""
    properties: dict[str, Any] = {"justification": {"type": "string"}}
    if criterion == "factuality":
        properties["errors"] = {"type": "array", "items": {"type": "string"}}
    properties["score"] = {"type": "integer", "enum": [1, 2, 3, 4, 5]}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def question(criterion: Criterion, case: Case, taxonomy: Taxonomy, *, send: Collection[str], answer: str) -> Rendered:
    """A judge's prompt. Factuality sees history and reason, coherence the reason, utility it and the true next
    occupation.

    Args:
        criterion: what is judged.
        case: the reason, and what it is judged by.
        taxonomy: the occupations.
        send: fields of a career that are shown; see `privacy`.
        answer: a sentence on the form of the answer.
    """
    seen = {"reason": data(case.reason), "answer": answer}
    if criterion == "factuality":
        seen["history"] = data("\n".join(events(shared(case.history, send), taxonomy)))
    elif criterion == "utility":
        seen["next"] = data(taxonomy.title(case.truth))
    return template(criterion).render(**seen)


def _answer(criterion: Criterion) -> str:
    errors = (
        ' "errors" (a list with one short sentence for each claim that does not hold; empty if all hold),'
        if criterion == "factuality"
        else ""
    )
    return (
        f'Answer with one JSON object: "justification" (one or two sentences),{errors} '
        '"score" (a whole number from 1 to 5).'
    )


class LLMJudge:
    """Scores by a language model. What it can't read, or gets no answer to, is unscored.

    Args:
        taxonomy: the occupations.
        asker: who is asked.
        terms: which model, and how.
        send: fields of a career that may be sent; see `privacy`.
        repair: for servers that don't keep to a schema: none is sent, and an unreadable reply is answered once.
        sample: tells several rounds of one judge apart.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        asker: Clerk,
        terms: Terms,
        *,
        send: Collection[str],
        repair: bool,
        sample: int = 0,
    ) -> None:
        self._taxonomy = taxonomy
        self.asker = asker
        self._terms = terms
        self._send = send
        self._repair = repair
        self._sample = sample
        self.at_once = max(1, 8 * terms.at_once // len(CRITERIA))  # so that few calls wait alone for a round's last

    def fit(self, train: Sequence[Transition]) -> None:
        """Nothing is learnt from the training transitions."""

    def judge(self, history: Career, reason: str, truth: str) -> Verdict:
        """One reason; see `Judge`."""
        return self.judge_all([Case(history, reason, truth)])[0]

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """Scores of many reasons, three calls each.

        Raises:
            BudgetReached, UserError: as `Clerk.ask_all`.
        """
        requests = self.requests(cases)
        replies = self.asker.ask_all(requests, told)
        if self._repair:
            replies = self._repaired(requests, replies, told)
        read = [_score(reply) for reply in replies]
        verdicts = []
        for start in range(0, len(read), len(CRITERIA)):
            of_case = dict(zip(CRITERIA, read[start : start + len(CRITERIA)], strict=True))
            scores: dict[Criterion, Score] = {criterion: score for criterion, (score, _) in of_case.items()}
            verdicts.append(Verdict(scores, of_case["factuality"][1]))
        return verdicts

    def requests(self, cases: Sequence[Case]) -> list[Request]:
        """The calls for some cases: those of each case one after the other, in the order of the criteria."""
        return [self.request(criterion, case) for case in cases for criterion in CRITERIA]

    def again(self, sample: int) -> Self:
        """The same judge in another round, in which it answers anew what it was asked before."""
        other = copy(self)
        other._sample = sample
        return other

    def request(self, criterion: Criterion, case: Case) -> Request:
        """The call for one criterion."""
        prompt = question(criterion, case, self._taxonomy, send=self._send, answer=_answer(criterion))
        form = None if self._repair else schema(criterion)
        return self._terms.request(self.asker.provider, *prompt, form, self._sample)

    def _repaired(
        self, requests: Sequence[Request], replies: Sequence[Reply | Unanswered], told: Told | None
    ) -> list[Reply | Unanswered]:
        """Ask once more where an answer that came whole can't be read, with the answer in sight."""
        mended = list(replies)
        again: dict[int, Request] = {}
        for place, (request, reply) in enumerate(zip(requests, replies, strict=True)):
            if isinstance(reply, Reply) and reply.stop == "end" and read_score(reply)[0].value is None:
                turns = (*request.messages, Message("assistant", reply.text or "…"), Message("user", _REPAIR))
                again[place] = replace(request, messages=turns)
        for place, reply in zip(again, self.asker.ask_all(list(again.values()), told), strict=True):
            mended[place] = reply
        return mended


def _score(reply: Reply | Unanswered) -> tuple[Score, tuple[str, ...]]:
    if isinstance(reply, Unanswered):
        return Score(None, f"Unscored, no answer: {reply.why}"), ()
    return read_score(reply)
