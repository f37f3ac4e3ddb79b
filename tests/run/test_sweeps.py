"""Sweeps as a user types them: rows, failures, starting again, launchers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reasoning_occ.report.sweep import states
from reasoning_occ.sweep import named, sweep_name

OFFLINE = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline", "RAY_USAGE_STATS_ENABLED": "0"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "reasoning_occ.run", *words]


def environment() -> dict[str, str]:
    # without OMP_NUM_THREADS, so that launchers give each job its share
    return {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"} | OFFLINE


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), cwd=folder, env=environment(), capture_output=True, text=True, timeout=280, check=False
    )


def only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def listed(sweep: Path) -> list[dict]:
    return json.loads((sweep / "sweep.json").read_text())["jobs"]


@pytest.mark.slow
def test_rows_name_their_folders_and_a_failed_one_stops_no_other(tmp_path):
    words = ("-m", "row=markov,previous", "data.people=5,150")
    done = run(tmp_path, *words)
    assert done.returncode == 2, done.stderr  # jobs that are not done: five people are too few for a split
    assert "4 jobs: 2 done, 2 failed." in done.stdout and "Traceback" not in done.stderr
    sweep = only(tmp_path / "sweeps")
    found = states(sweep)
    assert [job.state for job in found] == ["failed", "done", "failed", "done"]
    assert [job.folder.partition("-")[0] for job in found] == ["markov", "markov", "previous", "previous"]
    assert {job.name for job in sweep.iterdir() if job.is_dir()} == {job.folder for job in found}
    made = {job.folder: (sweep / job.folder / "status.json").stat().st_mtime_ns for job in found}
    assert run(tmp_path, *words).returncode == 2
    for job in found:  # what is done is left alone, what failed is tried again
        again = (sweep / job.folder / "status.json").stat().st_mtime_ns > made[job.folder]
        assert again == (job.state == "failed")


@pytest.mark.parametrize(("words", "code"), [(["row=markov,nothing"], 1), (["row=markov", "--nothing"], 2)])
def test_an_error_before_a_sweep_begins_counts_no_jobs(words, code, tmp_path):
    done = run(tmp_path, "-m", *words)
    assert done.returncode == code and "nothing" in done.stderr
    assert "done" not in done.stdout and " failed" not in done.stdout
    assert not list(tmp_path.glob("sweeps/*/sweep.json"))


def test_the_list_of_jobs_is_there_before_the_first_job(tmp_path):
    script = (
        "import sys, reasoning_occ.experiment as e, reasoning_occ.run as run\n"
        "from pathlib import Path\n"
        "sys.argv[1:] = ['-m', 'row=markov,previous', 'data.people=150', 'sweeps=sweeps']\n"
        "def look(cfg, folder):\n"
        "    sys.exit(9 if (folder.parent / 'sweep.json').is_file() else 8)\n"
        "e.run_job = look\n"
        "run.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    assert [job["overrides"][0] for job in listed(only(tmp_path / "sweeps"))] == ["row=markov", "row=previous"]


@pytest.mark.parametrize("other", ["method=direct", "baseline=markov"])
def test_a_row_and_its_like_on_one_command_line_are_refused(other, tmp_path):
    done = run(tmp_path, "row=markov", other)
    assert done.returncode == 1 and "a job scores one recommender" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_sweep_keeps_its_name_whatever_launches_it():
    words = ["-m", "row=markov,previous"]
    assert sweep_name(words) == sweep_name([*words, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"])
    assert sweep_name(words) != sweep_name([*words, "seed=1"])


def test_the_name_goes_in_beside_the_overrides():
    assert named(["-m", "--info", "a=1"])[2].startswith("++hydra.job.env_set.REASONING_OCC_SWEEP=")
    assert named(["-m", "a=1,2", "--info"])[1].startswith("++hydra")


LAUNCHERS = {
    "joblib": ("hydra_plugins.hydra_joblib_launcher", ["hydra.launcher.n_jobs=2"]),
    "ray": ("hydra_plugins.hydra_ray_launcher", ["+hydra.launcher.ray.init.num_cpus=2"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_runs_jobs_side_by_side(launcher, tmp_path):
    plugin, words = LAUNCHERS[launcher]
    pytest.importorskip(plugin, reason=f"needs the launcher: pip install 'reasoning-occ[{launcher}]'")
    done = run(tmp_path, "-m", "row=markov,previous", "data.people=5,150", f"hydra/launcher={launcher}", *words)
    assert done.returncode == 2, done.stderr + done.stdout
    sweep = only(tmp_path / "sweeps")
    assert [job.state for job in states(sweep)] == ["failed", "done", "failed", "done"]
    assert "4 jobs: 2 done, 2 failed." in done.stdout
    assert "markov" in (sweep / "table.md").read_text()


MOMENTS = (
    "stages/oracle-*/reasons.part.jsonl",
    "stages/learn-*/predictor/checkpoints/step-*.ckpt",
    "stages/prefer-*/checkpoints/step-*.ckpt",
    "stages/write-*/generated.part.jsonl",
    "sweeps/*/*/predictions.part.jsonl",
)


@pytest.mark.slow
def test_a_sweep_killed_at_every_stage_ends_in_the_same_figures(tmp_path):
    """kill -9 as soon as each stage has something to lose, and the same command again each time."""
    words = [
        *("-m", "row=two_model,joint,joint_dpo,joint_no_reason_read", "debug=tiny", "threads=1"),
        *("trainer.max_steps=12", "trainer.checkpoint_minutes=0.0001", "inference.batch=1", "data.people=80"),
    ]
    (whole := tmp_path / "whole").mkdir()
    done = run(whole, *words)
    assert done.returncode == 0, done.stderr
    (cut := tmp_path / "cut").mkdir()
    killed = []
    for moment in MOMENTS:
        with subprocess.Popen(command(*words), cwd=cut, env=environment(), stdout=-3, stderr=-3) as process:
            while process.poll() is None and not list(cut.glob(moment)):
                time.sleep(0.005)
            process.kill()
            killed.append(process.wait() == -signal.SIGKILL)
    assert sum(killed) >= 3, "killed too late to show anything"
    done = run(cut, *words)
    assert done.returncode == 0, done.stderr
    rows = {job["overrides"][0]: job["folder"] for job in listed(only(whole / "sweeps"))}
    assert len(rows) == 4 and listed(only(whole / "sweeps")) == listed(only(cut / "sweeps"))
    for row, folder in rows.items():
        for file in ("metrics.json", "predictions.jsonl", "scores.jsonl"):
            one, other = (only(top / "sweeps") / folder / file for top in (whole, cut))
            assert one.read_bytes() == other.read_bytes(), (row, file)
    # what joint learnt was learnt once for its three rows
    for top in (whole, cut):
        assert len(list((top / "stages").glob("learn-*"))) == 2 and len(list((top / "stages").glob("oracle-*"))) == 1
