from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.evaluation.coverage import coverage, gini
from reasoning_occ.recommenders.base import Answer


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_gini_is_half_the_mean_difference_over_the_mean(counts):
    found = gini(np.array(counts, dtype=float))
    if sum(counts) == 0:
        assert found is None
    else:
        differences = [abs(a - b) for a in counts for b in counts]
        assert found == pytest.approx(np.mean(differences) / (2 * np.mean(counts)))


def test_equal_counts_have_no_concentration_and_one_title_has_it_all():
    assert gini(np.full(6, 3.0)) == pytest.approx(0.0)
    assert gini(np.array([0, 0, 0, 9.0])) == pytest.approx(3 / 4)


def test_every_title_in_anyones_top_counts_once(sample, tiny_taxonomy):
    predictions = sample(3, seed=0)
    found = coverage(predictions, tiny_taxonomy)
    first, top = {p.title for p in predictions}, {title for p in predictions for title, _ in p.top}
    assert found["occupations"] == 6
    assert (found["top 1"]["titles"], found["top 10"]["titles"]) == (len(first), len(top))
    assert found["top 1"]["share"] == len(first) / 6
    # three people can't be shown more than three first titles, but five each among ten
    assert (found["top 1"]["most"], found["top 10"]["most"]) == (0.5, 1.0)
    assert (found["top 1"]["n"], found["top 10"]["n"], found["truths"]["n"]) == (3, 15, 3)


def test_what_is_always_the_same_is_as_concentrated_as_can_be(sample, tiny_taxonomy):
    same = [replace(p, top=(("Cooks", 0.5),)) for p in sample(40, seed=0)]
    found = coverage(same, tiny_taxonomy)
    assert found["top 1"]["titles"] == 1 and found["top 1"]["gini"] == pytest.approx(5 / 6)
    assert found["truths"]["gini"] < found["top 1"]["gini"]


def test_an_answer_is_a_first_title_and_none_is_no_recommendation(sample, tiny_taxonomy):
    answered = [replace(p, top=p.top[:1], answer=Answer(p.title, "exact")) for p in sample(5, seed=0)]
    answered[0] = replace(answered[0], top=(), answer=Answer("?", "unmatched"))
    found = coverage(answered, tiny_taxonomy)
    assert "top 10" not in found and found["top 1"]["n"] == 4
