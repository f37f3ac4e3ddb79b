import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.evaluation.metrics import HITS, MEANS, hit, ndcg, related_match, scores
from reasoning_occ.evaluation.prediction_file import write
from reasoning_occ.evaluation.predictions import Prediction


def said(title, truth="c", truth_title="Cooks"):
    top = ((title, 0.5),) if title else ()
    return Prediction("x", "1", 0, truth, truth_title, top, None, None, None, None, (), {})


def test_credit_falls_with_the_rank(tiny_taxonomy):
    # "Cooks" has the related list ["Bakers", "Butchers"]
    found = related_match([said(t) for t in ("Cooks", "Bakers", "Butchers", "Pilots", "")], tiny_taxonomy)
    assert found.tolist() == [1.0, 1 / 2, 1 / 3, 0.0, 0.0]


def test_a_related_occupation_that_is_not_ranked_keeps_its_place(tiny_taxonomy):
    # "Bakers", number 1 of the list of "Cooks", are left out: "Butchers" stay number 2
    found = related_match([said("Butchers")], tiny_taxonomy.only({"c", "m"}))
    assert found.tolist() == [1 / 3]


def test_a_truth_without_related_occupations_counts_by_exact_match(tiny_taxonomy):
    found = related_match([said(t, "n", "Nurses") for t in ("Nurses", "Cooks")], tiny_taxonomy)
    assert found.tolist() == [1.0, 0.0]


def test_our_file_gives_the_same_accuracies_by_the_papers_formulas(sample, tiny_taxonomy, tmp_path):
    """Reads the two keys of the released script's format and a file of related titles, nothing else of ours."""
    predictions = sample(200, seed=1)
    write(tmp_path / "predictions.jsonl", predictions)
    related_file = tmp_path / "related.json"
    related_file.write_text(
        json.dumps(
            {
                o.title: {str(r): tiny_taxonomy.title(c) for r, c in enumerate(tiny_taxonomy.related(o.code), 1)}
                for o in tiny_taxonomy
                if tiny_taxonomy.related(o.code)
            }
        )
    )

    related = json.loads(related_file.read_text())
    exact = near = total = 0
    for line in (tmp_path / "predictions.jsonl").read_text().splitlines():
        row = json.loads(line)
        truth, predicted = row["ground_truth_occupation"]["onet_title"], row["predictions"].get("toy", "")
        total += 1
        if predicted == truth:
            exact += 1
            near += 1
            continue
        for place, title in related.get(truth, {}).items():
            if title == predicted:
                near += 1 / (int(place) + 1)

    found = scores(predictions, tiny_taxonomy)
    assert 0 < exact < total and exact < near < total
    assert found["AccEM"].mean() == pytest.approx(exact / total)
    assert found["AccRM"].mean() == pytest.approx(near / total)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=50))
def test_bounds_and_order_of_ranking_metrics(ranks):
    ranks = np.array(ranks, dtype=float)
    hits = [hit(ranks, k).mean() for k in HITS]
    assert hits == sorted(hits)
    assert np.all(1 / ranks >= hit(ranks, 1)) and np.all(1 / ranks <= 1)
    assert np.all(ndcg(ranks, 10) <= hit(ranks, 10))
    assert np.all(ndcg(ranks, 10) >= hit(ranks, 1))


def test_ndcg_by_hand():
    assert ndcg(np.array([1.0, 2.0, 3.0, 10.0, 11.0, np.inf]), 10).tolist() == pytest.approx(
        [1.0, 1 / np.log2(3), 0.5, 1 / np.log2(11), 0.0, 0.0]
    )


def test_a_missing_title_is_wrong_and_a_missing_probability_unscored(tiny_taxonomy):
    found = scores([said("")], tiny_taxonomy)
    assert {name for name, values in found.items() if np.isnan(values[0])} == {"log-loss", "Brier"}
    assert all(found[name][0] == 0 for name in MEANS if name not in ("log-loss", "Brier"))
