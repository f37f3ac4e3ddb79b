import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_occ.evaluation.fairness import fairness
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.recommenders.base import Answer


def person(number, group, hit, probability=0.5, right=False, transition=0):
    top = ("Cooks" if right else "Bakers", probability)
    slices = {"race": group} if group else {}
    return Prediction(
        "x", str(number), transition, "c", "Cooks", (top,), 1 if hit else 6, -1.0, probability, None, (), slices
    )


def groups(sizes, rates, seed):
    rng = np.random.default_rng(seed)
    out = []
    for label, n, rate in zip("abcd", sizes, rates, strict=False):
        out += [
            person(f"{label}{i}", label, rng.random() < rate, float(rng.random()), rng.random() < 0.3) for i in range(n)
        ]
    return out


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.lists(st.integers(2, 12), min_size=2, max_size=4))
def test_gaps_are_what_counting_group_by_group_gives(seed, sizes):
    predictions = groups(sizes, [0.2, 0.5, 0.6, 0.9], seed)
    found = fairness(predictions, 20, 0, at_least=1)["dimensions"]["race"]
    hits, sure = {}, {}
    for label in {p.slices["race"] for p in predictions}:
        mine = [p for p in predictions if p.slices["race"] == label]
        hits[label] = sum(p.rank <= 5 for p in mine) / len(mine)
        sure[label] = sum(p.probability for p in mine) / len(mine) - sum(p.title == "Cooks" for p in mine) / len(mine)
    for name, values in (("Hit@5", hits), ("too sure", sure)):
        gap = found["gaps"][name]
        assert gap["value"] == pytest.approx(max(values.values()) - min(values.values()))
        assert values[gap["highest"]] == pytest.approx(max(values.values()))
        assert values[gap["lowest"]] == pytest.approx(min(values.values()))
        assert 0 <= gap["low"] <= gap["high"] and gap["n"] == len(predictions)
        assert {label: group[name] for label, group in found["groups"].items()} == pytest.approx(values)


def test_groups_served_alike_have_the_gap_that_chance_gives():
    ps, gaps, chance = [], [], []
    for seed in range(40):
        gap = fairness(groups([60, 60, 60], [0.5] * 3, seed), 100, 0, at_least=50)["dimensions"]["race"]["gaps"][
            "Hit@5"
        ]
        ps.append(gap["p"])
        gaps.append(gap["value"])
        chance.append(gap["by_chance"])
    # far above zero though nothing is there, and so is what stands beside
    assert np.mean(gaps) == pytest.approx(np.mean(chance), rel=0.15) and np.mean(gaps) > 0.08
    assert np.mean(ps) == pytest.approx(0.5, abs=0.12) and sum(p <= 0.05 for p in ps) <= 6


def test_a_group_served_worse_is_found():
    gap = fairness(groups([200, 200], [0.8, 0.4], 0), 500, 0, at_least=50)["dimensions"]["race"]["gaps"]["Hit@5"]
    assert (gap["highest"], gap["lowest"]) == ("a", "b")
    assert gap["low"] < 0.4 < gap["high"] and gap["low"] > 0.2 and gap["p"] < 0.01 and gap["by_chance"] < 0.1


def test_a_person_seen_four_times_is_no_four_people():
    once = groups([60, 60], [0.5, 0.6], 0)
    four = [replace(p, transition=t) for p in once for t in range(4)]
    others = [replace(p, person=f"{p.person}-{t}") for p in once for t in range(4)]

    def gap(predictions):
        return fairness(predictions, 1000, 0, at_least=50)["dimensions"]["race"]["gaps"]["Hit@5"]

    same, apart, single = gap(four), gap(others), gap(once)
    assert same["value"] == pytest.approx(apart["value"]) == pytest.approx(single["value"])
    assert same["by_chance"] == pytest.approx(single["by_chance"], rel=0.15)
    assert same["by_chance"] == pytest.approx(2 * apart["by_chance"], rel=0.25)


def test_small_groups_and_people_without_the_fact_are_named_and_left_out():
    predictions = [*groups([60, 55, 3], [0.5, 0.5, 0.0], 0), person("z", "", True)]
    found = fairness(predictions, 20, 0, at_least=50)["dimensions"]["race"]
    assert set(found["groups"]) == {"a", "b"} and found["left_out"] == {"c": 3} and found["unknown"] == 1
    assert found["gaps"]["Hit@5"]["n"] == 115
    json.dumps(found, allow_nan=False)


def test_one_group_has_no_gap_and_answers_have_no_ranking():
    one = fairness(groups([60, 3], [0.5, 0.5], 0), 20, 0, at_least=50)["dimensions"]["race"]
    assert one["gaps"] == {"Hit@5": None, "too sure": None} and one["left_out"] == {"b": 3}
    answered = [
        replace(p, rank=None, log_prob=None, probability=None, answer=Answer("Cooks", "exact", "c"))
        for p in groups([60, 60], [0.5, 0.5], 0)
    ]
    found = fairness(answered, 20, 0, at_least=50)["dimensions"]["race"]
    assert found["gaps"] == {"Hit@5": None, "too sure": None} and found["groups"]["a"]["Hit@5"] is None
    json.dumps(found, allow_nan=False)


def test_nobody_with_a_fact_leaves_an_empty_table():
    assert fairness([person(1, "", True)], 20, 0, at_least=50) == {"at_least": 50, "dimensions": {}}
