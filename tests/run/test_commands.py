"""The commands as a user types them, in processes of their own, offline."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from safetensors.torch import load_file

OFFLINE = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline", "WANDB_SILENT": "true", "OMP_NUM_THREADS": "2"}


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "reasoning_occ.run", f"output={folder}/runs", f"sweeps={folder}/sweeps", *words]


def run(folder: Path, *words: str, timeout: int = 400) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *words), cwd=folder, env=os.environ | OFFLINE, capture_output=True, text=True, timeout=timeout
    )


def only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


HELP = [
    ["reasoning_occ"],
    ["reasoning_occ.run", "--help"],
    ["reasoning_occ.run", "--cfg", "job"],
    ["reasoning_occ.inspect", "--help"],
    ["reasoning_occ.crosswalk", "--help"],
    ["reasoning_occ.recommend", "--help"],
    ["reasoning_occ.export", "--help"],
    ["reasoning_occ.plan", "--help"],
    ["reasoning_occ.report", "--help"],
    ["reasoning_occ.audit", "--help"],
    ["reasoning_occ.dashboard", "--help"],
    ["reasoning_occ.language.show", "--help"],
]


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_and_configuration_import_nothing_heavy(words, tmp_path):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and len(done.stdout) > 300
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert not imported & {"torch", "transformers", "lightning", "peft", "wandb", "pandas", "sklearn"}


def test_help_shows_every_choice_and_every_default():
    from reasoning_occ import help
    from reasoning_occ.complaint import known_keys
    from reasoning_occ.config import CONF

    page = help.page()
    for file in CONF.glob("*/*.yaml"):
        assert file.stem in page and help.first_sentence(file) in page
    for key in known_keys():
        assert f"{key.rpartition('.')[2]}:" in page, key
    assert "hydra:" not in page


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("seed=x", "seed: expected"),
        ("seed=true", "seed: expected"),
        ("data.people=0", "data.people: expected"),
        ("trainer.batch=2.5", "trainer.batch: expected a whole number"),
        ("trainer.lr=abc", "trainer.lr: expected a number"),
        ("trainer.precision=fp16", "trainer.precision: expected"),
        ("trainer.lora.r=0", "trainer.lora.r: expected"),
        ("logger.kind=foo", "logger.kind: expected csv or wandb"),
        ("evaluation.floors=markov", "evaluation.floors: expected a list"),
        ("model.max_tokens=x", "model.max_tokens: expected"),
        ("model.path=/no/such/folder", "/no/such/folder"),
    ],
)
def test_a_wrong_value_is_told_without_torch_and_leaves_no_folder(word, told, tmp_path):
    environment = os.environ | OFFLINE | {"PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        command(tmp_path, word), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and told in done.stderr
    assert not re.search(r"\| +torch$", done.stderr, re.MULTILINE)
    assert not (tmp_path / "runs").exists()


PERSON = '{"id": "a", "jobs": [{"occupation": "Cooks", "start": "1999"}, {"occupation": "Bakers", "start": "2003"}]}'
LATE = PERSON.replace('"start": "2003"', '"start": "2003", "end": "1999"')
SINGLE = '{"id": "a", "jobs": [{"occupation": "Cooks", "start": "1999"}]}'


@pytest.mark.parametrize(
    ("words", "content", "told"),
    [
        (["data.peple=3"], None, ["'data.peple' is no key", "data.people"]),
        (["data=nowhere"], None, ["data=nowhere", "json, json_resume, karrierewege, nls"]),
        (["metod=direct"], None, ["metod"]),
        (["baseline=markov", "data=json"], None, ["data.path: no value given"]),
        (["baseline=markov", "data=json", "data.path=absent.jsonl"], None, ["absent.jsonl"]),
        (["baseline=markov", "data=json", "data.path=people.jsonl"], "", ["people.jsonl"]),
        (["baseline=markov", "data=json", "data.path=people.jsonl"], f"{PERSON}\n{{oops", ["line 2"]),
        (["baseline=markov", "data=json", "data.path=people.jsonl"], LATE, ["line 1", "1999", "2003"]),
        (["baseline=markov", "data=json", "data.path=people.jsonl"], SINGLE, ["people.jsonl"]),
        (["baseline=markov", "data=json", "data.path=people.jsonl"], PERSON, ["1 people"]),
        (["baseline=markov", "data=json", "data.path=people.jsonl", "data.taxonomy=nls"], PERSON, ["line 1", "Cooks"]),
        (["baseline=markov", "method=direct"], None, ["one recommender"]),
        (["baseline=popularity", "baseline.smoothing=abc"], None, ["smoothing", "abc"]),
        (["output=/proc/nowhere", "baseline=markov"], None, ["/proc/nowhere"]),
        (["model.path=no/such/folder", "data.people=60"], None, ["model.path", "no/such/folder"]),
    ],
)
def test_bad_input_ends_in_a_sentence(words, content, told, tmp_path):
    if content is not None:
        (tmp_path / "people.jsonl").write_text(content, encoding="utf-8")
    done = run(tmp_path, *words, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in told:
        assert word in done.stderr


def test_unknown_option_is_a_usage_error(tmp_path):
    assert run(tmp_path, "--nonsense").returncode == 2


def test_a_baseline_from_the_command_line_and_again(tmp_path):
    first = run(tmp_path, "baseline=previous", "data.people=200")
    assert first.returncode == 0, first.stderr
    folder = only(tmp_path / "runs")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics["AccEM"]) == {"value", "n", "low", "high"} and metrics["AccEM"]["n"] > 20
    assert {"popularity", "markov", "previous"} == set(json.loads((folder / "floors.json").read_text()))
    assert json.loads((folder / "status.json").read_text())["done"] is True
    made = (folder / "predictions.jsonl").stat().st_mtime_ns
    again = run(tmp_path, "baseline=previous", "data.people=200")
    assert again.returncode == 0 and again.stdout == first.stdout
    assert (folder / "predictions.jsonl").stat().st_mtime_ns == made


def test_two_processes_never_share_a_folder(tmp_path):
    from reasoning_occ.errors import UserError
    from reasoning_occ.files import alone

    with alone(tmp_path / "run"), pytest.raises(UserError, match="Another process"), alone(tmp_path / "run"):
        pass
    with alone(tmp_path / "run"):
        pass


@pytest.mark.slow
def test_a_sweep_over_baselines_ends_in_one_table(tmp_path):
    done = run(tmp_path, "-m", "baseline=popularity,markov,previous", "data.people=200")
    assert done.returncode == 0, done.stderr
    sweep = only(tmp_path / "sweeps")
    assert len([job for job in sweep.iterdir() if job.is_dir()]) == 3
    for ending in ("txt", "md", "csv", "tex", "html"):
        assert "markov" in (sweep / f"table.{ending}").read_text()


def test_split_by_time_and_own_careers(nls, tmp_path):
    from reasoning_occ.careers.jsonl import write

    write(nls.careers[:150], tmp_path / "people.jsonl", nls.taxonomy)
    done = run(tmp_path, "baseline=markov", "data=json", "data.path=people.jsonl", "split.cut=1977")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_papers_families_tiny_and_offline(tmp_path):
    done = run(tmp_path, "-m", "model=qwen,llama", "debug=tiny")
    assert done.returncode == 0, done.stderr
    sweep = only(tmp_path / "sweeps")
    jobs = [job for job in sweep.iterdir() if job.is_dir()]
    assert len(jobs) == 2
    for job in jobs:
        for name in ("reasons.jsonl", "oracle.json", "predictions.jsonl", "metrics.json", "metrics.csv", "report.html"):
            assert (job / name).stat().st_size > 0
        assert (job / "adapter" / "adapter_model.safetensors").is_file()


@pytest.mark.slow
def test_a_sweep_trains_on_two_devices_and_learns_what_one_does(tmp_path):
    words = ["-m", "method=direct", "debug=tiny", "threads=1", "seed=0,1"]
    told = {}
    for trainer in ("default", "ddp"):
        done = run(tmp_path, *words, f"trainer={trainer}")
        assert done.returncode == 0, done.stderr
        jobs = [job for job in tmp_path.glob("sweeps/*/*") if (job / "metrics.csv").is_file()]
        new = sorted((job for job in jobs if job not in told), key=lambda job: (job / ".hydra/config.yaml").read_text())
        for job in new:
            with open(job / "metrics.csv", newline="") as file:
                told[job] = [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]
    first, second, *both = told.values()
    assert len(first) == 4 and len(both) == 2
    assert both[0] == pytest.approx(first, rel=1e-4) and both[1] == pytest.approx(second, rel=1e-4)


@pytest.mark.slow
def test_a_step_of_the_papers_settings_with_a_tiny_model(tmp_path):
    done = run(tmp_path, "experiment=paper", "debug=tiny", "trainer.max_steps=1", "preference.max_steps=1")
    assert done.returncode == 0, done.stderr
    job = only(tmp_path / "runs")
    assert (job / "model" / "model.safetensors").is_file() and not (job / "adapter").exists()
    for name in ("metrics.csv", "preference.csv"):
        with open(job / name, newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["loss"]]
        assert len(rows) == 1, name
    assert json.loads((job / "metrics.json").read_text())["AccEM"]["n"] > 0


@pytest.mark.slow
def test_a_model_shared_out_over_two_devices_is_the_one_that_a_single_device_makes(tmp_path):
    words = ["method=direct", "debug=tiny", "threads=1", "training=full", "trainer.precision=fp32"]
    told, made = [], []
    for trainer in ("default", "fsdp", *(["deepspeed"] if find_spec("deepspeed") else [])):
        (tmp_path / trainer).mkdir()
        done = run(tmp_path / trainer, *words, f"trainer={trainer}")
        assert done.returncode == 0, done.stderr
        job = only(tmp_path / trainer / "runs")
        with open(job / "metrics.csv", newline="") as file:
            told.append([float(row["loss"]) for row in csv.DictReader(file) if row["loss"]])
        made.append(load_file(job / "model" / "model.safetensors"))
        assert json.loads((job / "metrics.json").read_text())["AccEM"]["n"] > 0
    one, *others = made
    assert len(told[0]) == 4
    for losses, other in zip(told[1:], others, strict=True):
        assert losses == pytest.approx(told[0], rel=1e-4) and one.keys() == other.keys()
        assert all((one[name] - other[name]).norm() <= 1e-4 * one[name].norm() for name in one)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("deepspeed") is not None, reason="DeepSpeed is installed")
def test_a_missing_deepspeed_is_told_before_reasons_are_made(tmp_path):
    done = run(tmp_path, "debug=tiny", "trainer=deepspeed")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "trainer.sharding=zero2: deepspeed is not installed" in done.stderr and "trainer=fsdp" in done.stderr
    assert not (tmp_path / "stages").exists() and not (only(tmp_path / "runs") / "reasons.jsonl").exists()


@pytest.mark.slow
def test_more_devices_than_there_are_are_told_before_reasons_are_made(tmp_path):
    done = run(tmp_path, "debug=tiny", "trainer=ddp", "trainer.devices=10000")
    assert done.returncode == 1 and "trainer.devices=10000: this machine has" in done.stderr
    assert not (tmp_path / "stages").exists() and not (only(tmp_path / "runs") / "reasons.jsonl").exists()


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_names_model_path(tmp_path):
    done = run(tmp_path, "model=qwen", "data.people=60")
    assert done.returncode == 1 and "model.path" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_kill_9_and_the_same_command_goes_on(tmp_path):
    words = ["debug=tiny", "trainer.epochs=5", "trainer.max_steps=40", "trainer.checkpoint_minutes=0.001"]
    first = subprocess.Popen(
        command(tmp_path, *words), cwd=tmp_path, env=os.environ | OFFLINE, stdout=-3, stderr=-3, start_new_session=True
    )
    deadline = time.monotonic() + 200
    while not list(tmp_path.glob("stages/learn-*/checkpoints/step-*.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    folder = only(tmp_path / "runs")
    assert not (folder / "adapter").exists(), "killed too late to show anything"
    done = run(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert only(tmp_path / "runs") == folder
    assert "Going on from" in (folder / "run.log").read_text()
    with open(folder / "metrics.csv", newline="") as file:
        learnt = [int(row["step"]) for row in csv.DictReader(file) if row["loss"]]
    assert learnt == list(range(40)), "every step is on record, once"


@pytest.mark.slow
def test_wandb_offline_gets_figures_and_no_careers(tmp_path):
    done = run(tmp_path, "debug=tiny", "logger=wandb", "method=direct")
    assert done.returncode == 0, done.stderr
    folder = only(tmp_path / "runs")
    logs = list(folder.glob("wandb/offline-run-*/*.wandb"))
    assert len(logs) == 1  # a job is one run
    people = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    told = {line.encode() for person in people for line in person["history"] if ";" in line}
    assert told and not any(line in log.read_bytes() for line in told for log in logs)
