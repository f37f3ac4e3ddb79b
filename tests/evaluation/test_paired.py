import json
from dataclasses import replace
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import binomtest, permutation_test

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import METRICS, evaluate
from reasoning_occ.evaluation.paired import holm, mcnemar, paired, sign_flips
from reasoning_occ.evaluation.scored import Scored, read, score, write


def test_a_pair_finds_a_difference_that_single_intervals_hide(sample, tiny_taxonomy):
    a, b = sample(200, seed=5, skill=1.3, name="a"), sample(200, seed=5, skill=1.0, name="b")
    one, other = (evaluate(p, tiny_taxonomy, 500, 0)["MRR"] for p in (a, b))
    found = paired(score(a, tiny_taxonomy), score(b[::-1], tiny_taxonomy), 500, 0).differences["MRR"]
    assert one["low"] < other["high"]
    assert found["value"] == pytest.approx(one["value"] - other["value"])
    assert 0 < found["low"] < found["value"] < found["high"]


def test_equal_predictions_differ_in_nothing(sample, tiny_taxonomy):
    a = score(sample(50, seed=5), tiny_taxonomy)
    found = paired(a, a, 50, 0)
    for difference in found.differences.values():
        assert (difference["value"], difference["low"], difference["high"]) == (0, 0, 0)
    assert (found.only_ours, found.only_theirs, found.p_mcnemar) == (0, 0, 1.0)
    assert set(found.p.values()) == {1.0} and {*found.smallest.values(), *found.effects.values()} == {None}


def test_the_bootstrap_of_a_difference_is_that_of_the_persons_differences(sample, tiny_taxonomy):
    # written plainly: draw people, average the differences of their scores
    a, b = (score(sample(60, seed=s), tiny_taxonomy) for s in (1, 2))
    found = paired(a, b, 4000, 0).differences["AccEM"]
    difference = a.means[:, 0] - b.means[:, 0]
    rng = np.random.default_rng(9)
    drawn = [difference[rng.integers(60, size=60)].mean() for _ in range(4000)]
    assert found["value"] == pytest.approx(difference.mean())
    assert (found["low"], found["high"]) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.02)


def test_the_counts_of_the_test_are_of_those_that_one_alone_has_right(sample, tiny_taxonomy):
    a, b = (sample(80, seed=s) for s in (1, 2))
    found = paired(score(a, tiny_taxonomy), score(b, tiny_taxonomy), 20, 0)
    right = [(p.title == p.truth_title, q.title == q.truth_title) for p, q in zip(a, b, strict=True)]
    assert (found.only_ours, found.only_theirs) == (right.count((True, False)), right.count((False, True)))
    n = found.only_ours + found.only_theirs
    assert found.p_mcnemar == pytest.approx(binomtest(found.only_ours, n, 0.5).pvalue)


def test_mcnemar_is_the_binomial_test_of_disagreements():
    for b, c in product(range(9), repeat=2):
        expected = binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
        assert mcnemar(b, c) == pytest.approx(expected)
    assert mcnemar(3000, 2800) == pytest.approx(binomtest(3000, 5800, 0.5).pvalue)


def test_several_transitions_of_a_person_are_not_tested_as_if_independent(sample, tiny_taxonomy):
    a = score(sample(20, seed=0), tiny_taxonomy)
    keys = tuple((f"p{i // 2}", i) for i in range(20))
    both = Scored(keys, a.truths, a.means, a.probabilities)
    assert paired(both, both, 20, 0).p_mcnemar is None


def test_the_smallest_difference_is_found_in_four_of_five_tests():
    # one in five disagrees; the truth lies as far from none as the test says it needs
    n, rng = 300, np.random.default_rng(0)

    def drawn(shift):
        ours, theirs = np.zeros((n, 10)), np.zeros((n, 10))
        kind = rng.random(n)
        ours[:, 0], theirs[:, 0] = kind < 0.1 + shift / 2, kind > 1 - (0.1 - shift / 2)
        keys = tuple((f"{i:03}", 0) for i in range(n))
        return [Scored(keys, ("a",) * n, means, np.full(n, np.nan)) for means in (ours, theirs)]

    smallest = np.mean([paired(*drawn(0.0), 200, 0).smallest["AccEM"] for _ in range(40)])
    assert smallest == pytest.approx((1.96 + NormalDist().inv_cdf(0.8)) * np.sqrt(0.2 / n), rel=0.05)
    found = [paired(*drawn(smallest), 200, 0).differences["AccEM"]["low"] > 0 for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.08)


