"""How recommenders serve groups of people and of steps: slices side by side, and the largest gaps between groups."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.fairness import FIGURES
from reasoning_occ.evaluation.slices import EDUCATION, LEARNT, PAST_JOBS, QUALITY, REGION, RETURN, STEP
from reasoning_occ.report import formats
from reasoning_occ.report.grid import Grid
from reasoning_occ.report.jobs import Job, find
from reasoning_occ.report.sentences import interval, value

SLICES = (STEP, RETURN, LEARNT, QUALITY, PAST_JOBS, EDUCATION, "gender", "race", REGION)
"""Dimensions that are shown, in this order."""
SHOWN = ("MRR", "Hit@5")
DECIMALS = 2


def grouped(folder: Path, rows: Sequence[str]) -> list[str]:
    """Both tables as lines of Markdown, of the first job of each row.

    Args:
        folder: above the folders of finished jobs.
        rows: recommenders' names, at least one.

    Raises:
        UserError: no row is named, or no finished job has its name and slices.
    """
    if not rows:
        raise UserError("groups: --rows NAME ... is missing, the recommenders that are shown.")
    jobs = {}
    for job in sorted(find(folder)[0], key=lambda job: job.seed):
        if "slices" in job.metrics:  # a job that was kept has none
            jobs.setdefault(job.name, job)
    if lacking := [name for name in rows if name not in jobs]:
        raise UserError(
            f"--rows: no finished job in {folder} with slices is '{lacking[0]}'; there are {', '.join(jobs)}."
        )
    chosen = [jobs[name] for name in rows]
    told = "; ".join(f"{job.name} with seed {job.seed}" for job in chosen)
    head = ("group", "n", *(f"{metric}, {job.name}" for metric in SHOWN for job in chosen))
    slices = Grid("By group", head, tuple(_slices(chosen)), {}, (f"{told}. 95% intervals by a bootstrap over people.",))
    head = ("gap", "n", *(f"{what}, {job.name}" for job in chosen for what in ("largest", "by chance", "p")))
    note = (
        "The largest difference between groups of enough people, what chance alone gives where it is drawn who belongs "
        "to which, and how often that is as large. too sure: the mean probability of the top title less the share in "
        "which it is right."
    )
    gaps = Grid("Are groups served alike?", head, tuple(_gaps(chosen)), {}, (note,))
    return [line for grid in (slices, gaps) for line in formats.grid_markdown(grid)][1:]


def _slices(jobs: Sequence[Job]) -> Iterator[tuple[str, ...]]:
    first = jobs[0].metrics["slices"]
    for dimension in SLICES:
        for label, group in first.get(dimension, {}).items():
            others = [job.metrics["slices"][dimension][label] for job in jobs]
            cells = (f"{value(one[m], DECIMALS)} {interval(one[m], DECIMALS)}".strip() for m in SHOWN for one in others)
            yield (f"{dimension}: {label}", f"{group['MRR']['n']:,}", *cells)


def _gaps(jobs: Sequence[Job]) -> Iterator[tuple[str, ...]]:
    for fact, dimension in jobs[0].metrics["fairness"]["dimensions"].items():
        for figure in FIGURES:
            found = [job.metrics["fairness"]["dimensions"][fact]["gaps"][figure] for job in jobs]
            if dimension["gaps"][figure] is None:
                continue
            cells = (
                cell
                for gap in found
                for cell in (
                    f"{value(gap, DECIMALS)} {interval(gap, DECIMALS)} ({gap['highest']} above {gap['lowest']})",
                    f"{gap['by_chance']:.{DECIMALS}f}",
                    f"{gap['p']:.2f}",
                )
            )
            yield (f"{fact}, {figure}", f"{found[0]['n']:,}", *cells)
