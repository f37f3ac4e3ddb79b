"""What a table over jobs says: its rows and numbers. Its sentences are in sentences.py, its looks in formats.py."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reasoning_occ.errors import UserError, nearest
from reasoning_occ.evaluation.metrics import EXPECTED
from reasoning_occ.report import compared, grid, seeds
from reasoning_occ.report.grid import Grid
from reasoning_occ.report.jobs import Job, Unfinished
from reasoning_occ.report.sentences import TINY, caption, notes, warning

METRICS = ("AccEM", "AccRM", "Hit@5", "Hit@10", "MRR", "log-loss", "ECE")
"""Shown unless others are asked for; after AccRM also that of decided titles, where all rows have it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One recommender. floor: a baseline scored beside a job, not a job of its own; tiny: a random tiny model."""

    label: str
    metrics: Mapping[str, Any]
    floor: bool
    tiny: bool = False

    @property
    def people(self) -> int:
        """Number of test people."""
        return self.metrics["counts"]["people"]

    @property
    def transitions(self) -> int:
        """Number of test transitions."""
        return self.metrics["counts"]["transitions"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the metrics to show, the sentences around them (warning: "" where the test is large), and what stands
    beside: cost, paired comparisons."""

    rows: tuple[Row, ...]
    metrics: tuple[str, ...]
    caption: str
    warning: str
    notes: tuple[str, ...]
    grids: tuple[Grid, ...] = ()

    @property
    def decimals(self) -> int:
        """How many decimals the smallest test allows: below a thousand people a third would be noise."""
        return 2 if min(row.people for row in self.rows) < 1000 else 3


def table(
    jobs: Sequence[Job], unfinished: Sequence[Unfinished], metrics: Sequence[str], against: str | None = None
) -> Table:
    """One table over finished jobs and the floors beside them.

    Args:
        jobs: finished ones.
        unfinished: the others, named in a note.
        metrics: to show.
        against: the row that all others are compared with; `None`: what the jobs' configurations say, if anything.

    Raises:
        UserError: a metric is not in the jobs' metrics.json, or there is no row `against`.
    """
    found = rows(jobs)
    if tuple(metrics) == METRICS and all(EXPECTED in row.metrics for row in found):
        metrics = [name for metric in METRICS for name in ((metric, EXPECTED) if metric == "AccRM" else (metric,))]
    known = [name for name, value in found[0].metrics.items() if isinstance(value, Mapping) and "value" in value]
    for name in metrics:
        if any(name not in row.metrics for row in found) or name not in known:
            raise UserError(f"'{name}' is no metric of these jobs; near: {nearest(name, known)}.")
    out = Table(found, tuple(metrics), caption(jobs, found), warning(found, metrics), notes(jobs, found, unfinished))
    return replace(out, **_beside(jobs, out, against))


def _beside(jobs: Sequence[Job], made: Table, against: str | None) -> dict[str, Any]:
    """The grids of a table, and its notes with what keeps one from being made."""
    labels = [row.label for row in made.rows[: len(jobs)]]
    shown = [m for m in made.metrics if m != EXPECTED]
    grids: list[Grid] = []
    told = []
    base = against or (grid.asked(jobs) if len(jobs) > 1 else None)
    if base:
        try:
            grids += compared.less(jobs, labels, base, shown, made.decimals + 1, grid.margin(jobs))
        except UserError as error:
            if against:
                raise
            told.append(f"Not compared pair by pair: {error}")  # a sweep may not have come to that row yet
    if len({job.seed for job in jobs}) > 1:
        try:
            grids += _over_seeds(jobs, base, shown, made.decimals + 1)
        except UserError as error:
            told.append(f"No means over seeds: {str(error).rstrip('.')}.")
    if spent := grid.cost(jobs, labels):
        grids.append(spent)
    return {"grids": tuple(grids), "notes": (*made.notes, *told)}


def _over_seeds(jobs: Sequence[Job], base: str | None, shown: Sequence[str], decimals: int) -> list[Grid]:
    """Means over seeds, and compared with those of `base`; nothing where no job was trained with several."""
    found = seeds.pools(jobs)
    if all(len(pool.jobs) == 1 for pool in found):
        return []
    less = seeds.less(found, base, shown, decimals, grid.margin(jobs)) if base else ()
    return [seeds.spread(found, shown, decimals), *less]


def rows(jobs: Sequence[Job]) -> tuple[Row, ...]:
    """Jobs first, then floors. A floor with the same numbers as a row above it is the same work, shown once."""
    names = Counter(job.name for job in jobs)
    labels = {job.folder: job.name if names[job.name] == 1 else _apart(job, jobs) for job in jobs}
    labels |= {job.folder: f"{labels[job.folder]} ({TINY})" for job in jobs if job.tiny}
    out = [Row(labels[job.folder], job.metrics, floor=False, tiny=job.tiny) for job in jobs]
    seen = {_fingerprint(job.name, job.metrics) for job in jobs}
    floors: list[tuple[Job, str, Mapping[str, Any]]] = []
    for job in jobs:
        for name, metrics in job.floors.items():
            if _fingerprint(name, metrics) not in seen:
                seen.add(_fingerprint(name, metrics))
                floors.append((job, name, metrics))
    taken = Counter([*labels.values(), *(name for _, name, _ in floors)])
    for job, name, metrics in floors:
        out.append(Row(name if taken[name] == 1 else f"{name} (beside {labels[job.folder]})", metrics, floor=True))
    return tuple(out)


def _apart(job: Job, jobs: Sequence[Job]) -> str:
    """The job's name with the overrides that set it apart from others of that name."""
    namesakes = [other for other in jobs if other.name == job.name]
    shared = set.intersection(*(set(other.overrides) for other in namesakes))
    own = [word for word in job.overrides if word not in shared]
    alone = sum(set(other.overrides) == set(job.overrides) for other in namesakes) == 1
    return f"{job.name} ({', '.join(own) if own and alone else job.folder.name})"


def _fingerprint(name: str, metrics: Mapping[str, Any]) -> tuple[Any, ...]:
    numbers = (
        metrics[m]["value"] for m in sorted(metrics) if isinstance(metrics[m], Mapping) and "value" in metrics[m]
    )
    counts = metrics["counts"]
    return (name, counts["people"], counts["transitions"], *(None if v is None else round(v, 9) for v in numbers))