def test_what_nobody_could_score_is_not_tested(sample, tiny_taxonomy):
    a, b = (score(sample(30, seed=s), tiny_taxonomy) for s in (1, 2))
    b.means[:, 6] = np.nan  # as of a recommender that names one title
    found = paired(a, b, 20, 0)
    assert found.p["MRR"] is None and found.effects["MRR"] is None and found.smallest["MRR"] is None
    assert 0 < (found.p["AccEM"] or 0) <= 1
    b.means[:, 6] = a.means[:, 6]
    b.means[0, 6], a.means[1, 6] = np.nan, np.nan
    assert paired(a, b, 20, 0).p["MRR"] == 1  # what one alone could score is no difference


def test_sign_flips_are_those_of_every_way_to_draw_them():
    # few enough people to try all signs; scipy draws them too
    differences = np.array([[0.5, 0.1], [0.2, -0.1], [-0.1, 0.0], [0.7, 0.3], [0.3, 0.0], [0.4, -0.6], [0.05, 0.2]])
    found = sign_flips(differences, 20_000, 0)
    for column, p in zip(differences.T, found, strict=True):
        sums = [abs(column @ np.array(signs)) for signs in product((-1, 1), repeat=len(column))]
        every = np.mean([total >= abs(column.sum()) - 1e-9 for total in sums])
        assert p == pytest.approx(every, abs=0.01)
        drawn = permutation_test((column,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
        assert drawn == pytest.approx(every)


def test_a_person_with_several_transitions_has_one_sign(sample, tiny_taxonomy):
    a, b = (score(sample(40, seed=s), tiny_taxonomy) for s in (1, 2))
    keys = tuple((f"p{i // 4}", i) for i in range(40))
    ours, theirs = (Scored(keys, a.truths, one.means, one.probabilities) for one in (a, b))
    found = paired(ours, theirs, 20, 0)
    people = (a.means - b.means)[:, 6].reshape(10, 4).sum(1)
    assert found.p["MRR"] == pytest.approx(
        permutation_test((people,), np.mean, permutation_type="samples").pvalue, abs=0.02
    )
    assert found.effects["MRR"] == pytest.approx(people.mean() / people.std(ddof=1))


def test_holm_by_hand():
    # sorted .01 .02 .03 .04 times 4 3 2 1 is .04 .06 .06 .04; none may fall below one before it
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0] and holm([0.03]) == [0.03] and holm([]) == []


def test_unlike_tests_are_not_compared(sample, tiny_taxonomy):
    a, b = (score(p, tiny_taxonomy) for p in (sample(10, seed=0), sample(10, seed=0)[1:]))
    with pytest.raises(UserError, match="differ in 1, such as \\('p0', "):
        paired(a, b, 20, 0)


def test_other_answers_to_the_same_transitions_are_not_compared(sample, tiny_taxonomy):
    a = score(sample(10, seed=0), tiny_taxonomy)
    first = next(code for code in tiny_taxonomy.codes if code != a.truths[0])
    with pytest.raises(UserError, match="same answers: in 1 transitions, such as \\('p0', "):
        paired(a, replace(a, truths=(first, *a.truths[1:])), 20, 0)


def test_scores_on_disk_are_those_in_memory_to_the_last_digit(sample, tiny_taxonomy, tmp_path):
    scored = score(sample(30, seed=3), tiny_taxonomy)
    scored.means[2, -1] = scored.probabilities[2] = np.nan
    write(tmp_path / "scores.jsonl", scored)
    again = read(tmp_path / "scores.jsonl")
    assert (again.keys, again.truths) == (scored.keys, scored.truths)
    np.testing.assert_array_equal(again.columns, scored.columns)
    first = json.loads((tmp_path / "scores.jsonl").read_text().partition("\n")[0])
    assert set(first) == {"person", "transition", "truth", "top probability", *METRICS} - {"ECE"}


@pytest.mark.parametrize("content", ['{"person": "a"}\n', ""])
def test_a_file_without_scores_is_named(content, tmp_path):
    (tmp_path / "scores.jsonl").write_text(content)
    with pytest.raises(UserError, match=r"scores.jsonl: not the scores"):
        read(tmp_path / "scores.jsonl")
