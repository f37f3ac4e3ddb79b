"""What planted mistakes do to the rubric judge's scores: `python experiments/planted_errors.py [n seed]`."""

import sys

from reasoning_occ.careers.nls import NLS
from reasoning_occ.reasons.judges.rubric import RubricJudge
from reasoning_occ.reasons.planted import HURTS
from reasoning_occ.reasons.planting import effect, pairs
from reasoning_occ.reasons.statistics import Statistics, half
from reasoning_occ.reasons.types import CRITERIA, Criterion

N, SEED = (int(given) for given in (sys.argv[1:] or ["200", "0"]))
SHRINK = 20
THRESHOLDS: dict[Criterion, int] = {"factuality": 4, "coherence": 4, "utility": 3}

loaded = NLS().load()
transitions = [t for career in loaded.careers for t in career.transitions()]
judge, statistics = RubricJudge(loaded.taxonomy, SHRINK), Statistics(loaded.taxonomy, SHRINK)
judge.fit(transitions)
statistics.fit([t for t in transitions if half(t.history.person.id) == 0])

print(f"Share of n reasons whose score fell (rose) after one planted mistake; clean ones had passed; seed {SEED}")
print(f"{'mistake':<22}{'n':>5}  {'hurts':<12}" + "".join(f"{c:>16}" for c in CRITERIA))
for mistake, hurts in HURTS.items():
    found = pairs(mistake, transitions, statistics=statistics, judge=judge, thresholds=THRESHOLDS, n=N, seed=SEED)
    seen = effect(list(found))
    shares = "".join(f"{seen.fell[c]:>8.3f} ({seen.rose[c]:.3f})" for c in CRITERIA)
    print(f"{mistake:<22}{seen.n:>5}  {hurts:<12}{shares}")
