"""Careers in a table with one person a row and numbered columns for the jobs, as title_0, start_0, title_1, start_1."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from reasoning_occ.careers.rows import COLUMNS, NO_JOB, Common, Fail, Row, RowCareers, check_columns
from reasoning_occ.careers.source import Part
from reasoning_occ.careers.table import PLACE, part_files
from reasoning_occ.careers.tabular import needed, opened
from reasoning_occ.errors import UserError

NUMBER = "*"
"""Stands for the number in the names of numbered columns."""
KNOWN = tuple(what for what in COLUMNS if what != "order")


class WideCareers(RowCareers):
    """Source of careers in rows of one person each.

    Each row is read as the rows of one job each that `table` reads. Jobs stand in order of their numbers where nothing
    is known of their start; a number none of whose columns has a value is no job.

    Args:
        path: the file, or the folder that holds those of `files`.
        files: for each part ("train", "valid", "test") its file in the folder; `None` where `path` is one file.
        columns: for each of `rows.COLUMNS`, but "order", the file's own name, with `*` where the number stands, or
            `None` where it has none. `occupation` is needed. Without a `person` people are called by file and row; one
            with a `*` is no person's name. Without a `start` jobs are dated by their number, 1 for a person's first.
        common: see `rows.Common`.

    Raises:
        UserError: an argument is none of its kind.
    """

    def __init__(
        self,
        path: Path | str,
        files: Mapping[str, str] | None,
        columns: Mapping[str, str | None],
        **common: Unpack[Common],
    ) -> None:
        super().__init__(Path(path), **common)
        check_columns(columns, ({"occupation"},), KNOWN)
        self._files = part_files(self._path, files)
        self._columns = {what: column for what, column in columns.items() if column}
        _check_places(self._columns)

    def files(self) -> list[tuple[Part | None, Path]]:
        """As `RowCareers.files`."""
        return self._files

    def rows(self, skipped: Counter[str], fail: Fail) -> Iterator[tuple[Part | None, Iterator[Row]]]:
        """As `RowCareers.rows`."""
        for part, file in self._files:
            yield part, self._rows(part, file, skipped, fail)

    def _rows(self, part: Part | None, file: Path, skipped: Counter[str], fail: Fail) -> Iterator[Row]:
        met: dict[str, int] = {}
        with opened(file) as table:
            slots = numbered(file, table.columns, self._columns)
            same = {what: column for what, column in self._columns.items() if NUMBER not in column}
            told = [{what: f"column '{column}'" for what, column in {**same, **slot}.items()} for slot in slots]
            for number, row in enumerate(table.rows, start=1):
                once = _cells(row, same)
                person = once.setdefault("person", f"{part or 'row'}-{number}")
                # a second row would make one person of two, or two of one
                if person and met.setdefault(person, number) != number:
                    reason = f"the person '{person}' has row {met[person]} already, and one row is one person"
                    fail(PLACE.format(file, number), reason)
                    continue
                cells = [(_cells(row, slot), names) for slot, names in zip(slots, told, strict=True)]
                jobs = [(job, names) for job, names in cells if any(job.values())]
                skipped[NO_JOB] += not jobs
                yield from (Row(PLACE, (file, number), {**once, **job}, names) for job, names in jobs)


def numbered(path: Path, present: Sequence[str], patterns: Mapping[str, str]) -> list[dict[str, str]]:
    """The columns of each job, in order of their numbers.

    Args:
        path: names the file in an error.
        present: the file's columns.
        patterns: the file's name of each thing told of a job, `*` where the number stands; those without are looked for
            and left out.

    Raises:
        UserError: a column is missing, for all numbers or for one.
    """
    needed(path, present, [column for column in patterns.values() if NUMBER not in column])
    counting = {what: pattern for what, pattern in patterns.items() if NUMBER in pattern}
    numbers: set[str] = set()
    for pattern in counting.values():
        before, after = (re.escape(half) for half in pattern.split(NUMBER))
        found = {match[1] for column in present if (match := re.fullmatch(f"{before}([0-9]+){after}", column))}
        if not found:
            raise UserError(
                f"data.columns: {path} has no column like '{pattern}' with a number for {NUMBER}; it has: "
                f"{', '.join(present) or 'none'}."
            )
        numbers |= found
    slots = [
        {what: pattern.replace(NUMBER, number) for what, pattern in counting.items()}
        for number in sorted(numbers, key=lambda n: (int(n), n))
    ]
    needed(path, present, [column for slot in slots for column in slot.values()])
    return slots


def _cells(row: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    return {what: row[column].strip() for what, column in columns.items()}


def _check_places(columns: Mapping[str, str]) -> None:
    for what, column in columns.items():
        if what == "person" and NUMBER in column:
            raise UserError(f"data.columns.person={column}: a row is one person, whose column has no number.")
        if what not in ("person", "education") and column.count(NUMBER) != 1:
            raise UserError(
                f"data.columns.{what}={column}: expected a name with one {NUMBER} where the number of the job stands, "
                f"as in {what}_{NUMBER}."
            )
        if column.count(NUMBER) > 1:
            raise UserError(f"data.columns.{what}={column}: expected at most one {NUMBER}.")
