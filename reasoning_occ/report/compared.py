"""Each row less a named one, pair by pair: differences with intervals and a verdict, and tests of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from reasoning_occ.errors import UserError, nearest
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.paired import LEVEL, POWER, Paired, holm, paired, verdict
from reasoning_occ.report.grid import ABSENT, JUDGED, JUDGED_BY, Grid
from reasoning_occ.report.jobs import Job
from reasoning_occ.report.sentences import interval, value

TESTED = ("MRR", "Hit@10", "AccEM")
"""Metrics whose differences are tested."""


def less(
    jobs: Sequence[Job],
    labels: Sequence[str],
    name: str,
    metrics: Sequence[str],
    decimals: int,
    margin: float | None = None,
) -> tuple[Grid, ...]:
    """Each job less the one of a name, on the same transitions.

    Args:
        jobs: finished ones.
        labels: of their rows.
        name: a row's label, a recommender's name or a choice of the group `row`.
        metrics: to show.
        decimals: of differences.
        margin: of MRR, below which a loss is on a par (`paired.verdict`); None: no verdict.

    Returns:
        The differences, and where there are any, tests of them.

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
    found = [(labels[i], None if base is None else _compare(jobs[i], jobs[base])) for i, base in pairs.items()]
    alone = [label for label, one in found if one is None]
    notes = (
        f"Differences from {name} on the same transitions, with 95% intervals from the same bootstrap samples of "
        "people.",
        *([f"Not compared, for {name} with their seed is not finished: {'; '.join(alone)}."] if alone else []),
    )
    grids = [differences(f"Less {name}", found, metrics, decimals, margin, notes)]
    if len(alone) < len(found):
        grids.append(tests(f"Tests of differences from {name}", found, decimals))
    return tuple(grids)


def differences(
    title: str,
    found: Sequence[tuple[str, Paired | None]],
    metrics: Sequence[str],
    decimals: int,
    margin: float | None,
    notes: Sequence[str],
) -> Grid:
    """A row a comparison: the difference in each metric with its interval, and what that says of MRR.

    Args:
        title: of the table.
        found: by the row's label; None: there is nothing to compare it with.
        metrics, decimals, margin: as in `less`.
        notes: what the table compares.
    """
    rows, numbers = [], {}
    for label, one in found:
        if one is None:
            rows.append((label, *[ABSENT] * (len(metrics) + (margin is not None))))
            continue
        cells = [_signed(one.differences[name], decimals) for name in metrics]
        said = () if margin is None else (verdict(one.differences[JUDGED], margin),)
        rows.append((label, *cells, *said))
        ends = {"": "value", "_low": "low", "_high": "high"}
        numbers[label] = {f"{m}_difference{s}": one.differences[m][end] for m in metrics for s, end in ends.items()}
    meaning = () if margin is None else (
        f"{JUDGED_BY}: by the 95% interval of the difference in MRR. better: above zero; on a par: above -{margin:g} "
        "(a larger loss is ruled out); worse: below zero, and not on a par; open: neither.",
    )  # fmt: skip
    head = ("row", *metrics, *(() if margin is None else (JUDGED_BY,)))
    return Grid(title, head, tuple(rows), numbers, (*notes, *meaning))


def tests(title: str, found: Sequence[tuple[str, Paired | None]], decimals: int) -> Grid:
    """A row a comparison: for each metric of `TESTED` how large the difference is for people's, how small a one could
    have been found, and how probable it is where there is none, corrected over rows too.

    Args:
        title: of the table.
        found: as in `differences`; what is compared with nothing has no row.
        decimals: of differences.
    """
    made = [(label, one) for label, one in found if one is not None]
    ps = {name: [_p(one, name) for _, one in made] for name in TESTED}
    corrected = {name: _corrected(values) for name, values in ps.items()}
    rows, numbers = [], {}
    for i, (label, one) in enumerate(made):
        figures = {name: (one.effects[name], one.smallest[name], ps[name][i], corrected[name][i]) for name in TESTED}
        rows.append((label, *(cell for four in figures.values() for cell in _cells(*four, decimals))))
        numbers[label] = {
            f"{name}_{what}": number
            for name, four in figures.items()
            for what, number in zip(("effect", "smallest", "p", "p_holm"), four, strict=True)
        }
    head = ("row", *(f"{name}{what}" for name in TESTED for what in (": d", " smallest", " p (Holm)")))
    return Grid(title, head, tuple(rows), numbers, _meaning([one for _, one in made]))


def _cells(
    effect: float | None, smallest: float | None, p: float | None, corrected: float | None, decimals: int
) -> tuple[str, ...]:
    return (
        ABSENT if effect is None else f"{effect:+.2f}",
        ABSENT if smallest is None else f"{smallest:.{decimals}f}",
        ABSENT if p is None or corrected is None else f"{_told(p)} ({_told(corrected)})",
    )


def _corrected(ps: Sequence[float | None]) -> list[float | None]:
    """Holm's correction over those that are there."""
    known = iter(holm([p for p in ps if p is not None]))
    return [None if p is None else next(known) for p in ps]


def _p(found: Paired, metric: str) -> float | None:
    """McNemar's where it can be had."""
    return found.p[metric] if metric != "AccEM" or found.p_mcnemar is None else found.p_mcnemar


def _told(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _meaning(made: Sequence[Paired]) -> tuple[str, ...]:
    """What the columns mean."""
    exact = [one.p_mcnemar is not None for one in made]
    by = "drawn signs of people's differences (Fisher's randomisation test)"
    if any(exact):
        by += ", of AccEM McNemar's exact test"
    if any(exact) and not all(exact):
        by += " where a person has one transition and a row one seed"
    rows = f"{len(made)} {'row' if len(made) == 1 else 'rows'}"
    return (
        "d: the mean of people's differences (sums over their transitions) by their standard deviation. smallest: the "
        f"difference that a test of this size finds with {POWER:.0%} power at a level of {LEVEL:.0%}, uncorrected, by "
        "the bootstrap's standard error.",
        f"p: two-sided, by {by}; in brackets Holm's correction over {rows}, of each metric by itself. It tells what "
        "other people could have changed, not what other seeds could.",
    )


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


def _signed(difference: Mapping[str, Any], decimals: int) -> str:
    """A difference with its sign, and its interval."""
    sign = "+" if difference["value"] is not None and difference["value"] > 0 else ""
    return f"{sign}{value(difference, decimals)} {interval(difference, decimals)}".strip()
