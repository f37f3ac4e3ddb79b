"""Scores, one a prediction; a metric is the mean of its scores (ECE, which is no mean, is in calibration.py).

nan marks a prediction that a metric cannot score: it is left out of the mean and counted. A missing
title is not that: it is wrong, and scores 0. But where a recommender names one title and ranks none, the metrics of
rankings are nan.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.occupations.taxonomy import Taxonomy

HITS = (1, 3, 5, 10)
NDCG_AT = 10

MEANS = ("AccEM", "AccRM", *(f"Hit@{k}" for k in HITS), "MRR", f"NDCG@{NDCG_AT}", "log-loss", "Brier")
"""The metrics that are means of scores, in the order of tables."""

EXPECTED = "AccRM (expected)"
"""AccRM of the titles that were decided on (`Prediction.decided`); no metric of all recommenders."""

LOWER_IS_BETTER = frozenset({"log-loss", "Brier", "ECE"})


def scores(predictions: Sequence[Prediction], taxonomy: Taxonomy) -> dict[str, Float[np.ndarray, " predictions"]]:
    """Every metric's scores, under the names of `MEANS`.

    Raises:
        UnknownOccupation: a truth is not in the taxonomy.
    """
    ranks = np.array([np.inf if p.rank is None else p.rank for p in predictions], dtype=np.float64)
    ranked = np.array([p.answer is None for p in predictions], dtype=bool)
    found = {
        "AccEM": exact_match(predictions).astype(np.float64),
        "AccRM": related_match(predictions, taxonomy),
        **{f"Hit@{k}": np.where(ranked, hit(ranks, k), np.nan) for k in HITS},
        "MRR": np.where(ranked, 1 / ranks, np.nan),
        f"NDCG@{NDCG_AT}": np.where(ranked, ndcg(ranks, NDCG_AT), np.nan),
        "log-loss": log_loss(predictions),
        "Brier": brier(predictions),
    }
    return {name: found[name] for name in MEANS}


def exact_match(predictions: Sequence[Prediction]) -> Bool[np.ndarray, " predictions"]:
    """Whether the top title is the truth's; the mean is AccEM of arXiv 2604.21204."""
    return np.array([p.title == p.truth_title for p in predictions], dtype=bool)


def related_match(predictions: Sequence[Prediction], taxonomy: Taxonomy) -> Float[np.ndarray, " predictions"]:
    """1 if the titles are equal, 1 / (r + 1) if the top title is number r among the truth's related
    occupations, else 0; the mean is AccRM of arXiv 2604.21204 (its released metric script).

    A truth without a related list counts by exact match.
    """
    return _credits([p.title for p in predictions], predictions, taxonomy)


def decided_match(predictions: Sequence[Prediction], taxonomy: Taxonomy) -> Float[np.ndarray, " predictions"]:
    """As `related_match`, of the titles that were decided on; 0 where there is none."""
    return _credits([p.decided or "" for p in predictions], predictions, taxonomy)


def _credits(
    titles: Sequence[str], predictions: Sequence[Prediction], taxonomy: Taxonomy
) -> Float[np.ndarray, " predictions"]:
    related = {
        # a code that is not ranked keeps its number
        truth: [taxonomy.title(code) if code in taxonomy else None for code in taxonomy.listed(truth)]
        for truth in {p.truth for p in predictions}
    }
    both = zip(titles, predictions, strict=True)
    return np.array([_credit(title, p.truth_title, related[p.truth]) for title, p in both], dtype=np.float64)


def _credit(predicted: str, truth: str, related: Sequence[str | None]) -> float:
    if predicted == truth:
        return 1.0
    # index 0 is number 1 of the list; the truth itself holds rank 1, so the nearest is worth a half
    return 1.0 / (related.index(predicted) + 2) if predicted in related else 0.0


def hit(ranks: Float[np.ndarray, " predictions"], k: int) -> Bool[np.ndarray, " predictions"]:
    """Whether the truth is among the first `k`; a rank of inf is never."""
    return ranks <= k


def ndcg(ranks: Float[np.ndarray, " predictions"], k: int) -> Float[np.ndarray, " predictions"]:
    """1 / log2(1 + rank) within the first `k`, else 0: with one relevant title the ideal gain is 1."""
    return np.where(ranks <= k, 1 / np.log2(1 + ranks), 0.0)


def log_loss(predictions: Sequence[Prediction]) -> Float[np.ndarray, " predictions"]:
    """Minus the natural log probability of the truth; nan where there is no ranking."""
    return np.array([np.nan if p.log_prob is None else -p.log_prob for p in predictions], dtype=np.float64)


def confidence(predictions: Sequence[Prediction]) -> Float[np.ndarray, " predictions"]:
    """The probability given to the top title; nan where there is none."""
    return np.array([np.nan if p.probability is None else p.probability for p in predictions], dtype=np.float64)


def brier(predictions: Sequence[Prediction]) -> Float[np.ndarray, " predictions"]:
    """Squared distance between the top title's probability and whether it is right."""
    return (confidence(predictions) - exact_match(predictions)) ** 2
