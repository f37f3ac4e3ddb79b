"""What planted mistakes do to a judge's scores: clean and spoilt reasons of the same transitions, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from reasoning_occ.careers.types import Transition
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.outline import outlines
from reasoning_occ.reasons.planted import HURTS, Mistake, plant
from reasoning_occ.reasons.selection import choose
from reasoning_occ.reasons.statistics import Statistics
from reasoning_occ.reasons.types import CRITERIA, Case, Criterion, Judge, Verdict
from reasoning_occ.reasons.wording import realise


@dataclass(frozen=True, slots=True)
class Pair:
    """A clean reason that passed the thresholds, the same with one mistake planted, and both verdicts."""

    transition: Transition
    mistake: Mistake
    clean: str
    spoilt: str
    before: Verdict
    after: Verdict

    def change(self, criterion: Criterion) -> int | None:
        """Score after less score before; `None` where either is unscored."""
        after, before = self.after.scores[criterion].value, self.before.scores[criterion].value
        return None if after is None or before is None else after - before


@dataclass(frozen=True, slots=True)
class Effect:
    """Of `n` pairs with one kind of mistake: the share whose score fell, rose or was lost, a criterion."""

    n: int
    hurts: Criterion
    fell: Mapping[Criterion, float]
    rose: Mapping[Criterion, float]
    lost: Mapping[Criterion, float]


def pairs(
    mistake: Mistake,
    transitions: Sequence[Transition],
    *,
    statistics: Statistics,
    judge: Judge,
    thresholds: Mapping[Criterion, int],
    n: int,
    seed: int,
) -> Iterator[Pair]:
    """Plant one kind of mistake into the clean reasons of `n` transitions, taken at random.

    Clean reasons below the thresholds are passed over: they would not be used.

    Args:
        mistake: which kind.
        transitions: where to take them from.
        statistics: the teacher's, fitted.
        judge: fitted.
        thresholds: see `choose`.
        n: pairs wanted; fewer come where transitions run out.
        seed: of the choice and the mistakes.
    """
    rng = Random(f"{seed} {mistake}")
    taxonomy = statistics.taxonomy
    found = 0
    for transition in rng.sample(transitions, len(transitions)):
        if found == n:
            return
        history, target = transition.history, transition.target
        outline = outlines(history, target, statistics, 1)[0]
        style = f"{seed} {transition.key}"
        clean = realise(outline, taxonomy, style)
        (before,) = judge.judge_all([Case(history, clean, target)])
        if choose([before], thresholds) is None or _names(clean, transition, taxonomy):
            continue
        spoilt = realise(plant(mistake, outline, transition, statistics, rng), taxonomy, style)
        found += 1
        (after,) = judge.judge_all([Case(history, spoilt, target)])
        yield Pair(transition, mistake, clean, spoilt, before, after)


def effect(found: Sequence[Pair]) -> Effect:
    """Shares over pairs of one kind of mistake; at least one pair."""
    changes = {c: [pair.change(c) for pair in found] for c in CRITERIA}
    n = len(found)
    return Effect(
        n=n,
        hurts=HURTS[found[0].mistake],
        fell={c: sum(x is not None and x < 0 for x in changes[c]) / n for c in CRITERIA},
        rose={c: sum(x is not None and x > 0 for x in changes[c]) / n for c in CRITERIA},
        lost={c: sum(x is None for x in changes[c]) / n for c in CRITERIA},
    )


def _names(text: str, transition: Transition, taxonomy: Taxonomy) -> bool:
    return bool(target_names(text, transition.history, transition.target, taxonomy))
