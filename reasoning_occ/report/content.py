"""What a table over jobs says: its rows, numbers, caption and warning. How it looks is in formats.py."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoning_occ.errors import UserError, nearest
from reasoning_occ.report.jobs import Job, Unfinished

METRICS = ("AccEM", "AccRM", "Hit@5", "Hit@10", "MRR", "log-loss", "ECE")
"""Shown unless others are asked for."""

SMALL = 1000
"""Below so many people a table warns, and shows two decimals instead of three: a third would be noise."""


@dataclass(frozen=True, slots=True)
class Row:
    """One recommender. floor: a baseline scored beside a job, not a job of its own."""

    label: str
    metrics: Mapping[str, Any]
    floor: bool

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
    """Rows with the metrics to show, and the sentences around them (warning: "" where the test is large)."""

    rows: tuple[Row, ...]
    metrics: tuple[str, ...]
    caption: str
    warning: str
    notes: tuple[str, ...]

    @property
    def decimals(self) -> int:
        """How many decimals the smallest test allows."""
        return 2 if min(row.people for row in self.rows) < SMALL else 3


def table(jobs: Sequence[Job], unfinished: Sequence[Unfinished], metrics: Sequence[str]) -> Table:
    """One table over finished jobs and the floors beside them.

    Raises:
        UserError: a metric is not in the jobs' metrics.json.
    """
    found = rows(jobs)
    known = [name for name, value in found[0].metrics.items() if isinstance(value, Mapping) and "value" in value]
    for name in metrics:
        if any(name not in row.metrics for row in found) or name not in known:
            raise UserError(f"'{name}' is no metric of these jobs; near: {nearest(name, known)}.")
    return Table(found, tuple(metrics), caption(jobs, found), warning(found, metrics[0]), _notes(found, unfinished))


def rows(jobs: Sequence[Job]) -> tuple[Row, ...]:
    """Jobs first, then floors. A floor with the same numbers as a row above it is the same work, shown once."""
    names = Counter(job.name for job in jobs)
    labels = {job.folder: job.name if names[job.name] == 1 else _apart(job, jobs) for job in jobs}
    out = [Row(labels[job.folder], job.metrics, floor=False) for job in jobs]
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


def interval(metric: Mapping[str, Any], decimals: int) -> str:
    """The interval of a metric as "[0.18, 0.24]"; "" where it has none."""
    if metric["low"] is None:
        return ""
    return f"[{metric['low']:.{decimals}f}, {metric['high']:.{decimals}f}]"


def value(metric: Mapping[str, Any], decimals: int) -> str:
    """The value of a metric; "-" where nothing could be scored."""
    return "-" if metric["value"] is None else f"{metric['value']:.{decimals}f}"


def caption(jobs: Sequence[Job], rows: Sequence[Row]) -> str:
    """Who was tested, with which seed, how intervals were made, and what to know of the titles."""
    seeds = sorted({job.seed for job in jobs if job.seed is not None})
    tests = sorted({(row.people, row.transitions) for row in rows})
    bootstraps = sorted({(row.metrics["bootstrap"]["resamples"], row.metrics["bootstrap"]["seed"]) for row in rows})
    taxonomies = {row.metrics["taxonomy"]["name"]: row.metrics["taxonomy"]["note"] for row in rows}
    parts = [
        "Tested on " + "; ".join(f"{people} people, {transitions} transitions" for people, transitions in tests),
        *([f"seed {', '.join(map(str, seeds))}"] if seeds else []),
        "95% intervals from " + " and ".join(f"{n} bootstrap samples of people (seed {s})" for n, s in bootstraps),
    ]
    about = [f"Titles: {name}. {note}".strip() for name, note in taxonomies.items()]
    return " ".join(["; ".join(parts) + ".", *about])


def warning(rows: Sequence[Row], metric: str) -> str:
    """One sentence on how little a small test says; "" where every row was tested on enough people."""
    row = min(rows, key=lambda row: row.people)
    found = row.metrics[metric]
    if row.people >= SMALL:
        return ""
    if found["low"] is None:
        return f"Small test: {row.people} people tested, too few for an interval; this proves nothing."
    return (
        f"Small test: with {row.people} people the 95% interval of {metric} of {row.label} is "
        f"{found['high'] - found['low']:.2f} wide ({value(found, 2)} {interval(found, 2)}), and a test this small "
        "proves nothing by itself."
    )


def _notes(rows: Sequence[Row], unfinished: Sequence[Unfinished]) -> tuple[str, ...]:
    """What was left out, and what the marks mean."""
    notes = []
    if any(row.floor for row in rows):
        notes.append("* scored beside, on the same test people: a floor to beat.")
    for row in rows:
        counts = row.metrics["counts"]
        if counts["invalid"] or counts["unscored"]:
            notes.append(
                f"{row.label}: {counts['invalid']} predictions without a valid title (counted as wrong), "
                f"{counts['unscored']} without a probability of the truth (left out of log-loss)."
            )
    if unfinished:
        noun = "job is" if len(unfinished) == 1 else "jobs are"
        notes.append(f"{len(unfinished)} {noun} not finished: {'; '.join(map(str, unfinished))}.")
    return tuple(notes)
