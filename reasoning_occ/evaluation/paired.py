"""Two recommenders on the same transitions: is one better, and how small a difference could this test have shown?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import METRICS, metrics_of, number_scored, summary
from reasoning_occ.evaluation.intervals import resampled_sums
from reasoning_occ.evaluation.metrics import MEANS
from reasoning_occ.evaluation.scored import Scored

LEVEL, POWER = 0.05, 0.8
_ERRORS = NormalDist().inv_cdf(1 - LEVEL / 2) + NormalDist().inv_cdf(POWER)
"""Standard errors between no difference and one that a two-sided test at `LEVEL` finds with `POWER`."""
FLIPS = 4999
"""Draws of signs behind a p."""
_CELLS = 1_000_000
"""Signs held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Paired:
    """One recommender less another. Mappings are by metric.

    differences: `{"value", "n", "low", "high"}` as in metrics.json. effects: the mean of people's differences, each
    summed over the person's transitions, over their standard deviation (Cohen's d of paired samples); `None` where all
    differ alike. smallest: the difference that a test with as many people and as much disagreement finds at a level of
    5% in four of five cases; `None` where the two never differ. p: of no difference, two-sided, by `sign_flips`; `None`
    where nothing could be scored. Neither effect nor p is there for ECE, which is no mean over people.
    only_ours, only_theirs: transitions whose truth the first title of one alone names. p_mcnemar: McNemar's exact test
    of these, two-sided; `None` where somebody has several transitions, which are not independent, and where hits are
    means over seeds.
    """

    differences: Mapping[str, Mapping[str, Any]]
    effects: Mapping[str, float | None]
    smallest: Mapping[str, float | None]
    p: Mapping[str, float | None]
    only_ours: int
    only_theirs: int
    p_mcnemar: float | None


def verdict(difference: Mapping[str, Any], margin: float) -> str:
    """What the interval of a difference says, where more is better: a test of non-inferiority beside one of difference.

    Args:
        difference: with its 95% interval, `low` and `high`.
        margin: a loss that is small enough to be called on a par.

    Returns:
        "better": the interval lies above zero; "on a par": above -margin, so that a larger loss is ruled out (at a
        one-sided level of 2.5%); "worse": below zero, and not on a par; "open": neither; "-": no interval.
    """
    low, high = difference["low"], difference["high"]
    if low is None or high is None:
        return "-"
    if low > 0:
        return "better"
    if low > -margin:
        return "on a par"
    return "worse" if high < 0 else "open"


def paired(ours: Scored, theirs: Scored, resamples: int, seed: int) -> Paired:
    """Compare two recommenders on the same transitions, in whatever order.

    Both are resampled with the same draws of people, so what is hard for both cancels: the interval
    is narrower than the two recommenders' own suggest.

    Raises:
        UserError: the two were not tested on the same transitions, or other occupations came next, as far as both tell
            what came (a job kept without careers does not).
    """
    unlike = set(ours.keys) ^ set(theirs.keys)
    if unlike:
        raise UserError(
            f"A paired comparison needs the same transitions: these two differ in {len(unlike)}, such as "
            f"{min(unlike)}; run both with the same data and split."
        )
    answers = dict(zip(theirs.keys, theirs.truths, strict=True))
    both = ((key, truth, answers[key]) for key, truth in zip(ours.keys, ours.truths, strict=True))
    other = [key for key, one, another in both if one and another and one != another]
    if other:
        raise UserError(
            f"A paired comparison needs the same answers: in {len(other)} transitions, such as {min(other)}, another "
            "occupation came next for the one than for the other; run both with the same data."
        )
    a, b = _ordered(ours), _ordered(theirs)
    people = sorted(ours.keys)
    differences = _resampled(a, people, resamples, seed) - _resampled(b, people, resamples, seed)
    values = metrics_of(a.sum(0)) - metrics_of(b.sum(0))
    persons = _persons(a, b, [person for person, _ in people])
    p = sign_flips(persons, FLIPS, seed)
    several = Counter(person for person, _ in people)
    hits = MEANS.index("AccEM")
    only_ours, only_theirs = (int((x[:, hits] > y[:, hits]).sum()) for x, y in ((a, b), (b, a)))
    errors = dict(zip(METRICS, np.std(differences, axis=0).tolist(), strict=True))
    return Paired(
        summary(values, np.minimum(number_scored(a), number_scored(b)), differences, enough=len(several) > 1),
        dict(zip(MEANS, map(_effect, persons.T), strict=True)),
        {name: _ERRORS * error if error > 0 else None for name, error in errors.items()},
        {name: None if np.isnan(one) else float(one) for name, one in zip(MEANS, p, strict=True)},
        only_ours,
        only_theirs,
        mcnemar(only_ours, only_theirs) if max(several.values()) == 1 and _counted(a, b) else None,
    )


