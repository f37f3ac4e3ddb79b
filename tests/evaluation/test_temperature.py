import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from reasoning_occ.careers.split import split_by_person
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.prediction_file import read, write
from reasoning_occ.evaluation.predictions import predict, tempered
from reasoning_occ.evaluation.temperature import GRID, best, cooled, fit_temperature, losses
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.markov import Markov


def drawn(seed, n, wrong, k=8):
    """Distributions, each raised to a power and so too sure by `wrong`, and truths drawn from the distributions."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(k, 0.7), n) * 0.999 + 0.001 / k
    truths = [rng.choice(k, p=p) for p in probs]
    return tempered_rows(np.log(probs), 1 / wrong), truths


def tempered_rows(log_probs, temperature):
    return np.stack([tempered(row, temperature) for row in log_probs])


@given(st.integers(0, 10_000), st.floats(0.4, 2.5))
def test_the_chosen_one_is_next_to_the_optimum_of_the_loss(seed, wrong):
    log_probs, truths = drawn(seed, 60, wrong)
    table = np.array([losses(row, truth) for row, truth in zip(log_probs, truths, strict=True)])

    def loss(log_t):
        # the obvious way, one by one
        total = 0.0
        for row, truth in zip(log_probs, truths, strict=True):
            scaled = np.exp(row / np.exp(log_t))
            total -= np.log(scaled[truth] / scaled.sum())
        return total / len(truths)

    optimum = minimize_scalar(loss, bounds=(np.log(GRID[0]), np.log(GRID[-1])), method="bounded").fun
    assert optimum <= loss(np.log(best(table))) + 1e-6 and loss(np.log(best(table))) - optimum < 2e-3
    assert table[:, list(GRID).index(best(table))].mean() == pytest.approx(loss(np.log(best(table))))


def test_what_is_twice_too_sure_gets_a_temperature_of_two():
    log_probs, truths = drawn(0, 4000, 2.0)
    assert best(np.array([losses(r, t) for r, t in zip(log_probs, truths, strict=True)])) == pytest.approx(2, rel=0.1)


def test_a_temperature_keeps_the_order_and_what_is_not_allowed():
    row = np.array([np.log(0.7), -np.inf, np.log(0.2), np.log(0.1)])
    for value in (0.3, 1.0, 4.0):
        new = tempered(row, value)
        assert np.exp(new).sum() == pytest.approx(1) and new[1] == -np.inf
        assert np.argsort(-new).tolist() == np.argsort(-row).tolist()
    assert tempered(row, 1.0) == pytest.approx(row)


class TooSure:
    """A recommender's log-probabilities times three."""

    name = "too sure"

    def __init__(self, inner, asked=None):
        self.inner, self.asked = inner, [] if asked is None else asked

    def recommend(self, histories):
        for told in self.inner.recommend(histories):
            self.asked.append(1)
            yield Recommendation(tempered(told.log_probs, 1 / 3))


@pytest.fixture
def too_sure(nls, tmp_path):
    split = split_by_person(nls.careers, 0, 0.1, 0.2)
    markov = Markov(nls.taxonomy, back_off=5.0, smoothing=0.5)
    markov.fit(split.train, split.valid, tmp_path)
    return TooSure(markov), split


def test_fitted_on_validation_people_it_mends_test_people(too_sure, nls, tmp_path):
    recommender, split = too_sure
    found = fit_temperature(recommender, split.valid, nls.taxonomy, tmp_path)
    assert found.value > 2 and found.transitions == len(split.valid) and not found.at_edge
    assert found.people == len({t.history.person.id for t in split.valid})
    told = recommender.recommend([t.history for t in split.test])
    predictions = [
        predict(t, r, nls.taxonomy, "x", [], temperature=found.value)
        for t, r in zip(split.test, told, strict=True)
    ]  # fmt: skip
    measured = evaluate(predictions, nls.taxonomy, 50, 0)
    for name in ("log-loss", "ECE"):
        assert measured["tempered"][name]["high"] < measured[name]["low"]
    plain = [predict(t, r, nls.taxonomy, "x", []) for t, r in zip(
        split.test, recommender.recommend([t.history for t in split.test]), strict=True
    )]  # fmt: skip
    before = evaluate(plain, nls.taxonomy, 50, 0)
    del measured["tempered"]
    assert measured == before
    assert [p.rank for p in cooled(predictions)] == [p.rank for p in plain]
    write(tmp_path / "p.jsonl", predictions)
    assert read(tmp_path / "p.jsonl") == predictions and cooled(plain) == []


def test_what_was_cut_off_goes_on(too_sure, nls, tmp_path):
    recommender, split = too_sure
    valid = split.valid[:40]
    whole = fit_temperature(recommender, valid, nls.taxonomy, tmp_path / "whole")
    lines = (tmp_path / "whole" / "valid_losses.jsonl").read_text().splitlines()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "valid_losses.part.jsonl").write_text("\n".join(lines[:11]) + "\n" + lines[11][:20])
    again = TooSure(recommender.inner)
    assert fit_temperature(again, valid, nls.taxonomy, tmp_path / "cut", together=4) == whole
    assert len(again.asked) == 40 - 8
    # and what is finished is not ranked again
    third = TooSure(recommender.inner)
    assert fit_temperature(third, valid, nls.taxonomy, tmp_path / "cut") == whole and third.asked == []
    with pytest.raises(UserError, match="not of this job's validation people"):
        fit_temperature(third, valid[:-1], nls.taxonomy, tmp_path / "cut")


def test_nobody_to_fit_on_is_told(too_sure, nls, tmp_path):
    with pytest.raises(UserError, match="no validation people"):
        fit_temperature(too_sure[0], [], nls.taxonomy, tmp_path)


def test_a_line_holds_both(tiny_taxonomy, transition, tmp_path):
    probs = np.array([0.2, 0.0, 0.4, 0.3, 0.05, 0.05])
    with np.errstate(divide="ignore"):
        told = Recommendation(np.log(probs))
    p = predict(transition("7", "b", "p"), told, tiny_taxonomy, "x", [], temperature=2.0)
    write(tmp_path / "p.jsonl", [p])
    row = json.loads((tmp_path / "p.jsonl").read_text())
    root = np.sqrt(probs) / np.sqrt(probs).sum()
    assert row["tempered"] == {"log_prob": pytest.approx(np.log(root[3])), "probability": pytest.approx(root[2])}
    assert (row["log_prob"], row["probability"]) == (pytest.approx(np.log(0.3)), pytest.approx(0.4))
