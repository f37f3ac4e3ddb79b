"""What becomes of scores when something is done to a reason: the same reasons before and after, person by person."""

from collections.abc import Sequence
from typing import Any

from reasoning_occ.evaluation.intervals import mean, share
from reasoning_occ.reasons.types import CRITERIA, Criterion, Verdict


def changes(
    people: Sequence[str],
    before: Sequence[Verdict],
    after: Sequence[Verdict],
    hurts: Criterion,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Compare verdicts on reasons with those on the same reasons after something was done to them.

    Args:
        people: whose reasons they are; the bootstrap draws these.
        before: of the reasons as they were.
        after: of the changed ones, in the same order.
        hurts: the criterion that must fall.
        resamples: bootstrap samples.
        seed: of the bootstrap.

    Returns:
        `{"hurts", "pairs", "detected", "risen", "effect": {criterion: metric}, "unscored": {criterion: n}}`.
        detected and risen: shares whose score on `hurts` fell and rose; a judge that only guesses has both alike.
        effect: mean change in points. Pairs in which either side is unscored are counted in `unscored` and nowhere
        else.
    """
    found: dict[Criterion, list[tuple[str, int]]] = {criterion: [] for criterion in CRITERIA}
    for person, was, became in zip(people, before, after, strict=True):
        for criterion in CRITERIA:
            a, b = was.scores[criterion].value, became.scores[criterion].value
            if a is not None and b is not None:
                found[criterion].append((person, b - a))
    return {
        "hurts": hurts,
        "pairs": len(people),
        "detected": share([(person, change < 0) for person, change in found[hurts]], resamples, seed),
        "risen": share([(person, change > 0) for person, change in found[hurts]], resamples, seed),
        "effect": {c: mean([(person, float(x)) for person, x in found[c]], resamples, seed) for c in CRITERIA},
        "unscored": {c: len(people) - len(found[c]) for c in CRITERIA},
    }
