import json

import numpy as np
import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.prediction_file import read, write
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.recommenders.base import Recommendation


def log(*probabilities):
    with np.errstate(divide="ignore"):
        return Recommendation(np.log(np.array(probabilities)))


def test_a_line_holds_what_method_and_report_need(tiny_taxonomy, transition, tmp_path):
    t = transition("7", "c", "b", "p", race="white")
    p = predict(t, log(0.2, 0.0, 0.4, 0.3, 0.05, 0.05), tiny_taxonomy, "joint", ["1970 Cooks", "1971 Bakers"])
    write(tmp_path / "predictions.jsonl", [p])
    assert json.loads((tmp_path / "predictions.jsonl").read_text()) == {
        "person": "7",
        "transition": 1,
        "ground_truth_occupation": {"onet_title": "Pilots"},
        "predictions": {"joint": "Butchers"},
        "truth": "p",
        "top": [
            ["Butchers", pytest.approx(0.4)],
            ["Pilots", pytest.approx(0.3)],
            ["Cooks", pytest.approx(0.2)],
            ["Bus drivers", pytest.approx(0.05)],
            ["Nurses", pytest.approx(0.05)],
        ],
        "rank": 2,
        "log_prob": pytest.approx(np.log(0.3)),
        "probability": pytest.approx(0.4),
        "reason": None,
        "history": ["1970 Cooks", "1971 Bakers"],
        "slices": {"race": "white"},
    }


def test_equal_probabilities_rank_in_the_taxonomys_order(tiny_taxonomy, transition):
    even = log(0.2, 0.0, 0.2, 0.2, 0.2, 0.2)
    ranks = [predict(transition("1", "b", t), even, tiny_taxonomy, "x", []).rank for t in ("c", "m", "p", "d", "n")]
    assert ranks == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("walk", "probabilities", "message"),
    [
        (("c", "b"), (0.0, 0.5, 0.1, 0.1, 0.1, 0.1), "add up to 0.9000"),
        (("c", "b"), (0.0, np.nan, 0.1, 0.1, 0.1, 0.1), "add up to nan"),
        (("c", "b"), (0.1, 0.9, 0.0, 0.0, 0.0, 0.0), "the present occupation got a probability"),
        (("c", "b"), (0.0, 0.0, 0.5, 0.5, 0.0, 0.0), "the truth \\('Bakers'\\) got no probability"),
        (("c", "c"), (0.0, 0.2, 0.2, 0.2, 0.2, 0.2), "the true next occupation is the present one"),
        (("c", "b"), (0.5, 0.5), "expected 6 log probabilities"),
    ],
)
def test_what_is_no_ranking_is_refused(tiny_taxonomy, transition, walk, probabilities, message):
    with pytest.raises(UserError, match=message):
        predict(transition("1", *walk), log(*probabilities), tiny_taxonomy, "x", [])


def test_written_predictions_read_back_equal(sample, tmp_path):
    predictions = sample(20, seed=0)
    write(tmp_path / "p.jsonl", predictions)
    assert read(tmp_path / "p.jsonl") == predictions


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": "first"}, "line 2: not a prediction"),
        ({"log_prob": float("nan")}, "line 2: not a prediction"),
        ({"top": [["Cooks"]]}, "line 2: not a prediction"),
        ({"predictions": {"a": "Cooks", "b": "Cooks"}}, "line 2: not a prediction"),
        ({"predictions": {"toy": "Astronauts"}}, "line 2: 'predictions' says 'Astronauts'"),
        ({"truth": None}, "line 2: not a prediction"),
        ({"ground_truth_occupation": {}}, "line 2: a prediction needs the key 'onet_title'"),
    ],
)
def test_a_bad_line_is_named(sample, tmp_path, change, message):
    path = tmp_path / "p.jsonl"
    write(path, sample(3, seed=0))
    lines = path.read_text().splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | change)
    path.write_text("\n".join(lines))
    with pytest.raises(UserError, match=message):
        read(path)
