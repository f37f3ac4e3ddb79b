"""Figures that a folder of jobs should give again: kept beside what they are said to show, and checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import METRICS, summarised
from reasoning_occ.files import whole
from reasoning_occ.report.jobs import find
from reasoning_occ.report.seeds import pools


class Figure(BaseModel):
    """A metric of a row: its value, the 95% interval over people it had, and how far another run may be off in each of
    the three."""

    model_config = ConfigDict(extra="forbid")
    value: float
    low: float | None
    high: float | None
    tolerance: float = Field(gt=0)

    def is_met(self, other: "Figure") -> bool:
        """Whether another run's value and ends of the interval are within the tolerance; no end is met by no end."""
        pairs = ((self.value, other.value), (self.low, other.low), (self.high, other.high))
        return all(a == b if a is None or b is None else abs(a - b) <= self.tolerance for a, b in pairs)

    def told(self) -> str:
        """As a sentence has it."""
        if self.low is None or self.high is None:
            return f"{self.value:.4f}"
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


class Expected(BaseModel):
    """What expected.json holds. command: makes the jobs. people: tested. rows: by label, then by metric."""

    model_config = ConfigDict(extra="forbid")
    command: str
    people: int
    rows: dict[str, dict[str, Figure]]


@dataclass(frozen=True, slots=True)
class Check:
    """How many figures were compared, and a sentence on each that is off or missing."""

    compared: int
    off: tuple[str, ...]


def check(folder: Path, path: Path) -> Check:
    """Compare the finished jobs at or below a folder, means over seeds, with what a file expects of them.

    Raises:
        UserError: the file can't be read, or a file of a job can't.
    """
    expected, (people, found) = read(path), _figures(folder, 1.0)
    off = [] if people == expected.people else [f"expected {expected.people:,} test people, got {people:,}."]
    compared = 0
    for label, figures in expected.rows.items():
        if label not in found:
            off.append(f"{label}: expected a row of that name; there are {', '.join(found)}.")
            continue
        for name, wanted in figures.items():
            compared += 1
            got = found[label].get(name)
            if got is None or not wanted.is_met(got):
                nothing = "nothing (a mean over seeds has none)" if name == "ECE" else "nothing"
                came = nothing if got is None else got.told()
                off.append(f"{label}, {name}: expected {wanted.told()} within {wanted.tolerance:g}, got {came}.")
    return Check(compared, tuple(off))


def read(path: Path) -> Expected:
    """An expected.json.

    Raises:
        UserError: it can't be read, or is none; names the first key that is wrong.
    """
    try:
        return Expected.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Could not read {path}: {error.strerror or error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(f"{path}, {where}: {first['msg']}; --write-expected writes such a file.") from error


def write(folder: Path, path: Path, metrics: Sequence[str], tolerance: float, command: str) -> None:
    """Write what the finished jobs at or below a folder give as what is expected of them.

    Raises:
        UserError: no finished job, a file of one can't be read, or the tolerance is no number above 0.
    """
    if not tolerance > 0:
        raise UserError(f"--tolerance {tolerance:g}: expected a number above 0.")
    people, found = _figures(folder, tolerance)
    rows = {label: {name: figures[name] for name in metrics if name in figures} for label, figures in found.items()}
    with whole(path) as file:
        file.write(Expected(command=command, people=people, rows=rows).model_dump_json(indent=1) + "\n")


def _figures(folder: Path, tolerance: float) -> tuple[int, dict[str, dict[str, Figure]]]:
    jobs, _ = find(folder)
    if not jobs:
        raise UserError(f"No job in {folder} is finished, so there are no figures to compare.")
    out: dict[str, dict[str, Figure]] = {}
    for pool in pools(jobs):
        draws = pool.jobs[0].metrics["bootstrap"]
        found = summarised(pool.scored, draws["resamples"], draws["seed"])
        out[pool.label] = {
            name: Figure(value=value, low=found[name]["low"], high=found[name]["high"], tolerance=tolerance)
            for name in METRICS
            if (value := found[name]["value"]) is not None and (name != "ECE" or len(pool.jobs) == 1)
        }
    return jobs[0].metrics["counts"]["people"], out
