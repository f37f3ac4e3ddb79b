"""Do judges agree, and do criteria say different things?"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from reasoning_occ.evaluation.audit.sample import Asked, Metric, Rated
from reasoning_occ.evaluation.intervals import percentile_interval, resampled_sums, share
from reasoning_occ.reasons.oracle import Judged
from reasoning_occ.reasons.types import CRITERIA, Criterion

SCORES = (1, 2, 3, 4, 5)
Unit = tuple[str, Sequence[int | None]]
"""A person and the scores that one of the person's reasons got, None where a judge gave none."""


def histograms(asked: Sequence[Asked]) -> dict[str, Any]:
    """How often each score was given, to all candidates and to those that were kept, and how many have none."""
    out: dict[str, Any] = {}
    for criterion in CRITERIA:
        values = [one.value(criterion) for one in asked]
        kept = [one.value(criterion) for one in asked if one.chosen]
        out[criterion] = {
            "all": [values.count(score) for score in SCORES],
            "kept": [kept.count(score) for score in SCORES],
            "unscored": values.count(None),
        }
    return out


def correlations(asked: Sequence[Asked], resamples: int, seed: int) -> list[dict[str, Any]]:
    """Spearman's rank correlation between each two criteria, over candidates scored on both."""
    out: list[dict[str, Any]] = []
    for first, second in combinations(CRITERIA, 2):
        found = [(one.person, one.value(first), one.value(second)) for one in asked]
        pairs = [(person, a, b) for person, a, b in found if a is not None and b is not None]
        out.append({"first": first, "second": second, **rank_correlation(pairs, resamples, seed)})
    return out


def rank_correlation(pairs: Sequence[tuple[str, int, int]], resamples: int, seed: int) -> Metric:
    """Spearman's correlation of (person, score, score); None where either score is the same for all.

    In bootstrap samples of people ranks stay those of the whole sample.
    """
    nothing: Metric = {"value": None, "n": len(pairs), "low": None, "high": None}
    if len({a for _, a, _ in pairs}) < 2 or len({b for _, _, b in pairs}) < 2:
        return nothing
    x, y = (_ranks(np.array([pair[i] for pair in pairs])) for i in (1, 2))
    rows = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)

    def correlation(sums: np.ndarray) -> np.ndarray:
        n, sx, sy, sxx, syy, sxy = np.moveaxis(sums, -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (n * sxy - sx * sy) / np.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy))

    people = [person for person, _, _ in pairs]
    samples = correlation(resampled_sums(rows, people, resamples, seed))
    return {**nothing, "value": float(correlation(rows.sum(0))), **_ends(samples, people)}


def agreement(rated: Sequence[Rated], resamples: int, seed: int) -> dict[str, Metric]:
    """Krippendorff's alpha of all judges by criterion; see `alpha`."""
    return {
        criterion: alpha([(one.asked.person, _values(one, criterion)) for one in rated], resamples, seed)
        for criterion in CRITERIA
    }


def panel_agreement(lines: Iterable[Judged], resamples: int, seed: int) -> dict[str, Metric]:
    """Krippendorff's alpha of a panel's members by criterion, over all that they judged; empty without a panel."""
    said = [(line.key[0], verdict.members) for line in lines for verdict in line.verdicts if verdict.members]
    return {
        criterion: alpha(
            [(person, [scores[criterion].value for scores in members.values()]) for person, members in said],
            resamples,
            seed,
        )
        for criterion in (CRITERIA if said else ())
    }


def pairwise(rated: Sequence[Rated], first: str, second: str, resamples: int, seed: int) -> dict[str, Any]:
    """Two judges by criterion: alpha, and the shares of equal scores and of scores at most one apart."""
    out: dict[str, Any] = {}
    for criterion in CRITERIA:
        units = [
            (one.asked.person, [one.scores[name][criterion].value for name in (first, second)])
            for one in rated
            if first in one.scores and second in one.scores
        ]
        apart = [(person, abs(a - b)) for person, (a, b) in units if a is not None and b is not None]
        out[criterion] = {
            "alpha": alpha(units, resamples, seed),
            "equal": share([(person, gap == 0) for person, gap in apart], resamples, seed),
            "within_one": share([(person, gap <= 1) for person, gap in apart], resamples, seed),
        }
    return out


def alpha(units: Sequence[Unit], resamples: int, seed: int) -> Metric:
    """Krippendorff's alpha for ordered scores: 1 is full agreement, 0 what chance gives.

    n counts reasons with two scores and more, the others say nothing of agreement. None where all scores are equal,
    so that there is nothing to agree upon; the interval is of bootstrap samples of people.
    """
    counted = [(person, np.bincount([v - 1 for v in values if v], minlength=len(SCORES))) for person, values in units]
    counted = [(person, counts) for person, counts in counted if counts.sum() > 1]
    people = [person for person, _ in counted]
    nothing: Metric = {"value": None, "n": len(counted), "low": None, "high": None}
    if not counted:
        return nothing
    # reasons of equal scores are alike: a sample is how often each kind was drawn
    kinds, kind = np.unique([counts for _, counts in counted], axis=0, return_inverse=True)
    value = _alpha(kinds[kind])
    if value is None:
        return nothing
    drawn = resampled_sums(np.eye(len(kinds))[kind], people, resamples, seed).round().astype(int)
    samples = np.array([_alpha(np.repeat(kinds, times, axis=0)) for times in drawn], dtype=float)
    return {**nothing, "value": value, **_ends(samples, people)}


def _alpha(counts: np.ndarray) -> float | None:
    import krippendorff

    if (counts.sum(0) > 0).sum() < 2:
        return None
    return float(krippendorff.alpha(value_counts=counts, value_domain=SCORES, level_of_measurement="ordinal"))


def _values(rated: Rated, criterion: Criterion) -> list[int | None]:
    return [scores[criterion].value for scores in rated.scores.values()]


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks less their mean, equal values sharing theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return ranks[place] - ranks[place].mean()


def _ends(samples: np.ndarray, people: Sequence[str]) -> dict[str, float | None]:
    """The interval, where there are people to draw from and samples that have a value."""
    if len(set(people)) < 2 or np.isnan(samples).all():
        return {"low": None, "high": None}
    low, high = percentile_interval(samples[:, None])[:, 0]
    return {"low": float(low), "high": float(high)}
