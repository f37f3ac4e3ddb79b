"""The main job of an earlier commit against this checkout's: seconds by stage, and metrics, one job after the other.

    python -m experiments.bench.against 33b3115                     the commit before the fast paths: about 15 minutes
    python -m experiments.bench.against 33b3115 method=direct       any options of the main job
    python -m experiments.bench.against 33b3115 --write             and puts the tables into README.md

The earlier one runs from a clone in a temporary folder, in this environment. Seconds are those that the progress bars
tell; both jobs have the same people, steps and seeds.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.marks import README, put

ROOT = Path(__file__).parents[2]
STAGES = {"training": "Training", "writing reasons": "Reasons", "ranking": "Ranking"}
"""Each with what its progress bar's label begins with."""
METRICS = ("AccEM", "AccRM", "Hit@5", "Hit@10", "MRR", "log-loss", "ECE")
TOOK = re.compile(r"^(\w+).* took (?:(\d+):)?(\d+):(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Job:
    """What a main job took in seconds, and its metrics: value and 95% interval of each."""

    seconds: dict[str, float]
    metrics: dict[str, tuple[float, ...]]


def stages(text: str) -> dict[str, float]:
    """Seconds of each stage, by the bars that a job left in its output."""
    found = dict.fromkeys(STAGES, 0.0)
    for label, hours, minutes, seconds in TOOK.findall(text):
        for stage, begins in STAGES.items():
            if label == begins:
                found[stage] += 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds)
    return found


def run(checkout: Path, options: list[str]) -> Job:
    """The main job as `make run` starts it, its code taken from `checkout`."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "reasoning_occ.run", f"output={folder}", *options],
            cwd=folder,  # what jobs share would be found in a checkout
            check=False,
            env={**os.environ, "PYTHONPATH": str(checkout), "WANDB_MODE": "offline"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"The job in {checkout} failed:\n{done.stdout}{done.stderr}")
        took = time.monotonic() - began
        (metrics,) = Path(folder).glob("*-*/metrics.json")
        values = json.loads(metrics.read_text(encoding="utf-8"))
    told = {name: tuple(values[name][part] for part in ("value", "low", "high")) for name in METRICS}
    return Job({**stages(done.stderr + done.stdout), "all": took}, told)


def main() -> None:
    """Run both and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    chosen, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder) / "earlier"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(earlier)], check=True)
        subprocess.run(["git", "-C", str(earlier), "checkout", "-q", chosen.commit], check=True)
        before = run(earlier, options)
    now = run(ROOT, options)
    lines = list(tables(chosen.commit, before, now))
    print("\n".join(lines))
    if chosen.write:
        put(README, "against", lines)


def tables(commit: str, before: Job, now: Job) -> Iterator[str]:
    """Seconds by stage with their ratio, then metrics, as Markdown."""
    yield from (f"| stage | {commit}, s | now, s | ratio |", "|---|---:|---:|---:|")
    for stage, seconds in before.seconds.items():
        if now.seconds[stage]:
            yield f"| {stage} | {seconds:.0f} | {now.seconds[stage]:.0f} | {seconds / now.seconds[stage]:.1f} |"
    yield from ("", f"| metric | {commit} | now |", "|---|---|---|")
    for name in before.metrics:
        cells = (f"{v:.2f} [{low:.2f}, {high:.2f}]" for v, low, high in (before.metrics[name], now.metrics[name]))
        yield f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
