"""A teacher that asks a language model for reasons, showing it the true next occupation, which it must not name."""

from collections.abc import Collection, Mapping, Sequence

from reasoning_occ.careers.types import Transition
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.asker import Asker, Told
from reasoning_occ.reasons.calls.request import Message, Reply, Request
from reasoning_occ.reasons.privacy import shared
from reasoning_occ.reasons.prompting import data, template
from reasoning_occ.reasons.types import Candidate

_FEEDBACK = "Earlier reasons for this person were rejected. What was found wrong with them:\n{}"


class LLMTeacher:
    """Writes candidates by a language model, each an answer of its own to one prompt.

    Refused, cut off and empty answers are no candidates. Whether a candidate names the target is looked at where
    candidates are chosen.

    Args:
        taxonomy: the occupations.
        asker: who is asked.
        provider: names who is asked, for the ledger.
        model: by the provider's name.
        candidates: how many for a transition.
        words: at most in a reason.
        max_tokens: of an answer.
        sampling: parameters such as temperature; empty for the provider's own.
        send: fields of a career that may be sent; see `privacy`.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        asker: Asker,
        *,
        provider: str,
        model: str,
        candidates: int,
        words: int,
        max_tokens: int,
        sampling: Mapping[str, float],
        send: Collection[str],
    ) -> None:
        self._taxonomy = taxonomy
        self._asker = asker
        self._provider = provider
        self._model = model
        self._candidates = candidates
        self._words = words
        self._max_tokens = max_tokens
        self._sampling = dict(sampling)
        self._send = send

    def fit(self, train: Sequence[Transition]) -> None:
        """Nothing is learnt from the training transitions."""

    def write_all(
        self,
        transitions: Sequence[Transition],
        feedback: Sequence[Sequence[str]] | None = None,
        told: Told | None = None,
    ) -> list[tuple[Candidate, ...]]:
        """Candidates for each transition.

        Args:
            transitions: to be explained.
            feedback: for each, what was found wrong with earlier candidates; None for a first round.
            told: called after every answer.

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
        return Request(
            provider=self._provider,
            model=self._model,
            system=prompt.system,
            messages=(Message("user", prompt.user),),
            max_tokens=self._max_tokens,
            sampling=self._sampling,
            sample=sample,
        )
