"""The same recommender trained with several seeds: its mean, how far seeds spread, and the interval over people.

Two things make a figure uncertain, and neither stands for the other: which people were tested (the interval, by a
bootstrap over people of each person's mean over seeds), and which seed was drawn (the spread, from the lowest to the
highest of the seeds' figures).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reasoning_occ.errors import UserError, nearest
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.evaluate import summarised
from reasoning_occ.evaluation.metrics import MEANS
from reasoning_occ.evaluation.paired import paired
from reasoning_occ.evaluation.scored import Scored
from reasoning_occ.report.compared import differences, tests
from reasoning_occ.report.grid import Grid
from reasoning_occ.report.jobs import Job
from reasoning_occ.report.sentences import interval

IDLE = ("logger", "output", "sweeps", "stages", "data_dir", "onet", "hydra", "threads", "calls")
"""Parts of a configuration that no result depends on."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Jobs that differ in their seed alone: a label, the jobs, each transition's mean scores over them."""

    label: str
    jobs: tuple[Job, ...]
    scored: Scored


def pools(jobs: Sequence[Job]) -> list[Pool]:
    """Jobs by recommender and overrides less the seed and idle ones, in the order of their first ones.

    Raises:
        UserError: two jobs differ in nothing, not even in their seed; jobs of a pool were tested on other
            transitions; or a file can't be read.
    """
    held: dict[tuple[str, frozenset[str]], list[Job]] = {}
    for job in jobs:
        alike = held.setdefault((job.name, frozenset(_words(job))), [])
        twin = next((other for other in alike if other.seed == job.seed), None)
        if twin is not None:
            raise UserError(
                f"{twin.folder.name} and {job.folder.name} are the same job (seed {job.seed}) by other code, data, "
                "folder or threads; "
                "take one of them away"
            )
        alike.append(job)
    names = Counter(name for name, _ in held)
    labels = {key: key[0] if names[key[0]] == 1 else _apart(key, list(held)) for key in held}
    return [
        Pool(labels[key], tuple(of), scored.averaged([scored.read(job.folder / "scores.jsonl") for job in of]))
        for key, of in held.items()
    ]


def _words(job: Job) -> list[str]:
    return [word for word in job.overrides if not (word.startswith("seed=") or is_idle(word))]


def is_idle(word: str) -> bool:
    """Whether no result depends on an override, such as `threads=2`."""
    return word.lstrip("+~").partition("=")[0].partition(".")[0] in IDLE


def _apart(key: tuple[str, frozenset[str]], keys: Sequence[tuple[str, frozenset[str]]]) -> str:
    name, words = key
    shared = frozenset.intersection(*(other for called, other in keys if called == name))
    return f"{name} ({', '.join(sorted(words - shared)) or 'no other words'})"


def spread(found: Sequence[Pool], metrics: Sequence[str], decimals: int) -> Grid:
    """Each pool's mean in each metric, with both uncertainties. Metrics that are no means of scores are left out."""
    shown = [name for name in metrics if name in MEANS]
    rows, numbers = [], {}
    for pool in found:
        draws = pool.jobs[0].metrics["bootstrap"]
        over_people = summarised(pool.scored, draws["resamples"], draws["seed"])
        each = {name: [job.metrics[name]["value"] for job in pool.jobs] for name in shown}
        rows.append(
            (
                pool.label,
                str(len(pool.jobs)),
                *(_cell(over_people[name], each[name], decimals) for name in shown),
            )
        )
        numbers[pool.label] = {
            f"{name}_{end}": over_people[name][end] for name in shown for end in ("value", "low", "high")
        }
    notes = (
        "Means over seeds; in brackets the 95% interval by a bootstrap over people of each person's mean, then the "
        "lowest and the highest of the seeds.",
    )
    return Grid("Over seeds", ("row", "seeds", *shown), tuple(rows), numbers, notes)


def _cell(metric: Mapping[str, Any], each: Sequence[float | None], decimals: int) -> str:
    values = [value for value in each if value is not None]
    if metric["value"] is None or not values:
        return "-"
    told = f"{metric['value']:.{decimals}f} {interval(metric, decimals)}".strip()
    return told if len(each) == 1 else f"{told} {min(values):.{decimals}f}..{max(values):.{decimals}f}"


def less(
    found: Sequence[Pool], name: str, metrics: Sequence[str], decimals: int, margin: float | None
) -> tuple[Grid, Grid]:
    """Each pool less the one of a name, means over seeds against means over seeds, on the same transitions.

    Args:
        found: the pools.
        name: a pool's label, its recommender's name or its choice of the group `row`.
        metrics, decimals, margin: as in `compared.less`.

    Returns:
        The differences, and tests of them.

    Raises:
        UserError: no pool of that name, several, or other test people.
    """
    bases = [pool for pool in found if name in (pool.label, pool.jobs[0].name, pool.jobs[0].row)]
    if len(bases) != 1:
        known = [pool.label for pool in found]
        told = f"{len(bases)} rows are" if bases else "no row is"
        raise UserError(f"against: {told} '{name}'; give the label of one, near: {nearest(name, known)}.")
    (base,) = bases
    draws = base.jobs[0].metrics["bootstrap"]
    pairs = [
        (pool.label, paired(pool.scored, base.scored, draws["resamples"], draws["seed"]))
        for pool in found
        if pool is not base
    ]
    note = (
        f"Differences of means over seeds from those of {base.label}, with 95% intervals from the same bootstrap "
        "samples of people."
    )
    shown = [m for m in metrics if m in MEANS]
    made = (
        differences(f"Less {base.label}, over seeds", pairs, shown, decimals, margin, (note,)),
        tests(f"Tests of differences from {base.label}, over seeds", pairs, decimals),
    )
    # by row and seed there are numbers already, under the same names
    return replace(made[0], numbers={}), replace(made[1], numbers={})
