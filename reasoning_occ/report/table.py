"""The table of a folder: found, shown, written."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from reasoning_occ.errors import UserError
from reasoning_occ.files import whole
from reasoning_occ.report import formats
from reasoning_occ.report.content import METRICS, Table, table
from reasoning_occ.report.jobs import find, left_out
from reasoning_occ.report.reasons import lines


def compose(folder: Path, metrics: Sequence[str], against: str | None = None) -> Table:
    """The table over the finished jobs at or below a folder; those not finished are named in a note, and the notes of
    a single run say what is to be known of its reasons. Of a sweep the jobs of its list count, others are counted in a
    note. `against`: as in `content.table`.

    Raises:
        UserError: no finished job, a file of one can't be read, an unknown metric or row.
    """
    finished, unfinished = find(folder)
    if not finished:
        raise UserError(
            f"No job in {folder} is finished: {'; '.join(map(str, unfinished))}. Give the command that began it again."
        )
    found = table(finished, unfinished, metrics, against)
    return replace(found, notes=(*found.notes, *left_out(folder), *lines(folder)))


def show(folder: Path) -> None:
    """Print the table of a run or sweep on standard output.

    Raises:
        UserError: as `compose`.
    """
    formats.show(compose(folder, METRICS), Console())


def write(found: Table, folder: Path) -> list[Path]:
    """Write the table into a folder, once in every format.

    Returns:
        The paths of the files.
    """
    paths = []
    for ending, make in formats.FORMATS.values():
        paths.append(folder / f"table.{ending}")
        with whole(paths[-1]) as file:
            file.write(make(found))
    return paths
