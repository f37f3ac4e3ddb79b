"""A teacher that asks a language model for reasons, showing it the true next occupation, which it must not name."""

from collections.abc import Collection, Sequence

from reasoning_occ.careers.types import Transition
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.asker import Asker
from reasoning_occ.reasons.calls.desk import Terms
from reasoning_occ.reasons.calls.request import Reply, Request
from reasoning_occ.reasons.privacy import shared
from reasoning_occ.reasons.prompting import data, template
from reasoning_occ.reasons.types import Candidate, Told

_FEEDBACK = "Earlier reasons for this person were rejected. What was found wrong with them:\n<errors>\n{}\n</errors>"


class LLMTeacher:
    """Writes candidates by a language model, each an answer of its own to one prompt.

    Refused, cut off and empty answers are no candidates. Whether a candidate names the target is looked at where
    candidates are chosen.

    Args:
        taxonomy: the occupations.
        asker: who is asked.
        terms: which model, and how.
        candidates: how many for a transition.
        words: at most in a reason.
        send: fields of a career that may be sent; see `privacy`.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        asker: Asker,
        terms: Terms,
        *,
        candidates: int,
        words: int,
        send: Collection[str],
    ) -> None:
        self._taxonomy = taxonomy
        self._asker = asker
        self._terms = terms
        self.at_once = 8 * terms.at_once  # so that few calls wait alone for the last one of a round
        self._candidates = candidates
        self._words = words
        self._send = send

    def fit(self, train: Sequence[Transition]) -> None:
        """Nothing is learnt from the training transitions."""

    def write_all(
        self,
        transitions: Sequence[Transition],
        feedback: Sequence[Sequence[str]] | None = None,
        told: Told | None = None,
    ) -> list[tuple[Candidate, ...]]:
        """Candidates for each transition; see `Teacher`.

        Raises:
            BudgetReached, UserError: as `Asker.ask_all`.
        """
        errors = feedback if feedback is not None else [()] * len(transitions)
        requests = [
            self.request(transition, wrong, sample)
            for transition, wrong in zip(transitions, errors, strict=True)
            for sample in range(self._candidates)
        ]
        replies = self._asker.ask_all(requests, told)
        texts = [
            reply.text.strip() if isinstance(reply, Reply) and reply.stop in ("end", "other") else ""
            for reply in replies
        ]
        return [
            tuple(Candidate(text) for text in dict.fromkeys(texts[start : start + self._candidates]) if text)
            for start in range(0, len(texts), self._candidates)
        ]

    def request(self, transition: Transition, feedback: Sequence[str], sample: int) -> Request:
        """The call for one candidate."""
        listed = "\n".join(f"- {data(error)}" for error in feedback)
        prompt = template("teacher").render(
            history=data("\n".join(events(shared(transition.history, self._send), self._taxonomy))),
            next=data(self._taxonomy.title(transition.target)),
            words=str(self._words),
            feedback=_FEEDBACK.format(listed) if feedback else "",
        )
        return self._terms.request(self._asker.provider, *prompt, None, sample)
