"""Means over reasons and temperatures, against the same in plain probabilities."""

import numpy as np
import pytest

from reasoning_occ.recommend.drawn import Drawn, at_temperature, means
from reasoning_occ.recommenders.base import Answer, Recommendation

RANKINGS = np.array([[0.5, 0.3, 0.2, 0.0], [0.1, 0.6, 0.3, 0.0], [0.2, 0.2, 0.6, 0.0], [0.7, 0.2, 0.1, 0.0]])


def rankings():
    with np.errstate(divide="ignore"):
        return [Recommendation(np.log(row), f"reason {n}") for n, row in enumerate(RANKINGS)]


def test_a_mean_is_that_of_probabilities_and_has_the_reason_that_speaks_for_it():
    first, second = means(iter(rankings()), 2)
    np.testing.assert_allclose(np.exp(first.log_probs), RANKINGS[:2].mean(axis=0))
    np.testing.assert_allclose(np.exp(second.each_ko), RANKINGS[2:])
    assert (first.reason, second.reason) == ("reason 1", "reason 3") and first.unread == 0
    cut_off = [Recommendation(one.log_probs, None) for one in rankings()[:1]]
    assert next(means(iter([*cut_off, *rankings()[1:]]), 4)).unread == 1


def test_a_temperature_moves_probabilities_of_every_reason_and_no_order():
    mean = next(means(iter(rankings()), 4))
    answer = Answer("Cooks", "exact", "c")
    assert at_temperature([mean, answer], None) == [mean, answer]
    warm, same = at_temperature([mean, answer], 2.0)
    assert same is answer and isinstance(warm, Drawn) and warm.reason == mean.reason
    for found, given in zip([warm.log_probs, *warm.each_ko], [RANKINGS.mean(axis=0), *RANKINGS], strict=True):
        np.testing.assert_allclose(np.exp(found), np.sqrt(given) / np.sqrt(given).sum())
        assert np.argsort(-found, kind="stable").tolist() == np.argsort(-given, kind="stable").tolist()


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_one_reason_stays_without_a_spread(temperature):
    (warm,) = at_temperature(rankings()[:1], temperature)
    assert not isinstance(warm, Drawn) and np.exp(warm.log_probs).sum() == pytest.approx(1)
