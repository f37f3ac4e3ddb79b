"""Baseline: what people in the present occupation did next (first-order Markov chain)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.popularity import among_allowed, shares


class Markov:
    """Counts of the next occupation given the present one, backing off to its group, then to popularity.

    Each level weighs its own counts against the level below as if that had been seen `back_off` times:
    p(b | a) = (n(a, b) + back_off * p(b | group of a)) / (n(a) + back_off), and likewise for the group
    (interpolated smoothing with a Dirichlet prior).

    Args:
        taxonomy: the label space; where it has no groups, the back-off goes straight to popularity.
        back_off: strength of the level below, in transitions; above 0.
        smoothing: as in `Popularity`.
    """

    name = "markov"
    memory = 1
    """How many of the latest jobs it looks at."""

    def __init__(self, taxonomy: Taxonomy, back_off: float, smoothing: float) -> None:
        if back_off <= 0:
            raise UserError(f"baseline.back_off={back_off}: expected a number above 0.")
        if smoothing <= 0:
            raise UserError(f"baseline.smoothing={smoothing}: expected a number above 0.")
        self._taxonomy = taxonomy
        self._back_off = back_off
        self._smoothing = smoothing
        self._next: dict[str, Float[np.ndarray, " occupations"]] = {}

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Count transitions. `valid` and `folder` are not needed.

        Raises:
            UserError: there is nothing to learn from.
        """
        popular_o = shares(train, self._taxonomy, self._smoothing)
        from_code = self._counts((t.history.jobs[-1].occupation, t.target) for t in train)
        from_group = self._counts((self._taxonomy[t.history.jobs[-1].occupation].group, t.target) for t in train)
        group_next = {
            group: self._blend(from_group.get(group), popular_o) for group in {o.group for o in self._taxonomy}
        }
        self._next = {o.code: self._blend(from_code.get(o.code), group_next[o.group]) for o in self._taxonomy}

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """What people in each history's present occupation did next."""
        if not self._next:
            raise RuntimeError("fit() comes before recommend()")
        for history in histories:
            yield among_allowed(self._next[history.jobs[-1].occupation], history, self._taxonomy)

    def _counts(self, steps: Iterator[tuple[str, str]]) -> dict[str, Float[np.ndarray, " occupations"]]:
        counts: defaultdict[str, Float[np.ndarray, " occupations"]] = defaultdict(lambda: np.zeros(len(self._taxonomy)))
        for origin, target in steps:
            counts[origin][self._taxonomy.index(target)] += 1
        return dict(counts)

    def _blend(
        self, counts_o: Float[np.ndarray, " occupations"] | None, below_o: Float[np.ndarray, " occupations"]
    ) -> Float[np.ndarray, " occupations"]:
        if counts_o is None:
            return below_o
        return (counts_o + self._back_off * below_o) / (counts_o.sum() + self._back_off)
