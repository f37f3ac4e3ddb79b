"""How far a judge that is asked again says the same."""

from collections.abc import Mapping, Sequence
from statistics import pstdev
from typing import Any

from reasoning_occ.evaluation.intervals import mean, share
from reasoning_occ.reasons.types import CRITERIA, Criterion, Verdict


def repeats(
    people: Sequence[str],
    rounds: Sequence[Sequence[Verdict]],
    thresholds: Mapping[Criterion, int],
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Scores of the same reasons in several rounds, by criterion.

    Args:
        people: whose reasons they are.
        rounds: verdicts of each round, in the order of `people`.
        thresholds: least score that a reason needs.
        resamples: bootstrap samples.
        seed: of the bootstrap.

    Returns:
        `{criterion: {"spread", "same", "flipped", "unscored"}}`. spread: mean standard deviation of a reason's scores,
        in points; same: share with one score in all rounds; flipped: share that reaches the threshold in some rounds
        and not in others. Reasons unscored in any round are in `unscored` and nowhere else.
    """
    out: dict[str, Any] = {}
    for criterion in CRITERIA:
        found: list[tuple[str, list[int]]] = []
        for person, verdicts in zip(people, zip(*rounds, strict=True), strict=True):
            scores = [value for v in verdicts if (value := v.scores[criterion].value) is not None]
            if len(scores) == len(rounds):
                found.append((person, scores))
        passed = [(person, [score >= thresholds[criterion] for score in scores]) for person, scores in found]
        out[criterion] = {
            "spread": mean([(person, pstdev(scores)) for person, scores in found], resamples, seed),
            "same": share([(person, len(set(scores)) == 1) for person, scores in found], resamples, seed),
            "flipped": share([(person, len(set(each)) == 2) for person, each in passed], resamples, seed),
            "unscored": len(people) - len(found),
        }
    return out
