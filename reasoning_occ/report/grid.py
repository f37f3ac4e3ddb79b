"""The tables beside a table: what each row cost, and each row less a named one, pair by pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reasoning_occ import costs
from reasoning_occ.errors import UserError, nearest
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.paired import LEVEL, POWER, Paired, holm, paired, verdict
from reasoning_occ.report.jobs import Job, setting
from reasoning_occ.report.sentences import interval, value

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


def against(
    jobs: Sequence[Job],
    labels: Sequence[str],
    name: str,
    metrics: Sequence[str],
    decimals: int,
    margin: float | None = None,
) -> Grid:
    """Each job less the one of a name, on the same transitions; Holm's correction is over all rows.

    Args:
        jobs: finished ones.
        labels: of their rows.
        name: a row's label, a recommender's name or a choice of the group `row`.
        metrics: to show.
        decimals: of differences.
        margin: of MRR, below which a loss is on a par (`paired.verdict`); None: no verdict.

    Raises:
        UserError: no row of that name, several that can't be told apart, or other test people.
    """
    bases = [i for i, job in enumerate(jobs) if name in (labels[i], job.name, job.row)]
    if not bases:
        known = dict.fromkeys(
            word for job, label in zip(jobs, labels, strict=True) for word in (job.row, label) if word
        )
        raise UserError(f"against: '{name}' is no finished row of this table; near: {nearest(name, list(known))}.")
    if len(bases) == len(jobs) > 1:
        raise UserError(f"against: each row of this table is '{name}'; give the label of one, such as '{labels[0]}'.")
    pairs = {i: _partner(jobs, i, bases, name) for i in range(len(jobs)) if i not in bases}
    compared = [(i, None if base is None else _compare(jobs[i], jobs[base])) for i, base in pairs.items()]
    made = [found for _, found in compared if found is not None]
    tested = [found.p for found in made if found.p is not None]
    corrected = iter(holm(tested))
    rows, numbers = [], {}
    for i, found in compared:
        if found is None:
            rows.append((labels[i], *[ABSENT] * (len(metrics) + 3 + (margin is not None))))
            continue
        p_holm = None if found.p is None else next(corrected)
        last = f"{found.smallest:.{decimals}f}" if found.smallest is not None else ABSENT
        said = () if margin is None else (verdict(found.differences[JUDGED], margin),)
        rows.append((labels[i], *cells(found, metrics, decimals), _p(found.p), _p(p_holm), last, *said))
        numbers[labels[i]] = _numbers(found, p_holm, metrics)
    head = ("row", *metrics, "p", "p (Holm)", "smallest", *(() if margin is None else (JUDGED_BY,)))
    alone = tuple(labels[i] for i, found in compared if found is None)
    notes = (*_sentences(name, len(tested), len(made)), *meaning(margin), *_without_partner(name, alone))
    return Grid(f"Less {name}", head, tuple(rows), numbers, notes)


def cells(found: Paired, metrics: Sequence[str], decimals: int) -> list[str]:
    """A difference in each metric, with its interval."""
    differences = [found.differences[m] for m in metrics]
    return [f"{_signed(one, decimals)} {interval(one, decimals)}".strip() for one in differences]


def meaning(margin: float | None) -> tuple[str, ...]:
    """What the verdicts mean."""
    if margin is None:
        return ()
    return (
        f"{JUDGED_BY}: by the 95% interval of the difference in MRR. better: above zero; on a par: above -{margin:g} "
        "(a larger loss is ruled out); worse: below zero, and not on a par; open: neither.",
    )


def _sentences(name: str, tested: int, compared: int) -> tuple[str, ...]:
    """What the columns mean."""
    told = [
        f"Differences from {name} on the same transitions, with 95% intervals from the same bootstrap samples of "
        f"people. p: McNemar's exact test of AccEM, two-sided; Holm's correction over {tested} "
        f"{'test' if tested == 1 else 'tests'}. smallest: the difference in AccEM that a test of this size finds with "
        f"{POWER:.0%} power at a level of {LEVEL:.0%} without that correction, by the bootstrap's standard error."
    ]
    if tested < compared:
        told.append("No p where a person has several transitions, which are not independent.")
    return tuple(told)


def _without_partner(name: str, alone: Sequence[str]) -> tuple[str, ...]:
    """What the rows of dashes lack."""
    return (f"Not compared, for {name} with their seed is not finished: {'; '.join(alone)}.",) if alone else ()


def _partner(jobs: Sequence[Job], i: int, bases: Sequence[int], name: str) -> int | None:
    """The job to compare with: the only one of the name, else the one whose other overrides are the same.

    `None` where the only one has another seed: the row's own may still be to come, and a row must not change its
    partner then. A label of one row among namesakes is what was asked for, whatever its seed.
    """
    if len(bases) == 1:
        (base,) = bases
        chosen = name not in (jobs[base].name, jobs[base].row)
        return base if chosen or jobs[base].seed == jobs[i].seed else None
    alike = [base for base in bases if _others(jobs[base]) == _others(jobs[i])]
    if len(alike) != 1:
        raise UserError(
            f"against: {len(bases)} rows are '{name}', and for {jobs[i].folder.name} {len(alike)} of them have its "
            "other overrides; give the label of one row."
        )
    return alike[0]


def _others(job: Job) -> set[str]:
    """The overrides that don't choose the recommender."""
    return {word for word in job.overrides if word.split("=")[0] not in ("row", "method", "baseline")}


def _compare(ours: Job, theirs: Job) -> Paired:
    draws = theirs.metrics["bootstrap"]
    read = [scored.read(job.folder / "scores.jsonl") for job in (ours, theirs)]
    return paired(*read, resamples=draws["resamples"], seed=draws["seed"])


def _signed(metric: Mapping[str, float | None], decimals: int) -> str:
    told = value(metric, decimals)
    return f"+{told}" if metric["value"] is not None and metric["value"] > 0 else told


def _p(p: float | None) -> str:
    if p is None:
        return ABSENT
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _numbers(found: Paired, p_holm: float | None, metrics: Sequence[str]) -> dict[str, float | None]:
    ends = {"": "value", "_low": "low", "_high": "high"}
    differences = {f"{m}_difference{s}": found.differences[m][end] for m in metrics for s, end in ends.items()}
    return differences | {"p": found.p, "p_holm": p_holm, "smallest_difference": found.smallest}


def asked(jobs: Sequence[Job]) -> str | None:
    """The row that the jobs' configurations want the others compared with, where they agree."""
    return _agreed(jobs, "evaluation.against")


def margin(jobs: Sequence[Job]) -> float | None:
    """Their `evaluation.margin`, where they agree."""
    return _agreed(jobs, "evaluation.margin")


def _agreed(jobs: Sequence[Job], key: str) -> Any:
    values = {setting(job.folder, key) for job in jobs} - {None}
    return values.pop() if len(values) == 1 else None
