"""How far a sweep is, at any time: each of its jobs done, running, failed, interrupted or missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reasoning_occ.files import held
from reasoning_occ.report.jobs import METRICS_FILE, STATUS_FILE, STOPPED, listed, read_object

State = Literal["done", "running", "failed", "interrupted", "missing"]
ORDER: tuple[State, ...] = ("done", "running", "failed", "interrupted", "missing")


@dataclass(frozen=True, slots=True)
class JobState:
    """One job of a sweep: its number, its folder's name, what it varies, how far it is, and a word on that."""

    number: int
    folder: str
    words: str
    state: State
    detail: str


def states(folder: Path) -> list[JobState]:
    """Every job of a sweep, in its order. Reads files and looks who holds a folder; changes nothing.

    Raises:
        UserError: the list of jobs, or a job's status.json, can't be read.
    """
    jobs = listed(folder)
    shared = set.intersection(*(set(job["overrides"]) for job in jobs)) if len(jobs) > 1 else set()
    out = []
    for job in jobs:
        words = " ".join(word for word in job["overrides"] if word not in shared)
        out.append(JobState(job["number"], job["folder"], words, *state(folder / job["folder"])))
    return out


def state(folder: Path) -> tuple[State, str]:
    """How far the job of a folder is, and a word on that: stage and time where it runs or was cut off, else why it
    failed. Alive is a job whose folder a process holds."""
    if not folder.is_dir():
        return "missing", ""
    status = read_object(folder / STATUS_FILE) if (folder / STATUS_FILE).exists() else {}
    stage = f"stage {status['stage']} since {status['since']}" if status.get("since") else "before its first stage"
    if held(folder):
        return "running", stage
    if status.get("done") and (folder / METRICS_FILE).exists():
        return "done", ""
    error = str(status.get("error") or "")
    if error and error != STOPPED:
        return "failed", f"stage {status['stage']}: {error.strip().splitlines()[0]}"
    return "interrupted", f"{stage}; the same command goes on"


def lines(found: Sequence[JobState]) -> list[str]:
    """A sentence that counts, and where not all is done a line for each job."""
    counts = Counter(job.state for job in found)
    told = ", ".join(f"{counts[name]} {name}" for name in ORDER if counts[name])
    head = f"{len(found)} {'job' if len(found) == 1 else 'jobs'}: {told}."
    if counts["done"] == len(found):
        return [head]
    width = max(len(job.state) for job in found)
    return [head, *(f"  {job.state:<{width}}  {_line(job)}" for job in found)]


def _line(job: JobState) -> str:
    who = f"#{job.number} {job.words or job.folder}"
    return f"{who} ({job.detail})" if job.detail else who
