import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.prediction_file import read, write
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.recommenders.base import Recommendation


def predicted(taxonomy, person, walk, probs):
    jobs = tuple(Job(o, Date(1970 + i)) for i, o in enumerate(walk))
    (*_, t) = Career(Person(person), (), jobs, stays=True).transitions()
    with np.errstate(divide="ignore"):
        return predict(t, Recommendation(np.log(probs)), taxonomy, "toy", [])


@given(st.integers(0, 2**32 - 1))
def test_both_steps_add_up_to_the_log_loss(tiny_taxonomy, seed):
    rng = np.random.default_rng(seed)
    predictions, first, second = [], [], []
    for i in range(12):
        here, there = rng.integers(6), rng.integers(6)
        probs = rng.dirichlet(np.full(6, 0.3)) * (1 - 1e-9) + 1e-9 / 6
        predictions.append(predicted(tiny_taxonomy, str(i), [tiny_taxonomy.codes[o] for o in (here, there)], probs))
        first.append(-np.log(probs[here] if here == there else 1 - probs[here]))
        if here != there:
            second.append(-np.log(probs[there] / (1 - probs[here])))
    found = evaluate(predictions, tiny_taxonomy, 20, 0)
    parts = found["two_step"]
    assert parts["stay or move"]["value"] == pytest.approx(np.mean(first), rel=1e-5)
    moved = parts["share that moved"]["value"]
    assert moved == len(second) / 12 and parts["which, of moves"]["n"] == len(second)
    if second:
        assert parts["which, of moves"]["value"] == pytest.approx(np.mean(second), rel=1e-5)
    whole = parts["stay or move"]["value"] + moved * (parts["which, of moves"]["value"] or 0.0)
    assert found["log-loss"]["value"] == pytest.approx(whole)


def test_a_probability_of_staying_next_to_one_leaves_moves_a_finite_loss(tiny_taxonomy):
    probs = np.array([1.0, 1e-20, 1e-20, 1e-20, 1e-20, 1e-20])
    found = predicted(tiny_taxonomy, "1", "cb", probs)
    assert found.stay is not None
    assert found.stay.log_prob == pytest.approx(np.log(5e-20)) and not found.stay.stayed


def test_no_probability_of_staying_is_no_loss_for_who_moves(tiny_taxonomy):
    found = predicted(tiny_taxonomy, "1", "cb", np.array([0.0, 0.2, 0.2, 0.2, 0.2, 0.2]))
    assert found.stay == (False, pytest.approx(0.0, abs=1e-12))


def test_it_reads_back(tiny_taxonomy, tmp_path):
    predictions = [predicted(tiny_taxonomy, str(i), walk, np.full(6, 1 / 6)) for i, walk in enumerate(("cc", "cb"))]
    write(tmp_path / "p.jsonl", predictions)
    assert read(tmp_path / "p.jsonl") == predictions
    row = json.loads((tmp_path / "p.jsonl").read_text().splitlines()[0])
    assert row["stay"] == {"stayed": True, "log_prob": pytest.approx(np.log(1 / 6))}
    (tmp_path / "p.jsonl").write_text(json.dumps(row | {"stay": {"stayed": 1, "log_prob": -1.0}}))
    with pytest.raises(UserError, match="line 1: not a prediction"):
        read(tmp_path / "p.jsonl")


def test_where_staying_is_no_answer_there_is_one_step(sample, tiny_taxonomy):
    predictions = sample(5, seed=0)
    assert all(p.stay is None for p in predictions) and "two_step" not in evaluate(predictions, tiny_taxonomy, 20, 0)
