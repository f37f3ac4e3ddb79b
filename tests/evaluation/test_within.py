"""Correlation within people, against numpy's own for one person and by planted effects for many."""

import numpy as np
import pytest

from reasoning_occ.evaluation.within import within


def test_of_one_person_it_is_the_plain_correlation_and_slope():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30))
    found = within([("1", a, b) for a, b in zip(x, y, strict=True)], 10, 0)
    assert found["correlation"]["value"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert found["slope"]["value"] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert found["correlation"]["low"] is None and found["people"] == found["varied"] == 1


def test_what_sets_people_apart_plays_no_part():
    rng = np.random.default_rng(1)
    pairs = []
    for person in range(200):
        level = rng.normal() * 10  # people with more x have more y, by far
        for _ in range(4):
            x = rng.normal()
            pairs.append((str(person), level + x, level - 0.5 * x + rng.normal() * 0.1))
    found = within(pairs, 200, 0)
    slope = found["slope"]
    assert slope["value"] == pytest.approx(-0.5, abs=0.02) and slope["low"] < -0.5 < slope["high"] < -0.4
    assert found["correlation"]["value"] < -0.95
    _, x, y = zip(*pairs, strict=True)
    assert np.corrcoef(x, y)[0, 1] > 0.9


def test_people_whose_figures_are_all_equal_say_nothing():
    same = [("a", 0.1 + 0.2, 1.0), ("a", 0.3, 5.0), ("a", 0.3, 9.0)]
    told = within(same, 10, 0)
    assert told["varied"] == 0 and told["correlation"]["value"] is None and told["slope"]["value"] is None
    more = [("b", 1.0, 1.0), ("b", 2.0, 3.0)]
    assert within([*same, *more], 10, 0)["slope"]["value"] == pytest.approx(2)
    assert within([], 10, 0)["people"] == 0
