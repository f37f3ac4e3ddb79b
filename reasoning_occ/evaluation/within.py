"""Do two figures go together within a person? Several pairs a person, each person's own means taken off first."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reasoning_occ.evaluation.intervals import percentile_interval, resampled_sums


def within(pairs: Sequence[tuple[str, float, float]], resamples: int, seed: int) -> dict[str, Any]:
    """Correlation and slope of y on x between what one person has, so that what sets people apart plays no part.

    Args:
        pairs: a person's id, x and y.
        resamples: bootstrap samples of people.
        seed: of the bootstrap.

    Returns:
        `{"correlation", "slope": {"value", "n", "low", "high"}, "people", "varied"}`: `n` pairs of `people` people, of
        whom `varied` have pairs that differ in x (the others say nothing). Values are None where nobody's x, or y for
        the correlation, varies; intervals too where fewer than two people's do.
    """
    people = [person for person, _, _ in pairs]
    names, owner = np.unique(np.asarray(people, dtype=str), return_inverse=True)
    count = np.bincount(owner, minlength=len(names))

    def centred(values: Sequence[float]) -> np.ndarray:
        given = np.asarray(values, dtype=np.float64)
        return given - (np.bincount(owner, weights=given, minlength=len(names)) / np.maximum(count, 1))[owner]

    x, y = centred([x for _, x, _ in pairs]), centred([y for _, _, y in pairs])
    x[np.abs(x) < _ROUNDING] = 0
    rows = np.stack([x * y, x * x, y * y], axis=1) if len(pairs) else np.zeros((0, 3))
    varied = int((np.bincount(owner, weights=x * x, minlength=len(names)) > 0).sum()) if len(pairs) else 0
    sums = resampled_sums(rows, people, resamples, seed) if varied > 1 else None
    found = {}
    for name, of in (("correlation", _correlation), ("slope", _slope)):
        (value,) = of(rows.sum(0)[None])
        known = bool(np.isfinite(value))
        low, high = percentile_interval(of(sums)[:, None])[:, 0] if known and sums is not None else (None, None)
        found[name] = {
            "value": float(value) if known else None,
            "n": len(pairs),
            "low": None if low is None else float(low),
            "high": None if high is None else float(high),
        }
    return {**found, "people": len(names), "varied": varied}


_ROUNDING = 1e-12
"""A mean of equal numbers may be off by so much."""


def _correlation(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 0] / np.sqrt(sums[:, 1] * sums[:, 2])


def _slope(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 0] / sums[:, 1]
