import numpy as np
import pytest

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.recommenders.sequence.batches import NOTHING, collate, regroup, steps
from reasoning_occ.recommenders.sequence.features import GROUPS, Features

CAREER = Career(
    Person("1", 1950, {"race": "other"}),
    (Education(Date(1968), "12 years of school", 12), Education(Date(1972), "16 years of school", 16)),
    (
        Job("c", Date(1970), Date(1971), Facts(hours=20, region="South", sector="food", full_time=False, wage=3.0)),
        Job("b", Date(1973), Date(1975), Facts(hours=40, region="West", sector="shops", full_time=True, wage=6.0)),
        Job("p", Date(1980), Date(1985), Facts(hours=40)),
    ),
)


def test_a_prefix_has_the_features_of_the_whole_so_the_future_is_not_read():
    features = Features(list(GROUPS))
    features.fit([CAREER])
    for t in range(len(CAREER.jobs)):
        prefix = CAREER.until(t)
        np.testing.assert_array_equal(features.numeric(prefix), features.numeric(CAREER)[: t + 1])
        np.testing.assert_array_equal(features.categorical(prefix), features.categorical(CAREER)[: t + 1])


def test_what_is_unknown_is_zero_and_what_training_never_saw_too():
    features = Features(["sector", "wage"])
    features.fit([CAREER])
    other = Career(Person("2"), (), (Job("c", Date(1970), None, Facts(sector="mines")),))
    assert features.numeric(other).tolist() == [[0.0, 0.0]]
    assert features.categorical(other).tolist() == [[0, 0]]
    # wages 3 and 6: one spread below and above their mean
    assert features.numeric(CAREER)[:2] == pytest.approx(np.array([[-1.0, 1.0], [1.0, 1.0]]))


def test_transitions_of_a_person_are_one_sequence_with_a_target_a_step(tiny_taxonomy):
    features = Features([])
    features.fit([CAREER])
    ((history, targets),) = regroup(list(CAREER.transitions()))
    one = steps(history, targets, features, tiny_taxonomy)
    assert one.occupation.tolist() == [0, 1]
    assert one.target.tolist() == [1, 3]
    # a person's last transition alone, as where only that is asked for
    ((history, targets),) = regroup(list(CAREER.transitions())[-1:])
    assert steps(history, targets, features, tiny_taxonomy).target.tolist() == [NOTHING, 3]
    assert collate([one], length=4).real_bs.tolist() == [[True, True, False, False]]
