"""Bootstrap over people: whole people are drawn with replacement, each with all of their transitions.

A person's transitions resemble one another; drawing transitions one by one would make intervals
too narrow. Everything is a weighted sum of per-person sums, so a resample is one row of a matrix product.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

LOW, HIGH = 2.5, 97.5
"""Percentiles of a 95% interval."""

_CELLS = 4_000_000
"""Weights held in memory at a time."""

_Z = 1.96
"""Standard errors in half a 95% interval."""


def resampled_sums(
    rows: Float[np.ndarray, "rows columns"], people: Sequence[str], resamples: int, seed: int
) -> Float[np.ndarray, "resamples columns"]:
    """Column sums in each bootstrap sample of people.

    People are numbered in order of their ids, so that the same people and seed give the same draws
    whatever the order of the rows: two recommenders can be compared draw by draw.

    Args:
        rows: numbers to add up, one row a prediction.
        people: whose row it is.
        resamples: how many samples to draw, each of as many people as there are.
        seed: of numpy's default generator.
    """
    ids, owner = np.unique(np.asarray(people, dtype=str), return_inverse=True)
    n = len(ids)
    per_person = np.zeros((n, rows.shape[1]))
    np.add.at(per_person, owner, rows)
    rng = np.random.default_rng(seed)
    # chunks depend on the number of people alone, so they don't change the draws between recommenders
    at_once = max(1, _CELLS // n)
    parts = []
    for start in range(0, resamples, at_once):
        k = min(at_once, resamples - start)
        drawn = rng.integers(n, size=(k, n)) + np.arange(k)[:, None] * n
        weights = np.bincount(drawn.ravel(), minlength=k * n).reshape(k, n)
        parts.append(weights @ per_person)
    return np.concatenate(parts)


def percentile_interval(samples: Float[np.ndarray, "resamples metrics"]) -> Float[np.ndarray, "2 metrics"]:
    """The 2.5th and 97.5th percentile of each column; nan samples (nobody scored was drawn) are left out."""
    return np.nanpercentile(samples, [LOW, HIGH], axis=0)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share among `n`; unlike the bootstrap's it has a width at 0 and 1."""
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def mean(values: Sequence[tuple[str, float]], resamples: int, seed: int) -> dict[str, Any]:
    """Mean of (person, value) pairs in the form of a metric; no interval where there are fewer than two people.

    Returns:
        `{"value", "n", "low", "high"}`, of which all but n are None without values.
    """
    if not values:
        return {"value": None, "n": 0, "low": None, "high": None}
    people = [person for person, _ in values]
    rows = np.array([[value, 1.0] for _, value in values])
    low, high = None, None
    if len(set(people)) > 1:
        sums = resampled_sums(rows, people, resamples, seed)
        low, high = (float(end[0]) for end in percentile_interval(sums[:, :1] / sums[:, 1:]))
    return {"value": float(rows[:, 0].mean()), "n": len(values), "low": low, "high": high}


def share(hits: Sequence[tuple[str, bool]], resamples: int, seed: int) -> dict[str, Any]:
    """As `mean`, of what holds or not; where it holds for all or none, Wilson's interval by the number of people."""
    found = mean([(person, float(hit)) for person, hit in hits], resamples, seed)
    people = len({person for person, _ in hits})
    if people > 1 and found["value"] in (0, 1):
        found |= dict(zip(("low", "high"), wilson(found["value"], people), strict=True))
    return found
