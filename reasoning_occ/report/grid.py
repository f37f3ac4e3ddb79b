"""A table beside a table, such as what each row cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reasoning_occ import costs
from reasoning_occ.report.jobs import Job, setting

FIGURES = {
    "transitions_seen": "transitions seen",
    "tokens_seen": "tokens seen",
    "trained_parameters": "trained parameters",
}
STAGES = {
    "oracle": "oracle",
    "own": "own reasons",
    "learn": "learn",
    "prefer": "prefer",
    "write": "write",
    "rank": "rank",
}
SELDOM = ("own",)
"""Stages that have a column only where a job went through them."""
ABSENT = "-"
JUDGED, JUDGED_BY = "MRR", "by MRR"
"""What verdicts are on, and the head of their column."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Words in rows and columns under a title; the first column names the row.

    numbers: by row, then by column, at full precision, for programs. notes: sentences below.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def cost(jobs: Sequence[Job], labels: Sequence[str]) -> Grid | None:
    """What each job saw, trained and took; `None` where nothing is on record."""
    rows, numbers = [], {}
    every = [costs.read(job.folder) for job in jobs]
    stages = [name for name in STAGES if name not in SELDOM or any(name in found["seconds"] for found in every)]
    for found, label in zip(every, labels, strict=True):
        figures = {name: found.get(name) for name in FIGURES}
        seconds = {name: found["seconds"].get(name) for name in stages}
        if any(number is not None for number in (*figures.values(), *seconds.values())):
            counts = [ABSENT if n is None else f"{n:,}" for n in figures.values()]
            rows.append((label, *counts, *(ABSENT if s is None else f"{s:,.0f}" for s in seconds.values())))
            numbers[label] = figures | {f"seconds_{name}": s for name, s in seconds.items()}
    if not rows:
        return None
    head = ("cost", *FIGURES.values(), *(f"{STAGES[name]}, s" for name in stages))
    return Grid(
        "What it cost", head, tuple(rows), numbers, ("Seconds of a stage that rows share stand in each of them.",)
    )


def asked(jobs: Sequence[Job]) -> str | None:
    """The row that the jobs' configurations want the others compared with, where they agree."""
    return _agreed(jobs, "evaluation.against")


def margin(jobs: Sequence[Job]) -> float | None:
    """Their `evaluation.margin`, where they agree."""
    return _agreed(jobs, "evaluation.margin")


def _agreed(jobs: Sequence[Job], key: str) -> Any:
    values = {setting(job.folder, key) for job in jobs} - {None}
    return values.pop() if len(values) == 1 else None
