"""Baseline: what most people do next, whoever asks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation, allowed


class Popularity:
    """Ranks occupations by their share among the training targets.

    Args:
        taxonomy: the label space.
        smoothing: how many unseen transitions each occupation is given beforehand; above 0, so that none is impossible.
    """

    name = "popularity"
    memory = 1
    """How many of the latest jobs it looks at."""

    def __init__(self, taxonomy: Taxonomy, smoothing: float) -> None:
        if smoothing <= 0:
            raise UserError(f"baseline.smoothing={smoothing}: expected a number above 0.")
        self._taxonomy = taxonomy
        self._smoothing = smoothing
        self._shares: Float[np.ndarray, " occupations"] | None = None

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Count targets. `valid` and `folder` are not needed.

        Raises:
            UserError: there is nothing to learn from.
        """
        self._shares = shares(train, self._taxonomy, self._smoothing)

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """The same shares for all, without the present occupation."""
        if self._shares is None:
            raise RuntimeError("fit() comes before recommend()")
        for history in histories:
            yield among_allowed(self._shares, history, self._taxonomy)


def shares(train: Sequence[Transition], taxonomy: Taxonomy, smoothing: float) -> Float[np.ndarray, " occupations"]:
    """Smoothed share of each occupation among the targets; adds up to one.

    Raises:
        UserError: there is nothing to learn from.
    """
    if not train:
        raise UserError("No transition to learn from: the training part is empty. Use more people or another split.")
    counts_o = np.full(len(taxonomy), smoothing)
    np.add.at(counts_o, [taxonomy.index(t.target) for t in train], 1.0)
    return counts_o / counts_o.sum()


def among_allowed(probs_o: Float[np.ndarray, " occupations"], history: Career, taxonomy: Taxonomy) -> Recommendation:
    """Probabilities shared out among the occupations that may come next; equal ones keep the taxonomy's order."""
    kept_o = np.where(allowed(history, taxonomy), probs_o, 0.0)
    with np.errstate(divide="ignore"):
        return Recommendation(np.log(kept_o / kept_o.sum()))
