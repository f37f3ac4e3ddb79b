import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.evaluation.decision import ExpectedAccRM
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.metrics import related_match
from reasoning_occ.evaluation.prediction_file import read, write
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.recommenders.base import Recommendation, allowed


def taxonomies():
    codes = "abcdef"
    lists = st.dictionaries(st.sampled_from(codes), st.lists(st.sampled_from(codes), max_size=5))
    return lists.map(lambda related: Taxonomy("t", [Occupation(c, c.upper()) for c in codes], related))


@given(taxonomies(), st.lists(st.floats(0.01, 1), min_size=6, max_size=6), st.integers(0, 5))
def test_the_choice_is_the_best_of_all_titles_by_the_metric_itself(transition_of, taxonomy, weights, present):
    weights[present] = 0.0
    probs = np.array(weights) / sum(weights)
    decide = ExpectedAccRM(taxonomy)
    expected = []
    for named in taxonomy.codes:
        # what the metric gives for naming it, truth by truth
        always = [
            predict(transition_of(taxonomy, present, truth), certain(taxonomy, present, named), taxonomy, "x", [])
            for truth in taxonomy.codes
            if truth != taxonomy.codes[present] and named != taxonomy.codes[present]
        ]
        scores = related_match(always, taxonomy)
        expected.append(sum(probs[taxonomy.index(p.truth)] * s for p, s in zip(always, scores, strict=True)))
    may = np.arange(6) != present
    assert decide.expected(probs)[may] == pytest.approx(np.array(expected)[may])
    assert may[decide(probs, may)] and expected[decide(probs, may)] == pytest.approx(max(expected))


def certain(taxonomy, present, named):
    """Nearly all probability on one title, and some on every other."""
    probs = np.full(len(taxonomy), 1e-6)
    probs[present] = 0
    probs[taxonomy.index(named)] = 1
    with np.errstate(divide="ignore"):
        return Recommendation(np.log(probs / probs.sum()))


@pytest.fixture(scope="session")
def transition_of():
    from reasoning_occ.careers.types import Career, Date, Job, Person, Transition

    def make(taxonomy, present, truth):
        job = Job(taxonomy.codes[present], Date(1970))
        return Transition(Career(Person("1"), (), (job,)), truth, Date(1971))

    return make


def test_a_title_on_many_lists_beats_the_most_probable_one(tiny_taxonomy):
    # Cooks are on the lists of Bakers and Butchers; Nurses on none
    probs = np.array([0.2, 0.25, 0.25, 0.0, 0.0, 0.3])
    assert np.argmax(probs) == 5 and ExpectedAccRM(tiny_taxonomy)(probs, probs >= 0) != 5


def test_without_relatedness_it_is_the_most_probable_title(tiny_taxonomy):
    bare = Taxonomy("bare", tiny_taxonomy.occupations, {})
    for probs in np.random.default_rng(0).dirichlet(np.ones(6), 20):
        assert ExpectedAccRM(bare)(probs, probs >= 0) == int(np.argmax(probs))


def test_what_is_decided_is_scored_beside_and_read_back(tiny_taxonomy, transition, tmp_path):
    rng, decide, predictions = np.random.default_rng(0), ExpectedAccRM(tiny_taxonomy), []
    for i in range(60):
        t = transition(f"p{i}", *("cp" if i % 2 else "bn"), race="a")
        weights = rng.dirichlet(np.ones(6)) * allowed(t.history, tiny_taxonomy)
        with np.errstate(divide="ignore"):
            told = Recommendation(np.log(weights / weights.sum()))
        predictions.append(predict(t, told, tiny_taxonomy, "toy", [], decide))
    write(tmp_path / "p.jsonl", predictions)
    assert read(tmp_path / "p.jsonl") == predictions
    found = evaluate(predictions, tiny_taxonomy, 200, 0)
    changed = [p for p in predictions if p.decided != p.title]
    assert found["decision"]["changed"] == len(changed) > 0
    expected = found["AccRM (expected)"]
    assert expected["n"] == 60 and expected["low"] <= expected["value"] <= expected["high"]
    assert found["decision"]["gain"]["value"] == pytest.approx(expected["value"] - found["AccRM"]["value"])
    assert found["slices"]["race"]["a"]["AccRM (expected)"] == expected


def test_without_a_decision_nothing_is_added(sample, tiny_taxonomy):
    found = evaluate(sample(5, seed=0), tiny_taxonomy, 20, 0)
    assert "AccRM (expected)" not in found and "decision" not in found
