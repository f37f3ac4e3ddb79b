"""What the agent of Weights & Biases would start by the files of experiments/sweeps."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args
from wandb_file import read

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.config import CONF
from reasoning_occ.report.content import METRICS
from reasoning_occ.validation import validate

FILES = sorted((Path(__file__).parents[2] / "experiments" / "sweeps").glob("*.yaml"))


def commands(sweep):
    """The words of every command, put together as the agent does it, by its own code."""
    choices = {
        key: each["values"] if "values" in each else [each["value"]] for key, each in sweep["parameters"].items()
    }
    for values in product(*choices.values()):
        args = {key: {"value": value} for key, value in zip(choices, values, strict=True)}
        filled = {**create_sweep_command_args({"args": args}), "env": [], "interpreter": ["python"]}
        filled["program"] = [sweep["program"]]
        yield [
            word
            for part in create_sweep_command(list(sweep["command"]))
            for word in (filled[part[2:-1]] if part.startswith("${") else [part])
        ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_combination_is_a_job(file):
    sweep = yaml.safe_load(file.read_text())
    assert sweep["method"] == "grid" and sweep["metric"]["name"] in METRICS
    jobs = set()
    for words in commands(sweep):
        assert words[:3] == ["python", "-m", "reasoning_occ.run"]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose("config", words[3:])
        validate(cfg)
        assert cfg.logger.kind == "wandb" and cfg.evaluation.part == "valid"
        jobs.add(OmegaConf.to_yaml(cfg))
    assert len(jobs) == len(list(commands(sweep))) > 1


def test_there_is_a_file():
    assert FILES


@pytest.mark.slow
def test_a_job_of_the_agent_is_the_agents_run(tmp_path):
    words = ["logger=wandb", "baseline=markov", "data.people=60", "evaluation.resamples=20", f"output={tmp_path}/runs"]
    (tmp_path / "config.yaml").write_text("wandb_version: 1\nbaseline: {value: markov}\n")
    agent = {"WANDB_SWEEP_ID": "s1", "WANDB_SWEEP_PARAM_PATH": f"{tmp_path}/config.yaml", "WANDB_MODE": "offline"}
    for run_id in ("one", "two"):  # the second time the job is done already
        env = os.environ | agent | {"WANDB_RUN_ID": run_id, "WANDB_SILENT": "true", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "reasoning_occ.run", *words]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
    found = [read(file) for file in sorted(tmp_path.glob("runs/*/wandb/offline-run-*/*.wandb"))]
    assert sorted(one.run.run_id for one in found) == ["one", "two"]
    assert {one.exit_code for one in found} == {0}
    assert found[0].summary["MRR"] == found[1].summary["MRR"] > 0
