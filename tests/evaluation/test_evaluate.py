import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import METRICS, evaluate
from reasoning_occ.evaluation.metrics import scores


def width(metric):
    return metric["high"] - metric["low"]


def test_values_are_means_and_intervals_hold_them(sample, tiny_taxonomy):
    predictions = sample(150, seed=0)
    found = evaluate(predictions, tiny_taxonomy, resamples=500, seed=0)
    for name, values in scores(predictions, tiny_taxonomy).items():
        assert found[name]["value"] == pytest.approx(values.mean())
        assert found[name]["n"] == 150
    for name in METRICS:
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]
        # six occupations, five of them allowed: the truth is always among five and ten
        assert width(found[name]) > 0 or name in ("Hit@5", "Hit@10")
    assert found["counts"] == {"people": 150, "transitions": 150, "invalid": 0, "unscored": 0}
    json.dumps(found, allow_nan=False)


def test_a_person_seen_four_times_is_no_four_people(sample, tiny_taxonomy):
    people = sample(60, seed=0)
    same = [replace(p, transition=t) for p in people for t in range(4)]
    others = [replace(p, person=f"{p.person}-{t}") for p in people for t in range(4)]
    clustered = evaluate(same, tiny_taxonomy, 1000, 0)
    independent = evaluate(others, tiny_taxonomy, 1000, 0)
    assert clustered["counts"]["people"] == 60 and independent["counts"]["people"] == 240
    for name in ("AccEM", "MRR", "log-loss"):
        assert clustered[name]["value"] == pytest.approx(independent[name]["value"])
        # half as many again would already be a failure: theory says twice as wide
        assert width(clustered[name]) == pytest.approx(2 * width(independent[name]), rel=0.25)


@settings(max_examples=10)
@given(st.randoms())
def test_the_order_of_predictions_changes_nothing(sample_of_80, tiny_taxonomy, random):
    one = evaluate(sample_of_80, tiny_taxonomy, 50, 0)
    other = evaluate(random.sample(sample_of_80, 80), tiny_taxonomy, 50, 0)
    for name in METRICS:
        assert other[name] == pytest.approx(one[name])


@pytest.fixture(scope="module")
def sample_of_80(tiny_taxonomy):
    from reasoning_occ.evaluation.predictions import Prediction

    rng = np.random.default_rng(0)
    out = []
    for i in range(80):
        code = tiny_taxonomy.codes[rng.integers(6)]
        title, p = tiny_taxonomy.title(tiny_taxonomy.codes[rng.integers(6)]), float(rng.uniform(0.2, 0.9))
        truth = tiny_taxonomy.title(code)
        rank = 1 if title == truth else int(rng.integers(2, 6))
        out.append(Prediction("x", str(i), i % 5, code, truth, ((title, p),), rank, -p, p, None, (), {}))
    return out


def test_slices_hold_every_prediction_once(sample, tiny_taxonomy):
    predictions = sample(90, seed=0)
    predictions[0] = replace(predictions[0], slices={})
    found = evaluate(predictions, tiny_taxonomy, 20, 0)["slices"]
    assert set(found) == {"past jobs", "occupation group", "race"}
    assert set(found["race"]) == {"a", "b", "not known"}
    for parts in found.values():
        assert sum(part["counts"]["transitions"] for part in parts.values()) == 90
    whole = sum(part["AccEM"]["value"] * part["AccEM"]["n"] for part in found["occupation group"].values()) / 90
    assert whole == pytest.approx(evaluate(predictions, tiny_taxonomy, 20, 0)["AccEM"]["value"])


def test_one_person_has_no_interval(sample, tiny_taxonomy):
    found = evaluate(sample(1, seed=0), tiny_taxonomy, 20, 0)
    assert found["MRR"]["low"] is None and found["MRR"]["value"] is not None


def test_nobody_or_everybody_hitting_has_an_interval_with_a_width(sample, tiny_taxonomy):
    hits = [replace(p, rank=1) for p in sample(12, seed=0)]
    found = evaluate(hits, tiny_taxonomy, 20, 0)
    people = found["counts"]["people"]
    assert (found["Hit@5"]["value"], found["Hit@5"]["high"]) == (1, 1)
    assert found["Hit@5"]["low"] == pytest.approx(people / (people + 1.96**2))
    misses = [replace(p, rank=None) for p in hits]
    assert evaluate(misses, tiny_taxonomy, 20, 0)["Hit@5"]["high"] == pytest.approx(1.96**2 / (people + 1.96**2))


def test_what_is_missing_is_counted(sample, tiny_taxonomy):
    predictions = sample(10, seed=0)
    predictions[0] = replace(predictions[0], top=(), rank=None, log_prob=None, probability=None)
    found = evaluate(predictions, tiny_taxonomy, 20, 0)
    assert (found["counts"]["invalid"], found["counts"]["unscored"]) == (1, 1)
    assert (found["AccEM"]["n"], found["log-loss"]["n"], found["ECE"]["n"]) == (10, 9, 9)


def test_what_cannot_be_evaluated_is_refused(sample, tiny_taxonomy):
    one = sample(5, seed=0)
    for predictions, message in (
        ([], "no predictions"),
        ([*one, *sample(5, seed=1, name="other")], "of one recommender"),
        ([*one, one[0]], "occurs twice"),
    ):
        with pytest.raises(UserError, match=message):
            evaluate(predictions, tiny_taxonomy, 20, 0)
