"""Do two figures of a few jobs go together? Spearman's rank correlation, a permutation test, and what so few show."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

_EXACT = 8
"""Most values of which every order is tried: 40,320 orders."""

_DRAWN = 100_000
"""Orders drawn by chance where there are more values."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Of `n` pairs of values.

    rho: Spearman's, -1 to 1, equal values sharing their mean rank. p: two-sided, the share of all orders of one side
    with a correlation at least as strong. least_p: the smallest p that any order of these values has: what `n` can show
    at best. All three are `None` with fewer than three pairs, or where one side has one value alone. exact: every order
    was tried; else `p` comes from random ones.
    """

    n: int
    rho: float | None
    p: float | None
    least_p: float | None
    exact: bool


def rank_correlation(x: Sequence[float], y: Sequence[float], seed: int) -> RankCorrelation:
    """The rank correlation of pairs of values.

    Args:
        x, y: values of the same jobs, in the same order.
        seed: of the orders drawn where there are too many to try them all.

    Raises:
        ValueError: the two differ in length.
    """
    if len(x) != len(y):
        raise ValueError(f"expected a pair for each job: {len(x)} values and {len(y)} values")
    n = len(x)
    exact = n <= _EXACT
    if n < 3 or len(set(x)) == 1 or len(set(y)) == 1:
        return RankCorrelation(n, None, None, None, exact)
    a, b = _unit(x), _unit(y)
    rho = float(a @ b)
    found_o = np.abs(_orders(b, seed) @ a)
    # of random orders the one that came is one more; of all orders it is among them
    more = 0 if exact else 1
    p, least = (((found_o >= at - _ROUNDING).sum() + more) / (len(found_o) + more) for at in (abs(rho), found_o.max()))
    return RankCorrelation(n, rho, float(p), float(least), exact)


def orders(n: int) -> str:
    """How many orders were tried, in words."""
    return f"all {factorial(n):,} orders" if n <= _EXACT else f"{_DRAWN:,} random orders"


def _unit(values: Sequence[float]) -> Float[np.ndarray, " n"]:
    """Ranks as a vector of mean 0 and length 1, so that a product of two is their correlation."""
    ranks = rankdata(values)
    ranks = ranks - ranks.mean()
    return ranks / np.sqrt(ranks @ ranks)


def _orders(values: Float[np.ndarray, " n"], seed: int) -> Float[np.ndarray, "orders n"]:
    if len(values) <= _EXACT:
        return np.array(list(permutations(values)))
    return np.random.default_rng(seed).permuted(np.tile(values, (_DRAWN, 1)), axis=1)