def _persons(
    a: Float[np.ndarray, "predictions columns"],
    b: Float[np.ndarray, "predictions columns"],
    people: Sequence[str],
) -> Float[np.ndarray, "people metrics"]:
    """Each person's differences, summed over transitions that both could score; nan in metrics that score none."""
    n = len(MEANS)
    both = (a[:, n : 2 * n] * b[:, n : 2 * n]).astype(bool)
    ids, owner = np.unique(people, return_inverse=True)
    sums = np.zeros((len(ids), n))
    np.add.at(sums, owner, np.where(both, a[:, :n] - b[:, :n], 0.0))
    sums[:, ~both.any(0)] = np.nan
    return sums


def _effect(differences: Float[np.ndarray, " people"]) -> float | None:
    spread = differences.std(ddof=1) if len(differences) > 1 else 0.0
    return float(differences.mean() / spread) if spread > 0 else None


def sign_flips(
    differences: Float[np.ndarray, "people metrics"], draws: int, seed: int
) -> Float[np.ndarray, " metrics"]:
    """How probable so large a mean difference is where each person's might as well be the other way round (Fisher's
    randomisation test of paired samples): the share of drawn signs that give one as far from zero, the signs seen
    included.

    Args:
        differences: of each person, summed or averaged over transitions.
        draws: of signs; 1 / (draws + 1) is the smallest p.
        seed: of numpy's default generator.

    Returns:
        The two-sided p of each column; 1 without any difference, nan of a column of nan.
    """
    rng = np.random.default_rng(seed)
    seen = np.abs(differences.sum(0)) * (1 - 1e-9)  # sums in another order are as far
    as_far, at_once = np.where(np.isnan(seen), np.nan, 1.0), max(1, _CELLS // len(differences))
    for start in range(0, draws, at_once):
        signs = rng.choice((-1.0, 1.0), size=(min(at_once, draws - start), len(differences)))
        as_far += (np.abs(signs @ differences) >= seen).sum(0)
    return as_far / (draws + 1)


def _counted(*columns: Float[np.ndarray, "predictions columns"]) -> bool:
    """Whether every transition is a hit or none, and no mean of several."""
    hits = MEANS.index("AccEM")
    return all(bool(np.isin(one[:, hits], (0, 1)).all()) for one in columns)


def _ordered(scored: Scored) -> Float[np.ndarray, "predictions columns"]:
    """The columns in the order of their keys."""
    return scored.columns[sorted(range(len(scored.keys)), key=lambda row: scored.keys[row])]


def _resampled(
    columns: Float[np.ndarray, "predictions columns"], keys: Sequence[tuple[str, int]], resamples: int, seed: int
) -> Float[np.ndarray, "resamples metrics"]:
    return metrics_of(resampled_sums(columns, [person for person, _ in keys], resamples, seed))


def mcnemar(only_ours: int, only_theirs: int) -> float:
    """McNemar's exact test: how probable so uneven a split of the disagreements is where each side is as likely.

    Args:
        only_ours: pairs that the one alone has right.
        only_theirs: pairs that the other alone has right.

    Returns:
        The two-sided p; 1 without any disagreement.
    """
    n, few = only_ours + only_theirs, min(only_ours, only_theirs)
    ways = term = 1  # whole numbers, since 2 ** n soon leaves the range of floats
    for i in range(few):
        term = term * (n - i) // (i + 1)
        ways += term
    return min(1.0, 2 * ways / 2**n)


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's correction for several tests: below 0.05 stays what holds with a chance of 5% for any error among them
    all (Holm 1979)."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    out, largest = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[i]))
        out[i] = largest
    return out
