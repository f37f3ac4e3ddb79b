"""How long a command takes before its work begins: seconds of whole processes, beside their libraries alone."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

from experiments.bench import work

RUN = ["-m", "reasoning_occ.run"]
COMMANDS: dict[str, tuple[list[str], float | None]] = {
    "python alone": (["-c", "pass"], None),
    "import hydra": (["-c", "import hydra"], None),
    "--help": ([*RUN, "--help"], 0.3),
    "--cfg job": ([*RUN, "--cfg", "job"], 0.3),
    "an option that is not there": ([*RUN, "trainer.epoch=1"], 0.3),
    "a value of a wrong kind": ([*RUN, "trainer.batch=x"], 0.3),
}
"""What follows `python`, and the goal in seconds."""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds of several starts of one command."""

    what: str
    seconds: tuple[float, ...]
    goal: float | None

    @property
    def spread(self) -> tuple[float, float, float]:
        """Least, median and most."""
        return min(self.seconds), statistics.median(self.seconds), max(self.seconds)


def starts(quick: bool) -> Iterator[Start]:
    """Commands that end before their work begins, then the embedded model in this process: from its cache, and before
    there is one.
    """
    rounds = 2 if quick else 7
    for what, (arguments, goal) in COMMANDS.items():
        yield Start(what, tuple(_process(arguments) for _ in range(rounds)), goal)
    work.load("fp32")  # in the cache from here on, and its libraries imported
    yield Start("the embedded model, after imports", tuple(_loading() for _ in range(rounds)), 0.5)
    yield Start("the embedded model, first conversion", tuple(_converting() for _ in range(1 if quick else 3)), 6.0)


def _process(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], check=False, capture_output=True, env={**os.environ, "WANDB_MODE": "offline"}
    )
    return time.perf_counter() - began


def _loading() -> float:
    began = time.perf_counter()
    work.load("fp32")
    return time.perf_counter() - began


def _converting() -> float:
    with tempfile.TemporaryDirectory() as empty, patch.dict(os.environ, REASONING_OCC_CACHE=empty):
        return _loading()
