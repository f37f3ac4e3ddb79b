import pytest

from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.planted import HURTS
from reasoning_occ.reasons.planting import effect, pairs

THRESHOLDS = {"factuality": 4, "coherence": 4, "utility": 3}


@pytest.mark.parametrize("mistake", HURTS)
def test_a_planted_mistake_lowers_the_score_it_hurts(mistake, nls, transitions, teachers_statistics, judge):
    found = list(
        pairs(
            mistake,
            transitions,
            statistics=teachers_statistics,
            judge=judge,
            thresholds=THRESHOLDS,
            n=200,
            seed=1,
        )
    )
    assert len(found) == 200
    seen = effect(found)
    assert seen.fell[HURTS[mistake]] >= 0.95
    assert seen.lost[HURTS[mistake]] == 0
    for pair in found:
        assert pair.clean != pair.spoilt
        assert not target_names(pair.spoilt, pair.transition.history, pair.transition.target, nls.taxonomy)
