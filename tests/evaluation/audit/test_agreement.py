from itertools import combinations, permutations
from random import Random

import krippendorff
import numpy as np
import pytest

from reasoning_occ.evaluation.audit.agreement import (
    agreement,
    alpha,
    correlations,
    histograms,
    pairwise,
    panel_agreement,
    rank_correlation,
)
from reasoning_occ.evaluation.audit.disagreements import disagreements
from reasoning_occ.evaluation.audit.sample import Rated
from reasoning_occ.reasons.oracle import Judged
from reasoning_occ.reasons.types import CRITERIA, Candidate, Score, Verdict


def scored(*values):
    return {c: Score(value, f"{c} because") for c, value in zip(CRITERIA, values, strict=True)}


def units(n, seed, noise=1.0):
    """Scores of three judges who see the same thing through noise, some of them missing."""
    rng = Random(seed)

    def one(truth):
        value = min(5, max(1, round(truth + rng.gauss(0, noise))))
        return None if rng.random() < 0.2 else value

    truths = [rng.randint(1, 5) for _ in range(n)]
    return [(f"p{i // 2}", [one(truth) for _ in range(3)]) for i, truth in enumerate(truths)]


def defined(found):
    """Alpha by its definition: one less observed over expected squared ordinal distance, pair by pair."""
    kept = [[v for v in values if v is not None] for _, values in found]
    kept = [values for values in kept if len(values) > 1]
    every = [v for values in kept for v in values]
    count = {v: every.count(v) for v in range(1, 6)}

    def distance(a, b):
        low, high = min(a, b), max(a, b)
        return (sum(count[g] for g in range(low, high + 1)) - (count[a] + count[b]) / 2) ** 2

    observed = sum(sum(distance(a, b) for a, b in permutations(vs, 2)) / (len(vs) - 1) for vs in kept) / len(every)
    expected = sum(distance(a, b) for a, b in permutations(every, 2)) / (len(every) * (len(every) - 1))
    return 1 - observed / expected


@pytest.mark.parametrize("noise", [0.3, 1.0, 5.0])
def test_alpha_is_that_of_its_definition(noise):
    found = units(60, seed=1, noise=noise)
    metric = alpha(found, 50, 0)
    assert metric["value"] == pytest.approx(defined(found))
    assert metric["n"] == sum(sum(v is not None for v in values) > 1 for _, values in found)


def test_its_interval_is_that_of_samples_of_people():
    found = units(40, seed=2)
    ids = sorted({person for person, _ in found})
    drawn = np.random.default_rng(5).integers(len(ids), size=(200, len(ids)))
    again = []
    for draw in drawn:
        rows = [values for i in draw for person, values in found if person == ids[i]]
        data = np.array([[np.nan if v is None else v for v in values] for values in rows], dtype=float).T
        again.append(krippendorff.alpha(data, level_of_measurement="ordinal", value_domain=(1, 2, 3, 4, 5)))
    metric = alpha(found, 200, 5)
    assert (metric["low"], metric["high"]) == pytest.approx(tuple(np.percentile(again, [2.5, 97.5])))


def test_where_there_is_nothing_to_agree_upon_there_is_no_alpha():
    assert alpha([], 10, 0) == {"value": None, "n": 0, "low": None, "high": None}
    assert alpha([("a", [5, 5]), ("b", [5, 5, None])], 10, 0)["value"] is None
    assert alpha([("a", [5, None]), ("b", [None, 4])], 10, 0)["n"] == 0
    assert alpha([("a", [1, 1]), ("b", [4, 4])], 10, 0)["value"] == 1
    assert alpha([("a", [1, 1]), ("a", [4, 4])], 10, 0)["low"] is None  # one person gives no interval


