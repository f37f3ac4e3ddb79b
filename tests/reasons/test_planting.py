import pytest

from reasoning_occ.reasons.direction import Compass
from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.planted import HURTS
from reasoning_occ.reasons.planting import effect, pairs
from reasoning_occ.reasons.selection import choose

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


def test_half_of_the_transitions_in_every_direction_have_an_oracle_reason(nls, transitions, teacher, judge):
    compass, passed = Compass(nls.taxonomy), {}
    for transition in transitions[::6]:
        verdicts = [judge.judge(transition.history, c.text, transition.target) for c in teacher.write(transition)]
        direction = compass.of(transition.history, transition.target)
        passed.setdefault(direction, []).append(choose(verdicts, THRESHOLDS) is not None)
    assert len(passed) == 4
    # reasons state the history's likeliest directions and not the truth's, so where the truth is the least likely one
    # none should pass: on the whole survey 56% of changes of both pass, 74% of those to the same work, 89% within an
    # industry, 99% of returns
    for direction, each in passed.items():
        assert sum(each) / len(each) >= 0.5, direction
