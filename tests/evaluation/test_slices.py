import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.split import last_transitions, split_by_person
from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.evaluation.situation import situations
from reasoning_occ.evaluation.slices import slices
from reasoning_occ.recommenders.base import Recommendation, allowed


def predicted(transition, taxonomy):
    may = allowed(transition.history, taxonomy)
    with np.errstate(divide="ignore"):
        return predict(transition, Recommendation(np.log(may / may.sum())), taxonomy, "even", [])


def labels(parts, predictions):
    """The label of each prediction in one dimension."""
    return [next(label for label, part in parts.items() if p in part) for p in predictions]


CAREER = Career(
    Person("7", 1950),
    (Education(Date(1968), "12 years of school", 12), Education(Date(1974), "16 years of school", 16)),
    (
        Job("c", Date(1970), facts=Facts(region="South")),
        Job("b", Date(1972)),
        Job("p", Date(1975), facts=Facts(region="West")),
        Job("c", Date(1980)),
        Job("n", Date(1985)),
    ),
)


def test_each_transition_stands_in_the_group_that_its_whole_career_says(tiny_taxonomy):
    found = list(CAREER.transitions())
    predictions = [predicted(t, tiny_taxonomy) for t in found]
    parts = slices(predictions, tiny_taxonomy, situations(found, [*found, found[0], found[0]]))
    assert {dimension: labels(part, predictions) for dimension, part in parts.items()} == {
        "past jobs": ["0", "1", "2", "3"],
        "occupation group": ["Food", "Transport", "Food", "Health"],
        "transition type": ["same group", "other group", "other group", "other group"],
        "held before": ["no", "no", "yes", "no"],
        "truth in training": ["1-4 times"] * 4,
        "education reached": ["12 years", "12 years", "16 years and more", "16 years and more"],
        "region": ["South", "not known", "West", "not known"],
    }


def test_to_stay_is_neither_a_return_nor_a_step_within_the_group(tiny_taxonomy):
    jobs = tuple(Job(o, Date(1970 + i)) for i, o in enumerate("ccc"))
    found = list(Career(Person("1"), (), jobs, stays=True).transitions())
    predictions = [predicted(t, tiny_taxonomy) for t in found]
    parts = slices(predictions, tiny_taxonomy, situations(found, []))
    assert set(parts["transition type"]) == set(parts["held before"]) == {"stay"}
    assert set(parts["truth in training"]) == {"never"}


def test_truths_stand_by_how_surely_the_data_give_them(tiny_taxonomy):
    jobs = (Job("c", Date(1970), quality="exact"), Job("b", Date(1971), quality="representative"), Job("p", Date(1972)))
    found = list(Career(Person("1"), (), jobs).transitions())
    predictions = [predicted(t, tiny_taxonomy) for t in found]
    part = slices(predictions, tiny_taxonomy, situations(found, []))["truth given as"]
    assert labels(part, predictions) == ["representative", "not known"]


def test_titles_of_schooling_beyond_the_most_frequent_stand_together(tiny_taxonomy):
    found = []
    for person in range(40):
        title = f"course {person}" if person >= 20 else f"degree {person % 10}"
        career = Career(
            Person(str(person)), (Education(Date(1968), title),), (Job("c", Date(1970)), Job("b", Date(1971)))
        )
        found += career.transitions()
    predictions = [predicted(t, tiny_taxonomy) for t in found]
    part = slices(predictions, tiny_taxonomy, situations(found, []))["education reached"]
    assert len(part) == 13 and {f"degree {i}" for i in range(10)} < set(part)
    assert len(part["all others"]) == 18 and sum(map(len, part.values())) == 40


@given(st.integers(0, 2**32 - 1))
def test_every_dimension_holds_every_prediction_once(tiny_taxonomy, seed):
    rng = np.random.default_rng(seed)
    careers = []
    for person in range(30):
        walk = [int(rng.integers(6))]
        for _ in range(int(rng.integers(1, 6))):
            walk.append((walk[-1] + int(rng.integers(1, 6))) % 6)
        facts = [Facts(region="South" if rng.random() < 0.3 else None) for _ in walk]
        jobs = tuple(
            Job(tiny_taxonomy.codes[o], Date(1970 + i), facts=fact)
            for i, (o, fact) in enumerate(zip(walk, facts, strict=True))
        )
        careers.append(Career(Person(str(person), slices={"sex": "f"} if person % 2 else {}), (), jobs))
    transitions = [t for career in careers for t in career.transitions()]
    predictions = [predicted(t, tiny_taxonomy) for t in transitions]
    for parts in slices(predictions, tiny_taxonomy, situations(transitions, transitions)).values():
        keys = [p.key for part in parts.values() for p in part]
        assert sorted(keys) == sorted(t.key for t in transitions)


def test_files_of_before_are_cut_as_far_as_they_tell(sample, tiny_taxonomy):
    assert set(slices(sample(20, seed=0), tiny_taxonomy)) == {"past jobs", "occupation group", "race"}


def test_real_careers_have_every_slice_with_intervals(nls):
    split = split_by_person(nls.careers, 0, 0.1, 0.2)
    test = last_transitions(split.test)
    known = situations(test, split.train)
    predictions = [predicted(t, nls.taxonomy) for t in test]
    found = evaluate(predictions, nls.taxonomy, 20, 0, known)["slices"]
    assert {"transition type", "held before", "truth in training", "education reached", "region", "race"} <= set(found)
    back = found["held before"]["yes"]["counts"]["transitions"]
    assert back == sum(t.target in {job.occupation for job in t.history.jobs} for t in test)
    seen = [sum(other.target == t.target for other in split.train) for t in test[:50]]
    assert [known[t.key].learnt for t in test[:50]] == seen
    assert all(part["Hit@5"]["low"] is not None for part in found["region"].values() if part["counts"]["people"] > 1)
