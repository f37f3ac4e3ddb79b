"""What a judge says of reasons nobody chose, such as those a model writes for test people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reasoning_occ.careers.types import Transition
from reasoning_occ.reasons.types import CRITERIA, Criterion, Judge


@dataclass(frozen=True, slots=True)
class Quality:
    """Of `n` reasons, a criterion: mean score, share with the full 5, and how many are unscored (in neither).

    coverage: mean share of sentences that the judge could check. empty: transitions without a reason (not in `n`).
    """

    n: int
    empty: int
    mean: Mapping[Criterion, float | None]
    full: Mapping[Criterion, float | None]
    unscored: Mapping[Criterion, int]
    coverage: float | None


def quality(transitions: Sequence[Transition], reasons: Sequence[str | None], judge: Judge) -> Quality:
    """Judge one reason a transition, in the same order, with a fitted judge."""
    verdicts = [
        judge.judge(transition.history, reason, transition.target)
        for transition, reason in zip(transitions, reasons, strict=True)
        if reason and reason.strip()
    ]
    scored = {c: [value for v in verdicts if (value := v.scores[c].value) is not None] for c in CRITERIA}
    return Quality(
        n=len(verdicts),
        empty=len(transitions) - len(verdicts),
        mean={c: sum(scored[c]) / len(scored[c]) if scored[c] else None for c in CRITERIA},
        full={c: sum(value == 5 for value in scored[c]) / len(scored[c]) if scored[c] else None for c in CRITERIA},
        unscored={c: len(verdicts) - len(scored[c]) for c in CRITERIA},
        coverage=sum(v.coverage for v in verdicts) / len(verdicts) if verdicts else None,
    )
