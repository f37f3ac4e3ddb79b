"""Careers in a table with one job a row, whatever its columns are called: CSV, TSV (also gzipped) or Parquet."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Unpack

from reasoning_occ.careers.rows import Common, Fail, Row, RowCareers, check_columns
from reasoning_occ.careers.source import Part
from reasoning_occ.careers.tabular import needed, opened
from reasoning_occ.errors import UserError

PLACE = "{}, row {} below the header"
PARTS: tuple[Part, ...] = ("train", "valid", "test")


class TableCareers(RowCareers):
    """Source of careers in rows of one job each.

    Args:
        path: the file, or the folder that holds those of `files`.
        files: for each part ("train", "valid", "test") its file in the folder; `None` where `path` is one file.
        columns: for each of `rows.COLUMNS` the file's own name, or `None` where it has none. `person` and `occupation`
            are needed, and `start` or `order`: jobs that have an order and no start are dated by their number, 1 for a
            person's first. All values are read as text.
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
        check_columns(columns, ({"person"}, {"occupation"}, {"start", "order"}))
        self._files = part_files(self._path, files)
        self._columns = {what: column for what, column in columns.items() if column}

    def files(self) -> list[tuple[Part | None, Path]]:
        """As `RowCareers.files`."""
        return self._files

    def rows(self, skipped: Counter[str], fail: Fail) -> Iterator[tuple[Part | None, Iterator[Row]]]:
        """As `RowCareers.rows`."""
        for part, file in self._files:
            yield part, self._rows(file)

    def _rows(self, file: Path) -> Iterator[Row]:
        told = {what: f"column '{column}'" for what, column in self._columns.items()}
        with opened(file) as table:
            needed(file, table.columns, tuple(self._columns.values()))
            for number, row in enumerate(table.rows, start=1):
                values = {what: row[column].strip() for what, column in self._columns.items()}
                yield Row(PLACE, (file, number), values, told)


def part_files(path: Path, files: Mapping[str, str] | None) -> list[tuple[Part | None, Path]]:
    """What to read: the one file, or the folder's file of each part.

    Raises:
        UserError: a key of `files` is no part.
    """
    if files is None:
        return [(None, path)]
    check_parts(files)
    return [(part, path / files[part]) for part in PARTS if part in files]


def check_parts(files: Mapping[str, str] | None) -> None:
    """Nothing, where `files` names parts, those for training and test among them, or is `None`.

    Raises:
        UserError: it does not.
    """
    if files is not None and (set(files) - set(PARTS) or not {"train", "test"} <= set(files)):
        raise UserError(
            f"data.files: expected files for train, test and perhaps valid; got {', '.join(files) or 'none'}."
        )
