"""Values of the oracle stage, and the two protocols that fill them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from reasoning_occ.careers.types import Career, Transition

Criterion = Literal["factuality", "coherence", "utility"]
CRITERIA: tuple[Criterion, ...] = ("factuality", "coherence", "utility")


@dataclass(frozen=True, slots=True)
class Score:
    """A judge's word on one criterion: 1-5, or `None` where it could not be scored (never a low score)."""

    value: int | None
    justification: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Three scores, the errors found, and the share of sentences the judge could check (0-1)."""

    scores: Mapping[Criterion, Score]
    errors: tuple[str, ...] = ()
    coverage: float = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reason as a teacher wrote it. `evidence` is for people to read; a judge never sees it.

    planted: the kind of mistake put in on purpose, or `None`.
    """

    text: str
    evidence: tuple[str, ...] = ()
    planted: str | None = None


class Case(NamedTuple):
    """What a judge is asked about: a reason for the move from a history to an occupation (`truth`, a code)."""

    history: Career
    reason: str
    truth: str


class Teacher(Protocol):
    """Writes candidate reasons for training transitions, knowing the truth and not naming it."""

    def fit(self, train: Sequence[Transition]) -> None:
        """See the training transitions (statistics, examples); called once before `write`."""
        ...

    def write(self, transition: Transition) -> tuple[Candidate, ...]:
        """K different candidates for one transition."""
        ...


class Judge(Protocol):
    """Scores a reason from its text."""

    def fit(self, train: Sequence[Transition]) -> None:
        """See the training transitions; called once before `judge`."""
        ...

    def judge(self, history: Career, reason: str, truth: str) -> Verdict:
        """Factuality sees history + reason, coherence the reason alone, utility reason + truth (a code)."""
        ...
