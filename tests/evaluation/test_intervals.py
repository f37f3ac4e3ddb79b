import numpy as np
import pytest

from reasoning_occ.evaluation.intervals import percentile_interval, resampled_sums, wilson


def test_each_resample_draws_as_many_people_as_there_are():
    people = [f"p{i}" for i in range(30)]
    sums = resampled_sums(np.ones((30, 1)), people, resamples=50, seed=0)
    assert sums.shape == (50, 1) and np.all(sums == 30)


def test_a_persons_rows_are_drawn_together():
    # one row +1 and one row -1 a person: the sum is zero unless a person is torn apart
    rows = np.array([[1.0], [-1.0]] * 20)
    people = [f"p{i // 2}" for i in range(40)]
    assert np.all(resampled_sums(rows, people, resamples=100, seed=0) == 0)


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(0)
    rows, people, order = rng.normal(size=(60, 2)), [f"p{i % 25}" for i in range(60)], rng.permutation(60)
    one = resampled_sums(rows, people, 40, seed=3)
    other = resampled_sums(rows[order], [people[i] for i in order], 40, seed=3)
    np.testing.assert_allclose(one, other)


def test_the_width_is_that_of_theory():
    # the standard error of a share is sqrt(p (1 - p) / n)
    right = (np.random.default_rng(1).random(2000) < 0.3).astype(float)[:, None]
    low, high = percentile_interval(resampled_sums(right, [str(i) for i in range(2000)], 2000, seed=0) / 2000)[:, 0]
    p = right.mean()
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(p * (1 - p) / 2000), rel=0.1)


def test_memory_is_bounded_and_chunks_agree_with_their_theory(monkeypatch):
    monkeypatch.setattr("reasoning_occ.evaluation.intervals._CELLS", 100)
    sums = resampled_sums(np.arange(40.0)[:, None], [str(i) for i in range(40)], 501, seed=0)
    assert sums.shape == (501, 1)
    assert sums.mean() == pytest.approx(np.arange(40).sum(), rel=0.03)


@pytest.mark.parametrize(("share", "n"), [(0.0, 20), (1.0, 20), (0.3, 50)])
def test_wilsons_interval_solves_its_equation(share, n):
    # its ends are the true shares at which the observed one is 1.96 standard errors away
    for end in wilson(share, n):
        assert (share - end) ** 2 == pytest.approx(1.96**2 * end * (1 - end) / n, abs=1e-12)
