"""Values of the oracle stage, and the two protocols that fill them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Transition

Criterion = Literal["factuality", "coherence", "utility"]
Failure = Literal["refused", "cut off", "empty"]
"""Why what a teacher wrote is no reason."""
CRITERIA: tuple[Criterion, ...] = ("factuality", "coherence", "utility")


@dataclass(frozen=True, slots=True)
class Score:
    """A judge's word on one criterion: 1-5, or `None` where it could not be scored (never a low score).

    shares: probability of each score from 1 to 5, from judges that have one.
    """

    value: int | None
    justification: str
    shares: tuple[float, ...] = ()

    @property
    def expected(self) -> float | None:
        """The mean of `shares`; the value itself without them."""
        return sum(i * share for i, share in enumerate(self.shares, start=1)) if self.shares else self.value


@dataclass(frozen=True, slots=True)
class Verdict:
    """Three scores, the errors found, and the share of sentences the judge could check (0-1).

    members: of a panel, what each of its judges said, by the judge's name.
    judged: whether a judge was asked at all; if not, no score is missing for want of an answer.
    """

    scores: Mapping[Criterion, Score]
    errors: tuple[str, ...] = ()
    coverage: float = 1.0
    members: Mapping[str, Mapping[Criterion, Score]] = field(default_factory=dict)
    judged: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reason as a teacher wrote it. `evidence` is for people to read; a judge never sees it.

    planted: the kind of mistake put in on purpose, or `None`.
    named: names of the target found in the text though the history has none of them; such a candidate is rejected
        without being judged.
    fallback: whether the built-in teacher wrote it, in place of the job's own (`oracle.fallback=grounded`).
    failure: why the text, kept as it came, is no reason; likewise rejected unjudged. `None`: it is one.
    """

    text: str
    evidence: tuple[str, ...] = ()
    planted: str | None = None
    named: tuple[str, ...] = ()
    fallback: bool = False
    failure: Failure | None = None

    @property
    def rejected(self) -> str | None:
        """Why it is not judged, in a few words; `None` where it is."""
        if self.failure is not None:
            return f"it was {self.failure}" if self.failure != "empty" else "it is empty"
        return f"it names its target ({', '.join(self.named)})" if self.named else None


class Case(NamedTuple):
    """What a judge is asked about: a reason for the move from a history to an occupation (`truth`, a code)."""

    history: Career
    reason: str
    truth: str


Told = Callable[[str], None]
"""Hears now and then, in a few words, how far work has come that takes long."""


class Chat(Protocol):
    """A language model in this process, handed to teachers and judges that need one."""

    def write(
        self,
        prompts: Sequence[tuple[str, str]],
        *,
        samples: int,
        temperature: float,
        seeds: Sequence[int],
        max_tokens: int,
        batch: int,
    ) -> list[list[tuple[str, bool]]]:
        """Texts drawn after each prompt (system and user text), and whether each came to its end."""
        ...

    def shares(
        self,
        prompts: Sequence[tuple[str, str]],
        opening: str,
        answers: Sequence[str],
        *,
        batch: int,
        told: Callable[[int], None] | None = None,
    ) -> tuple[Float[np.ndarray, "prompts answers"], Float[np.ndarray, " prompts"]]:
        """How likely each answer is after the opening, adding up to one; and the share of all they hold (0-1)."""
        ...


class Predictor(Protocol):
    """Ranks occupations after a history and a reason, handed to judges that need one."""

    def log_probs(
        self, histories: Sequence[Career], reasons: Sequence[str | None]
    ) -> list[Float[np.ndarray, " occupations"]]:
        """Natural logarithms, -inf where an occupation may not come next; a reason of None: without one."""
        ...


class Teacher(Protocol):
    """Writes candidate reasons for training transitions, not naming the truth, which it may look at.

    at_once: transitions that it is best asked about together. recalls: whether the same question gets the same texts
    again at once and for nothing, so that little is lost where they were not kept.
    """

    at_once: int
    recalls: bool

    def fit(self, train: Sequence[Transition]) -> None:
        """See the training transitions (statistics, examples); called once before `write_all`."""
        ...

    def write_all(
        self,
        transitions: Sequence[Transition],
        feedback: Sequence[Sequence[str]] | None = None,
        told: Told | None = None,
    ) -> list[tuple[Candidate, ...]]:
        """K different candidates for each transition.

        Args:
            transitions: to be explained.
            feedback: for each, what was found wrong with earlier candidates; None in a first round.
            told: hears how far the work is.
        """
        ...


class Judge(Protocol):
    """Scores reasons from their text. at_once: how many it is best asked about together; 1: any number will do."""

    at_once: int

    def fit(self, train: Sequence[Transition]) -> None:
        """See the training transitions; called once before `judge_all`."""
        ...

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """Factuality sees history + reason, coherence the reason alone, utility reason + truth."""
        ...


@runtime_checkable
class Repeatable(Protocol):
    """A judge whose answers may differ from one time to the next."""

    def again(self, sample: int) -> Judge:
        """The same judge in another round, named by `sample`, the run's being 0; itself where it answers alike."""
        ...
