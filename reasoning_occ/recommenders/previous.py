"""Baseline: back to the occupation before the present one, else what people in the present one did next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.markov import Markov

# how far the occupation before must stand above the next best, as a share of probability
_AHEAD = 1e-6


class Previous:
    """Puts the occupation before the present one first and ranks the others by `Markov`.

    Its probability is w + (1 - w) * Markov's, all others (1 - w) * Markov's, where w is the larger of

    - the share of training transitions from a second or later job that went back, and
    - the least w that puts it first.

    Args:
        taxonomy, back_off, smoothing: as in `Markov`.
    """

    name = "previous"

    def __init__(self, taxonomy: Taxonomy, back_off: float, smoothing: float) -> None:
        self._taxonomy = taxonomy
        self._markov = Markov(taxonomy, back_off, smoothing)
        self._share = 0.0

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Count transitions and returns. `valid` and `folder` are not needed.

        Raises:
            UserError: there is nothing to learn from.
        """
        self._markov.fit(train, valid, folder)
        back = [t.target == t.history.jobs[-2].occupation for t in train if len(t.history.jobs) > 1]
        # one return and one other step beforehand: a share of 0 or 1 would make something impossible
        self._share = (sum(back) + 1) / (len(back) + 2)

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """The occupation before the present one first, where there is one."""
        for history, chain in zip(histories, self._markov.recommend(histories), strict=True):
            yield self._back(history, chain) if len(history.jobs) > 1 else chain

    def _back(self, history: Career, chain: Recommendation) -> Recommendation:
        before = self._taxonomy.index(history.jobs[-2].occupation)
        probs_o = np.exp(chain.log_probs)
        if probs_o[before] == 0.0:
            # only where equal neighbours were not merged
            return chain
        behind = probs_o.max() - probs_o[before]
        weight = max(self._share, behind / (1 + behind) + _AHEAD)
        probs_o *= 1 - weight
        probs_o[before] += weight
        with np.errstate(divide="ignore"):
            return Recommendation(np.log(probs_o))
