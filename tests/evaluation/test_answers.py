"""One title in place of a ranking: what can be measured of it, and what is counted as not available."""

import pytest

from reasoning_occ.evaluation.answers import answers
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.paired import paired
from reasoning_occ.evaluation.prediction_file import read, write
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.evaluation.scored import score
from reasoning_occ.recommenders.base import Answer

RANKED = ("Hit@1", "Hit@5", "MRR", "NDCG@10", "log-loss", "Brier", "ECE")


@pytest.fixture
def answered(tiny_taxonomy, transition):
    """Five people who go from cooks to bakers, and what was answered: right, near, the present, none, refused."""
    said = [
        Answer("Bakers", "exact", "b"),
        Answer("Butcher", "nearest", "m"),
        Answer("Chefs", "alias", "c"),
        Answer("Astronauts", "unmatched"),
        Answer("I can't.", "refused"),
    ]
    return [
        predict(transition(f"p{i}", "c", "b"), answer, tiny_taxonomy, "api", ["a line"])
        for i, answer in enumerate(said)
    ]


def test_the_present_occupation_is_wrong_though_it_is_near_the_truth(answered, tiny_taxonomy):
    found = evaluate(answered, tiny_taxonomy, 20, 0)
    # cooks are number 1 among those related to bakers: a title of theirs would have earned a half
    assert found["AccEM"]["value"] == pytest.approx(1 / 5)
    assert found["AccRM"]["value"] == pytest.approx((1 + 1 / 3) / 5)
    assert found["counts"]["invalid"] == 3 and found["AccEM"]["n"] == found["AccRM"]["n"] == 5


def test_metrics_of_rankings_are_not_available_and_not_zero(answered, tiny_taxonomy):
    found = evaluate(answered, tiny_taxonomy, 20, 0)
    assert [(found[name]["value"], found[name]["n"], found[name]["low"]) for name in RANKED] == [(None, 0, None)] * 7


def test_answers_are_counted_by_what_became_of_them(answered, sample, tiny_taxonomy):
    counts = {
        "raw": 4, "exact": 1, "alias": 1, "nearest": 1, "unmatched": 1, "present": 1,
        "refused": 1, "cut off": 0, "unreadable": 0,
    }  # fmt: skip
    assert answers(answered) == counts == evaluate(answered, tiny_taxonomy, 20, 0)["answers"]
    assert "answers" not in evaluate(sample(5, seed=0), tiny_taxonomy, 20, 0)


def test_answers_are_read_as_they_were_written(answered, tmp_path):
    write(tmp_path / "predictions.jsonl", answered)
    assert read(tmp_path / "predictions.jsonl") == answered


def test_a_pair_with_a_ranking_is_compared_in_what_both_have(answered, tiny_taxonomy, transition):
    import numpy as np

    from reasoning_occ.recommenders.base import Recommendation, allowed

    moves = [transition(f"p{i}", "c", "b") for i in range(5)]
    with np.errstate(divide="ignore"):
        even = [Recommendation(np.log(allowed(t.history, tiny_taxonomy) / 5)) for t in moves]
    ranked = [predict(t, one, tiny_taxonomy, "even", []) for t, one in zip(moves, even, strict=True)]
    found = paired(score(answered, tiny_taxonomy), score(ranked, tiny_taxonomy), 20, 0).differences
    assert found["AccEM"]["value"] == pytest.approx(1 / 5 - 1) and found["MRR"]["value"] is None
