"""Does a probability of 0.3 come true three times in ten? Bins of the top title's probability.

Bins hold equal numbers of predictions, not equal widths: over a hundred titles few top
probabilities exceed a half, and bins of equal width would rest on a handful of people up there.
Equal probabilities share a bin, so a recommender that always says the same has one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from reasoning_occ.evaluation.metrics import confidence, exact_match
from reasoning_occ.evaluation.predictions import Prediction

BINS = 15
"""At most; as in Guo et al. 2017 (arXiv 1706.04599), but of equal mass."""


class Bin(NamedTuple):
    """One point of a reliability curve: mean probability, share right, number of predictions."""

    confidence: float
    accuracy: float
    n: int


def bin_of(probabilities: Float[np.ndarray, " predictions"], bins: int) -> Int[np.ndarray, " predictions"]:
    """The number of the bin (0 ... bins - 1) of each probability; -1 for nan."""
    known = ~np.isnan(probabilities)
    places = np.full(len(probabilities), -1)
    if known.any():
        edges = np.unique(np.quantile(probabilities[known], np.arange(1, bins) / bins))
        places[known] = np.searchsorted(edges, probabilities[known], side="right")
    return places


def gaps(predictions: Sequence[Prediction]) -> Float[np.ndarray, "predictions bins"]:
    """Probability less 1 if right, each in the column of its bin, zeros elsewhere.

    ECE is the sum over columns of the absolute column sums, divided by the number of predictions
    with a probability. Being sums over rows, columns can be resampled by weights (intervals.py).
    """
    return gaps_of(confidence(predictions), exact_match(predictions).astype(np.float64))


def gaps_of(
    probabilities: Float[np.ndarray, " predictions"], right: Float[np.ndarray, " predictions"]
) -> Float[np.ndarray, "predictions bins"]:
    """As `gaps`, from the probability of each top title (nan: none) and 1 where it is right."""
    places = bin_of(probabilities, BINS)
    known = places >= 0
    out = np.zeros((len(probabilities), BINS))
    out[np.flatnonzero(known), places[known]] = (probabilities - right)[known]
    return out


def reliability(predictions: Sequence[Prediction], bins: int) -> list[Bin]:
    """At most `bins` points of the reliability curve, by rising probability; empty bins are left out."""
    probabilities, right = confidence(predictions), exact_match(predictions)
    places = bin_of(probabilities, bins)
    return [
        Bin(
            confidence=float(probabilities[places == b].mean()),
            accuracy=float(right[places == b].mean()),
            n=int((places == b).sum()),
        )
        for b in range(bins)
        if (places == b).any()
    ]
