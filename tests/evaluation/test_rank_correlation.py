from itertools import permutations
from math import factorial

import numpy as np
import pytest
from scipy.stats import spearmanr

from reasoning_occ.evaluation.rank_correlation import rank_correlation


@pytest.mark.parametrize("seed", range(5))
def test_exact_p_counts_every_order(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=6).tolist(), rng.integers(0, 4, size=6).tolist()  # y has ties
    found = rank_correlation(x, y, 0)
    assert found.rho == pytest.approx(spearmanr(x, y).statistic)
    slow = [abs(spearmanr(x, order).statistic) for order in permutations(y)]
    assert found.exact and found.p == pytest.approx(np.mean(np.array(slow) >= abs(found.rho or 0) - 1e-9))


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_few_values_can_show_little(n):
    found = rank_correlation(range(n), range(n), 0)
    assert found.rho == pytest.approx(1) and found.p == found.least_p == pytest.approx(2 / factorial(n))


def test_more_values_take_random_orders_which_the_seed_names():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=12), rng.normal(size=12)
    found = rank_correlation(x.tolist(), y.tolist(), 0)
    assert not found.exact and found == rank_correlation(x.tolist(), y.tolist(), 0)
    assert found.p == pytest.approx(spearmanr(x, y).pvalue, abs=0.03)
    strong = rank_correlation(range(12), range(12), 0)
    assert strong.p is not None and 0 < strong.p < 1e-4  # never 0: the order that came is one


@pytest.mark.parametrize(("x", "y"), [([1, 2], [1, 2]), ([], []), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [2, 2, 2])])
def test_nothing_is_said_of_too_few_or_of_one_value(x, y):
    found = rank_correlation(x, y, 0)
    assert (found.n, found.rho, found.p, found.least_p) == (len(x), None, None, None)


def test_every_job_needs_a_pair():
    with pytest.raises(ValueError, match="a pair for each job"):
        rank_correlation([1, 2, 3], [1, 2], 0)
