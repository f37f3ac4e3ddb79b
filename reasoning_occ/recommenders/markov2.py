"""Baseline: what people in the present occupation did next who came from the same one (second-order Markov chain)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.popularity import among_allowed


class Markov2(Markov):
    """`Markov` with one level more: counts of the next occupation given the present one and the one before it.

    They weigh against the first-order chain as if that had been seen `pair_back_off` times; a first job has no
    occupation before it and is followed as `Markov` says.

    Args:
        taxonomy, back_off, smoothing: as in `Markov`.
        pair_back_off: strength of the first-order chain, in transitions; above 0.
    """

    name = "markov2"

    def __init__(self, taxonomy: Taxonomy, back_off: float, pair_back_off: float, smoothing: float) -> None:
        super().__init__(taxonomy, back_off, smoothing)
        if pair_back_off <= 0:
            raise UserError(f"baseline.pair_back_off={pair_back_off}: expected a number above 0.")
        self._pair_back_off = pair_back_off
        # most pairs occur once, so what is kept of a pair is its few targets
        self._after: dict[tuple[str, str], dict[int, int]] = {}

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Count transitions. `valid` and `folder` are not needed.

        Raises:
            UserError: there is nothing to learn from.
        """
        super().fit(train, valid, folder)
        self._after = {}
        for transition in train:
            if len(transition.history.jobs) > 1:
                counts = self._after.setdefault(_pair(transition.history), {})
                target = self._taxonomy.index(transition.target)
                counts[target] = counts.get(target, 0) + 1

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """What people did next who held each history's last two occupations."""
        if not self._next:
            raise RuntimeError("fit() comes before recommend()")
        for history in histories:
            yield among_allowed(self._probs(history), history, self._taxonomy)

    def _probs(self, history: Career) -> Float[np.ndarray, " occupations"]:
        first_order_o = self._next[history.jobs[-1].occupation]
        counts = self._after.get(_pair(history)) if len(history.jobs) > 1 else None
        if counts is None:
            return first_order_o
        probs_o = self._pair_back_off * first_order_o
        probs_o[list(counts)] += list(counts.values())
        return probs_o / (sum(counts.values()) + self._pair_back_off)


def _pair(history: Career) -> tuple[str, str]:
    return (history.jobs[-2].occupation, history.jobs[-1].occupation)
