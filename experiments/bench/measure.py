"""Timing two ways of doing the same work in turn, in one process, so that what disturbs one disturbs the other."""

import ctypes
import gc
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Side:
    """One way of doing the work: seconds a unit in each round, MiB above what was there before, and proof."""

    name: str
    seconds: tuple[float, ...]
    mib: float | None
    proof: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Theirs against ours. goal: the ratio aimed at, None where there is none."""

    work: str
    unit: str
    theirs: Side
    ours: Side
    goal: float | None = None

    @property
    def ratios(self) -> tuple[float, float, float]:
        """Least, median and most of theirs / ours, round by round."""
        ratios = np.array(self.theirs.seconds) / np.array(self.ours.seconds)
        return float(ratios.min()), float(np.median(ratios)), float(ratios.max())

    def row(self) -> dict[str, Any]:
        """For a JSON file."""
        return {**asdict(self), "ratios": self.ratios}


@dataclass(slots=True)
class Work:
    """What a side did in one round."""

    seconds: float
    proof: str


def in_turn(
    work: str,
    unit: str,
    sides: Mapping[str, Callable[[], Work]],
    *,
    units: Mapping[str, float],
    rounds: int,
    goal: float | None = None,
) -> Comparison:
    """Run both sides in turn, `rounds` times.

    Args:
        work: what is done.
        unit: of what the seconds are told ("transition", "person").
        sides: exactly two, theirs first.
        units: how many units a round of each side does: a side may do less, where all would take too long.
        rounds: at least one.
        goal: the ratio aimed at.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    # memory is looked at in the first round: for that, what was freed goes back to the kernel, which costs time
    mib: dict[str, float | None] = {}
    proof: dict[str, str] = {}
    for number in range(rounds):
        for name, side in sides.items():
            gc.collect()
            with peak() if number == 0 else nullcontext({}) as memory:
                done = side()
            seconds[name].append(done.seconds / units[name])
            proof[name] = done.proof
            mib[name] = memory.get("mib", mib.get(name))
    theirs, ours = (Side(name, tuple(seconds[name]), mib[name], proof[name]) for name in sides)
    return Comparison(work, unit, theirs, ours, goal)


def timed(do: Callable[[], str]) -> Callable[[], Work]:
    """A side whose whole call is timed; it returns its proof."""

    def side() -> Work:
        began = time.perf_counter()
        proof = do()
        return Work(time.perf_counter() - began, proof)

    return side


@contextmanager
def peak() -> Iterator[dict[str, float]]:
    """Fills in `mib`: how far memory rose inside above what was there before; on Linux only."""
    told: dict[str, float] = {}
    if not STATUS.is_file():
        yield told
        return
    _give_back()
    CLEAR.write_text("5")  # the high-water mark begins anew
    before = _kib("VmRSS")
    yield told
    told["mib"] = (_kib("VmHWM") - before) / 1024


def _give_back() -> None:
    with suppress(AttributeError, OSError):  # a C library without it keeps what it likes
        ctypes.CDLL(None).malloc_trim(0)


def _kib(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])


def roofline() -> dict[str, float]:
    """Matrix products, Gflop/s: of SmolLM2's own largest shape at 1,024 tokens, and of large squares; both types."""
    found = {}
    for name, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32)):
        for label, (rows, inner, columns) in {"model": (1024, 576, 1536), "square": (2048, 2048, 2048)}.items():
            one, other = torch.randn(rows, inner, dtype=dtype), torch.randn(inner, columns, dtype=dtype)
            best = float("inf")
            for _ in range(10):
                began = time.perf_counter()
                for _ in range(5):
                    one @ other
                best = min(best, (time.perf_counter() - began) / 5)
            found[f"{name} {label}"] = 2 * rows * inner * columns / best / 1e9
    return found


def machine(threads: int) -> dict[str, Any]:
    """What the figures were taken on."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": threads,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
