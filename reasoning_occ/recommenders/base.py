"""One face for everything that ranks occupations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from jaxtyping import Bool, Float

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.occupations.snap import Match
from reasoning_occ.occupations.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A probability for every allowed occupation (natural log; -inf where not allowed), and why.

    log_probs follow the taxonomy's order and their exponentials add up to one.
    """

    log_probs: Float[np.ndarray, " occupations"]
    reason: str | None = None


How = Literal[Match, "refused", "cut off", "unreadable"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One title where a recommender gives no probabilities.

    raw: what was written as the title, or the whole reply where no title could be read. how: in which way it became an
    occupation, or why it did not. code: the occupation; `None`: none.
    """

    raw: str
    how: How
    code: str | None = None


class Recommender(Protocol):
    """Learns from transitions, then ranks occupations for histories, or names one. `name` heads its row in tables."""

    name: str

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Learn. What takes minutes is kept in `folder` and found there by a later call."""
        ...

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation | Answer]:
        """One recommendation a history, in order. Histories carry no truth."""
        ...


def possible(transition: Transition, taxonomy: Taxonomy) -> Bool[np.ndarray, " occupations"]:
    """Which occupations may be the truth of a transition: those `allowed` next; several jobs ahead, all."""
    return allowed(transition.history, taxonomy) if transition.ahead == 1 else np.ones(len(taxonomy), dtype=bool)


def allowed(history: Career, taxonomy: Taxonomy) -> Bool[np.ndarray, " occupations"]:
    """Which occupations may come next: all but the present one where equal neighbours are merged, all where staying is
    an answer (`Career.stays`).

    The one definition used by every recommender, baselines too.
    """
    mask = np.ones(len(taxonomy), dtype=bool)
    mask[taxonomy.index(history.jobs[-1].occupation)] = history.stays
    return mask
