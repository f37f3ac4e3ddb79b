"""A teacher that asks a language model for reasons, showing it the true next occupation, which it must not name."""

from collections.abc import Collection, Iterable, Sequence

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.clerk import Clerk, Unanswered
from reasoning_occ.reasons.calls.desk import Terms
from reasoning_occ.reasons.calls.request import Reply, Request, Stop
from reasoning_occ.reasons.privacy import shared
from reasoning_occ.reasons.prompting import Rendered, data, template
from reasoning_occ.reasons.settings import check_counts
from reasoning_occ.reasons.types import Candidate, Failure, Told

_FAILURES: dict[Stop, Failure] = {"refusal": "refused", "length": "cut off"}
_FEEDBACK = "Earlier reasons for this person were rejected. What was found wrong with them:\n<errors>\n{}\n</errors>"


class Silent(UserError):
    """A transition to which no call was answered, so that nothing can be said of it."""


def task(
    transition: Transition, feedback: Sequence[str], taxonomy: Taxonomy, *, words: int, send: Collection[str]
) -> Rendered:
    """A teacher's prompt.

    Args:
        transition: to be explained; its target is shown.
        feedback: what was found wrong with earlier candidates; empty in a first round.
        taxonomy: the occupations.
        words: at most in a reason.
        send: fields of a career that are shown; see `privacy`.
    """
    listed = "\n".join(f"- {data(error)}" for error in feedback)
    return template("teacher").render(
        history=data("\n".join(events(shared(transition.history, send), taxonomy))),
        next=data(taxonomy.title(transition.target)),
        words=str(words),
        feedback=_FEEDBACK.format(listed) if feedback else "",
    )


class LLMTeacher:
    """Writes candidates by a language model, each an answer of its own to one prompt.

    Refused, cut off and empty answers are candidates that failed; a call without any answer gives none. Whether a
    candidate names the target is looked at where candidates are chosen.

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
        asker: Clerk,
        terms: Terms,
        *,
        candidates: int,
        words: int,
        send: Collection[str],
    ) -> None:
        check_counts("teacher", candidates=candidates, words=words)
        self._taxonomy = taxonomy
        self.asker = asker
        self._terms = terms
        self.recalls = True  # the ledger does
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
            BudgetReached: as `Clerk.ask_all`.
            UserError: as `Clerk.ask_all`.
            Silent: a transition has no answer at all.
        """
        replies = self.asker.ask_all(self.requests(transitions, feedback), told)
        for start in range(0, len(replies), self._candidates):
            silent = [r.why for r in replies[start : start + self._candidates] if isinstance(r, Unanswered)]
            if len(silent) == self._candidates:
                raise Silent(
                    f"The teacher gave no answer at all for some transitions ({silent[0]}). Start again later: "
                    "answers that came are kept, and only the others are asked for."
                )
        return self.candidates([reply if isinstance(reply, Reply) else None for reply in replies])

    def requests(
        self, transitions: Sequence[Transition], feedback: Sequence[Sequence[str]] | None = None
    ) -> list[Request]:
        """The calls for some transitions: those of each one after the other."""
        errors = feedback if feedback is not None else [()] * len(transitions)
        return [
            self.request(transition, wrong, sample)
            for transition, wrong in zip(transitions, errors, strict=True)
            for sample in range(self._candidates)
        ]

    def candidates(self, replies: Sequence[Reply | None]) -> list[tuple[Candidate, ...]]:
        """What replies, in the order of `requests`, come to for each transition; None: there is none."""
        found = [
            [_candidate(reply) for reply in replies[start : start + self._candidates] if reply is not None]
            for start in range(0, len(replies), self._candidates)
        ]
        return [distinct(of_one) for of_one in found]

    def request(self, transition: Transition, feedback: Sequence[str], sample: int) -> Request:
        """The call for one candidate."""
        prompt = task(transition, feedback, self._taxonomy, words=self._words, send=self._send)
        return self._terms.request(self.asker.provider, *prompt, None, sample)


def distinct(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Of equal texts the first; all that failed, so that failures can be counted."""
    texts: set[str] = set()
    kept: list[Candidate] = []
    for candidate in candidates:
        if candidate.failure is not None or candidate.text not in texts:
            kept.append(candidate)
            texts.add(candidate.text)
    return tuple(kept)


def _candidate(reply: Reply) -> Candidate:
    text = reply.text.strip()
    failure = _FAILURES.get(reply.stop)
    return Candidate(text, failure=failure or (None if text else "empty"))