def test_rank_correlation_is_spearmans():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    x = rng.integers(1, 6, 80)
    y = np.clip(x + rng.integers(-2, 3, 80), 1, 5)
    pairs = [(f"p{i // 2}", int(a), int(b)) for i, (a, b) in enumerate(zip(x, y, strict=True))]
    metric = rank_correlation(pairs, 300, 0)
    assert metric["value"] == pytest.approx(spearmanr(x, y).statistic)
    assert metric["low"] < metric["value"] < metric["high"] and metric["n"] == 80
    assert rank_correlation([(p, 5, b) for p, _, b in pairs], 10, 0)["value"] is None


def test_histograms_and_correlations_count_what_was_scored(asked):
    found = asked(90, 3)
    counts = histograms(found)
    for c in CRITERIA:
        values = [one.value(c) for one in found]
        assert counts[c]["all"] == [values.count(i) for i in range(1, 6)]
        assert counts[c]["unscored"] == values.count(None) > 0
        assert sum(counts[c]["kept"]) == sum(one.chosen and one.value(c) is not None for one in found)
    for entry, (a, b) in zip(correlations(found, 20, 0), combinations(CRITERIA, 2), strict=True):
        assert (entry["first"], entry["second"]) == (a, b)
        assert entry["n"] == sum(one.value(a) is not None and one.value(b) is not None for one in found)


def test_two_judges_side_by_side(asked):
    first, second, third = asked(3, 0)
    rated = [
        Rated(first, {"x": scored(5, 4, None), "y": scored(5, 1, 3)}),
        Rated(second, {"x": scored(2, 2, 2), "y": scored(3, 2, 2)}),
        Rated(third, {"x": scored(1, 1, 1)}),
    ]
    found = pairwise(rated, "x", "y", 20, 0)
    assert [found[c]["equal"]["n"] for c in CRITERIA] == [2, 2, 1]
    assert [found[c]["equal"]["value"] for c in CRITERIA] == [0.5, 0.5, 1.0]
    assert [found[c]["within_one"]["value"] for c in CRITERIA] == [1.0, 0.5, 1.0]
    assert found["factuality"]["alpha"] == agreement(rated, 20, 0)["factuality"]


def test_the_largest_disagreements_come_first_and_unscored_is_none(asked, tiny_taxonomy):
    found = asked(4, 0)
    rated = [
        Rated(found[0], {"x": scored(4, 4, 4), "y": scored(4, 4, 4)}),
        Rated(found[1], {"x": scored(4, 4, 1), "y": scored(5, 4, 5)}),
        Rated(found[2], {"x": scored(1, 4, None), "y": scored(5, 1, 5)}),
        Rated(found[3], {"x": scored(None, 1, None), "y": scored(5, None, 1)}),
    ]
    told = disagreements(rated, 10, tiny_taxonomy)
    assert [entry["reason"] for entry in told] == [found[2].candidate.text, found[1].candidate.text]
    assert told[0]["gaps"] == {"factuality": 4, "coherence": 3, "utility": None}
    assert told[0]["judges"]["y"]["factuality"] == {"value": 5, "justification": "factuality because"}
    assert told[0]["truth"] == "Bus drivers" and any("Cooks" in line for line in told[0]["history"])
    assert len(disagreements(rated, 1, tiny_taxonomy)) == 1


def test_a_panel_s_agreement_is_over_all_that_its_members_judged():
    found = units(60, seed=5)
    lines = [
        Judged(
            (person, i),
            (Candidate("x"),),
            (Verdict({}, members=dict(zip("abc", map(all_of, values), strict=True))),),
            0,
        )
        for i, (person, values) in enumerate(found)
    ]
    by_criterion = panel_agreement(lines, 100, 0)
    assert by_criterion["utility"] == alpha(found, 100, 0) and by_criterion["utility"]["value"] > 0.5
    nobody = [Judged(("p", 0), (Candidate("x"),), (Verdict(all_of(3)),), None)]
    assert panel_agreement(nobody, 100, 0) == {}


def all_of(value):
    return scored(value, value, value)
