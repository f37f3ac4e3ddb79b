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


@dataclass(frozen=True, slots=True)
class Paired:
    """One recommender less another.

    differences: by metric, `{"value", "n", "low", "high"}` as in metrics.json. only_ours, only_theirs: transitions
    whose truth the first title of one alone names. p: McNemar's exact, two-sided; `None` where somebody has several
    transitions, which are not independent, and where hits are means over seeds. smallest: difference in AccEM that a
    test with as many people and as much disagreement finds at a level of 5% in four of five cases; `None` where the two
    never differ.
    """

    differences: Mapping[str, Mapping[str, Any]]
    only_ours: int
    only_theirs: int
    p: float | None
    smallest: float | None


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
    several = Counter(person for person, _ in people)
    hits = MEANS.index("AccEM")
    only_ours, only_theirs = (int((x[:, hits] > y[:, hits]).sum()) for x, y in ((a, b), (b, a)))
    error = float(np.std(differences[:, METRICS.index("AccEM")]))
    return Paired(
        summary(values, np.minimum(number_scored(a), number_scored(b)), differences, enough=len(several) > 1),
        only_ours,
        only_theirs,
        mcnemar(only_ours, only_theirs) if max(several.values()) == 1 and _counted(a, b) else None,
        _ERRORS * error if error > 0 else None,
    )


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
