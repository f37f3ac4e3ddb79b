"""metrics.csv goes on after a resume; a job is one run on Weights & Biases, and no more is sent than was asked for."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from wandb_file import Logged, read

from reasoning_occ.check import check
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.shown import shown_config
from reasoning_occ.tracking import COLUMNS, PREFER, PREFERENCE_COLUMNS, CsvLog, tracker

ALL_FIELDS = f"privacy.send=[{','.join(FIELDS)}]"


def run(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "reasoning_occ.run", f"output={folder}/runs", f"sweeps={folder}/sweeps", *words]
    env = os.environ | {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline", "WANDB_SILENT": "true", "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [*command, "logger=wandb", "debug=tiny"], cwd=folder, env=env, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr


def logged(job: Path) -> list[Logged]:
    return [read(file) for file in sorted(job.glob("wandb/offline-run-*/*.wandb"))]


def test_rows_beyond_the_checkpoint_are_replaced(tmp_path):
    path = tmp_path / "metrics.csv"
    first = CsvLog(path, COLUMNS)
    for step in range(5):
        first.log_metrics({"loss": float(step), "epoch": 0}, step)
    first.log_metrics({"valid_loss": 7.0}, 3)  # after step 2, at the checkpoint that training goes on from
    second = CsvLog(path, COLUMNS)
    for step in range(3, 6):
        second.log_metrics({"loss": 10.0 + step}, step)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["valid_loss"]) for row in rows if row["valid_loss"]] == [("3", "7.0")]
    assert [(int(row["step"]), float(row["loss"])) for row in rows if row["loss"]] == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 13),
        (4, 14),
        (5, 15),
    ]
    assert "epoch" not in rows[0]


@pytest.mark.parametrize(
    ("key", "told"), [("", "nobody is logged in"), ("short", "WANDB_API_KEY invalid: API key must have")]
)
@pytest.mark.slow
def test_who_is_not_logged_in_is_told_before_anything_is_made(key, told, tmp_path):
    words = ["logger=wandb", "debug=tiny", f"output={tmp_path}/runs", f"stages={tmp_path}/stages"]
    nowhere = {"HOME": str(tmp_path), "NETRC": str(tmp_path / "none"), "WANDB_BASE_URL": "http://127.0.0.1:9"}
    env = os.environ | nowhere | {"WANDB_MODE": "online", "WANDB_API_KEY": key, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "reasoning_occ.run", *words], cwd=tmp_path, env=env, capture_output=True, text=True,
        timeout=200, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1 and f"logger=wandb: {told}" in done.stderr and "WANDB_MODE=offline" in done.stderr
    (job,) = (tmp_path / "runs").iterdir()
    assert not (tmp_path / "stages").exists() and not (job / "reasons.jsonl").exists()


@pytest.mark.slow
def test_a_job_that_was_finished_without_it_sends_its_figures_late(tmp_path):
    words = ["baseline=markov", f"output={tmp_path}/runs", "data.people=60"]
    env = os.environ | {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "OMP_NUM_THREADS": "1"}

    def again(*more: str) -> str:
        command = [sys.executable, "-m", "reasoning_occ.run", *words, *more]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stderr
        return " ".join((done.stdout + done.stderr).split())

    again()
    (job,) = (tmp_path / "runs").iterdir()
    assert "its figures are sent now, its curves are not" in again("logger=wandb")
    (found,) = logged(job)
    assert found.summary["AccEM"] == pytest.approx(json.loads((job / "metrics.json").read_text())["AccEM"]["value"])
    assert found.exit_code == 0 and found.run.run_id == job.name
    assert "sent now" not in again("logger=wandb") and len(logged(job)) == 1


@pytest.mark.slow
def test_a_job_is_one_run_with_figures_and_nothing_of_careers(tmp_path):
    run(tmp_path, "-m", "method=joint,direct")
    jobs = [job for job in tmp_path.glob("sweeps/*/*") if job.is_dir()]
    assert len(jobs) == 2
    for job in jobs:
        (found,) = logged(job)
        method = job.name.split("-")[0]
        assert (found.run.run_id, found.run.run_group, found.exit_code) == (job.name, job.parent.name, 0)
        assert list(found.run.tags) == [method, "nls", "smollm2", *(["rubric"] if method == "joint" else [])]
        assert found.config["trainer"]["max_steps"] == 4 and "output" not in found.config
        assert found.config["names"]["recommender"] == method and found.config["names"]["model"] == "smollm2"
        assert found.config["names"]["judge"] == ("rubric" if method == "joint" else "none")
        assert ("cost/seconds/write" in found.summary) == (method == "joint")
        for name, metric in json.loads((job / "metrics.json").read_text()).items():
            if "value" in metric and metric["value"] is not None:
                assert found.summary[name] == pytest.approx(metric["value"])
                if metric["low"] is not None:
                    assert found.summary[f"{name}/low"] == pytest.approx(metric["low"])
        losses = [row["learn/loss"] for row in found.history if "learn/loss" in row]
        assert len(losses) == 4 and found.summary["learn/step"] == 4 and not found.artifacts
        sent = b"".join(file.read_bytes() for file in (job / "wandb").rglob("*") if file.is_file())
        rows = list(read_jsonl(job / "predictions.jsonl"))
        private = {line for row in rows for line in [*row["history"], row["reason"]] if line and len(line) > 8}
        assert private and not any(text.encode() in sent for text in private)


@pytest.mark.slow
def test_tables_and_adapter_when_asked_for_and_a_job_that_goes_on_in_its_run(tmp_path):
    words = ["method=joint", ALL_FIELDS, "logger.tables=true", "logger.artifact=true"]
    run(tmp_path, *words)
    (job,) = (tmp_path / "runs").iterdir()
    (found,) = logged(job)
    assert any(name == f"{job.name}-adapter" for name in found.artifacts)
    (file,) = job.glob("wandb/offline-run-*/files/media/table/predictions*.json")
    table = json.loads(file.read_text())
    rows = list(read_jsonl(job / "predictions.jsonl"))
    assert table["columns"] == ["truth", "rank", "reason", *(f"title {number}" for number in range(1, 6))]
    assert [line[2] for line in table["data"]] == [row["reason"] for row in rows]
    assert not any(str(row["person"]) in map(str, line) for row, line in zip(rows, table["data"], strict=True))
    (job / "status.json").unlink()  # as if it had been stopped before the end
    run(tmp_path, *words)
    again = logged(job)
    assert len(again) == 2 and {one.run.run_id for one in again} == {job.name}


def composed(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", ["logger=wandb", "debug=tiny", *overrides])


@pytest.mark.parametrize("method", ["joint", "direct"])  # what a job does not use is in its configuration too
def test_no_path_of_this_machine_and_no_address_is_sent(method, tmp_path):
    (tmp_path / "my-model").mkdir()
    address = "http://me:secret@inner.example:8000/v1"
    job = [f"method={method}", "data=json", "data.path=mine/people.jsonl", "split.test_file=test-ids.txt"]
    asked = ["teacher=openai", "teacher.model=my-model", f"teacher.base_url={address}"]  # a folder of this one
    sent = shown_config(composed(*job, *asked, "judge=reprediction", "judge.predictor=runs/joint-1", "output=here/o"))
    told = json.dumps(sent)
    for place in ("secret", "inner.example", "people.jsonl", "test-ids", "my-model", "joint-1", "here/o", "ledger"):
        assert place not in told, place
    sent = shown_config(composed(*job, "teacher=local", "teacher.model=Qwen/Qwen3-8B", "judge=local"))
    assert sent["teacher"]["model"] == "Qwen/Qwen3-8B" and sent["judge"]["_target_"].endswith("LocalJudge")
    assert sent["trainer"]["max_steps"] == 4 and sent["model"]["hub"] == composed().model.hub
    for path in ("/models/Qwen3-8B", "~/Qwen3-8B", "./Qwen3-8B", "Qwen3-8B.gguf"):
        assert "Qwen3-8B" not in json.dumps(shown_config(composed("teacher=local", f"teacher.model='{path}'")))


def test_tables_are_refused_where_careers_may_not_be_sent():
    check(composed())
    check(composed("logger.tables=true", ALL_FIELDS))
    for overrides in ([], ["baseline=markov"], [ALL_FIELDS, "privacy.local_only=true"]):
        with pytest.raises(UserError, match=r"logger\.tables=true: .* privacy\.send to be all fields"):
            check(composed("logger.tables=true", *overrides))
    with pytest.raises(UserError, match=r"logger\.artifact: expected true or false; got 'yes please'"):
        check(composed("logger.artifact='yes please'"))


def test_preference_training_has_a_log_of_its_own(tmp_path):
    cfg = OmegaConf.create({"logger": {"kind": "csv"}})
    with tracker(cfg, tmp_path, "fit") as log:
        log.log_metrics({"loss": 3.0}, 0)
    for resumed_at in (0, 1):  # its steps count from 0 again, and the rows of SFT stay
        with tracker(cfg, tmp_path, PREFER) as log:
            for step in range(resumed_at, 3):
                log.log_metrics({"loss": 0.6, "reward_margin": float(resumed_at), "valid_loss": 1.0}, step)
    assert (tmp_path / "metrics.csv").read_text().splitlines()[1].startswith("0,3.0")
    with open(tmp_path / "preference.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == PREFERENCE_COLUMNS
    assert [(row["step"], row["reward_margin"]) for row in rows] == [("0", "0.0"), ("1", "1.0"), ("2", "1.0")]
