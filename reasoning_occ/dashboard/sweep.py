"""The report of a sweep: its table, what it shows of each row, paired tests and costs as they stand in its folder, and
pictures of its runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from reasoning_occ.dashboard.specification import MARK, Block, Report, accuracy, cost, reasons, training
from reasoning_occ.errors import UserError
from reasoning_occ.report.content import METRICS, Table, table
from reasoning_occ.report.formats import grid_markdown, markdown
from reasoning_occ.report.grid import JUDGED, JUDGED_BY
from reasoning_occ.report.jobs import Job, Unfinished, find, is_job, left_out
from reasoning_occ.shown import shown_override

LONGEST = 128
"""Characters of a title that W&B takes."""


def report(folder: Path, entity: str, project: str, against: str | None = None) -> Report:
    """The page over the finished jobs of a sweep's folder.

    Args:
        folder: of a sweep, or of many runs.
        entity, project: where its runs are.
        against: the row that all others are compared with; `None`: `evaluation.against` of the jobs.

    Raises:
        UserError: it is one run's folder, no job is finished, a file can't be read, or there is no row `against`.
    """
    if is_job(folder):
        raise UserError(f"--sweep {folder}: this is the folder of one run; give that of a sweep.")
    finished, unfinished = find(folder)
    if not finished:
        raise UserError(
            f"--sweep {folder}: no job is finished yet; `python -m reasoning_occ.report {folder}` says why."
        )
    # without the unfinished: their errors may name paths and addresses
    found = _shown(table(finished, [], METRICS, against), finished)
    notes = (*found.notes, *_waiting(unfinished), *left_out(folder))
    blocks = (*_tables(replace(found, notes=notes)), *_pictures(found))
    runs = tuple(job.folder.name for job in finished)
    return Report(entity, project, title(folder), MARK, runs, blocks)


def title(folder: Path) -> str:
    """A sweep's report is found again by its title, so one too long is cut and told from others by a checksum."""
    whole = f"Sweep {folder.resolve().name}"
    if len(whole) <= LONGEST:
        return whole
    return f"{whole[: LONGEST - 9]} {sha256(whole.encode()).hexdigest()[:8]}"


def not_logged(folder: Path) -> list[Job]:
    """Finished jobs that have never been on Weights & Biases, not even offline."""
    return [job for job in find(folder)[0] if not (job.folder / "wandb").is_dir()]


def _waiting(unfinished: Sequence[Unfinished]) -> list[str]:
    counts = Counter("failed" if job.failed else "not finished" for job in unfinished)
    return [f"{n} {'job is' if n == 1 else 'jobs are'} {state}." for state, n in counts.items()]


def _shown(found: Table, jobs: Sequence[Job]) -> Table:
    """The table without the paths and addresses that overrides hold, by which rows of one name are told apart."""
    words = sorted({word for job in jobs for word in job.overrides}, key=len, reverse=True)

    def public(text: str) -> str:
        for word in words:
            text = text.replace(word, shown_override(word))
        return text

    grids = (
        replace(
            grid,
            title=public(grid.title),
            rows=tuple(tuple(map(public, row)) for row in grid.rows),
            notes=tuple(map(public, grid.notes)),
        )
        for grid in found.grids
    )
    return replace(
        found,
        rows=tuple(replace(row, label=public(row.label)) for row in found.rows),
        warning=public(found.warning),
        notes=tuple(map(public, found.notes)),
        grids=tuple(grids),
    )


def _tables(found: Table) -> list[Block]:
    out = [Block("Results", markdown(replace(found, grids=()))), Block("Claims", _claims(found))]
    for grid in found.grids:
        heading, *lines = grid_markdown(grid)
        out.append(Block(heading.strip(), "\n".join(lines)))
    return out


def _claims(found: Table) -> str:
    """What the sweep shows of each row: its verdict beside the row that all are compared with, over seeds if there are
    several."""
    judged = [grid for grid in found.grids if JUDGED_BY in grid.head]
    if not judged:
        if any(grid.title.startswith("Less ") for grid in found.grids):
            return "Nothing is claimed: the jobs have no `evaluation.margin` in common, by which a loss would be small."
        return "Nothing is claimed: no row was compared with another. `--against ROW` compares all others with it."
    grid = judged[-1]
    metric, verdict = grid.head.index(JUDGED), grid.head.index(JUDGED_BY)
    lines = [f"- **{row[0]}**: {row[verdict]}, {row[metric]}" for row in grid.rows]
    return "\n".join([f"{grid.title}, {JUDGED_BY}:", "", *lines, "", *grid.notes[-1:]])


def _pictures(found: Table) -> list[Block]:
    """Sections of the workspace over these runs alone."""
    sections = (accuracy(found.metrics), reasons(), cost(), training())
    out = []
    for section in sections:
        text = " ".join(panel.text for panel in section.panels if panel.kind == "text")
        out.append(Block(section.name, text, tuple(panel for panel in section.panels if panel.kind != "text")))
    return out
