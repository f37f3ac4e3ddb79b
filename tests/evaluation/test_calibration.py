import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.evaluation.calibration import BINS, bin_of, gaps, reliability
from reasoning_occ.evaluation.predictions import Prediction


def said(probability, right):
    return Prediction(
        "x", "1", 0, "c", "Cooks", (("Cooks" if right else "Pilots", probability),), 1, -1.0, probability, None, (), {}
    )


def ece(predictions):
    return np.abs(gaps(predictions).sum(0)).sum() / len(predictions)


def test_ece_by_hand():
    # two values of probability, so two bins: |0.8 - 0.5| for four and |0.2 - 0.25| for the other four
    predictions = [said(0.8, r) for r in (1, 1, 0, 0)] + [said(0.2, r) for r in (1, 0, 0, 0)]
    assert ece(predictions) == pytest.approx((4 * 0.3 + 4 * 0.05) / 8)
    assert [(b.confidence, b.accuracy, b.n) for b in reliability(predictions, BINS)] == [
        (pytest.approx(0.2), 0.25, 4),
        (pytest.approx(0.8), 0.5, 4),
    ]


def test_opposite_errors_in_one_bin_cancel_and_in_two_bins_do_not():
    assert ece([said(0.5, 1), said(0.5, 0)]) == pytest.approx(0)
    assert ece([said(0.9, 0), said(0.1, 1)]) == pytest.approx(0.9)


def test_bins_hold_equal_numbers():
    counts = np.bincount(bin_of(np.random.default_rng(0).random(1500), BINS))
    assert len(counts) == BINS and counts.min() >= 99 and counts.max() <= 101


def test_a_missing_probability_is_in_no_bin():
    assert bin_of(np.array([0.3, np.nan, 0.3]), BINS).tolist()[1] == -1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_ece_is_a_share_and_does_not_depend_on_the_order(pairs, random):
    predictions = [said(p, r) for p, r in pairs]
    shuffled = random.sample(predictions, len(predictions))
    assert 0 <= ece(predictions) <= 1
    assert ece(shuffled) == pytest.approx(ece(predictions))
