"""Careers in a table with one job a row, whatever its columns are called: CSV, TSV (also gzipped) or Parquet."""

import csv
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from reasoning_occ.careers.dates import read_date
from reasoning_occ.careers.source import Loaded, Part
from reasoning_occ.careers.spells import Spell, assemble
from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum
from reasoning_occ.occupations.taxonomy import Taxonomy

COLUMNS = ("person", "occupation", "title", "start", "end", "order", "education")
PARTS = ("train", "valid", "test")

NO_OCCUPATION = "jobs of unknown occupation"
NO_START = "jobs without a start"
BAD_ROW = "rows with an error"


class TableCareers:
    """Source of careers in rows of one job each.

    Args:
        path: the file, or the folder that holds those of `files`.
        files: for each part ("train", "valid", "test") its file in the folder; `None` where `path` is one file.
        columns: for each of `COLUMNS` the file's own name, or `None` where it has none. `person` and `occupation` are
            needed, and `start` or `order`: jobs that have an order and no start are dated by their number, 1 for a
            person's first. All values are read as text.
        unknown: what stands for an unknown occupation beside an empty field; such rows are left out and counted.
        on_error: "stop" at the first row with an error, or "skip" such rows and count them.
        name: of the taxonomy that the file makes, where `taxonomy` is `None`.
        taxonomy: what occupations are looked up in.
    """

    def __init__(
        self,
        path: Path | str,
        files: Mapping[str, str] | None,
        columns: Mapping[str, str | None],
        unknown: Sequence[str],
        on_error: Literal["stop", "skip"],
        name: str,
        taxonomy: Taxonomy | None,
    ) -> None:
        if on_error not in ("stop", "skip"):
            raise UserError(f"data.on_error={on_error}: expected 'stop' or 'skip'.")
        _check_columns(columns)
        self._path = Path(path)
        self._files = part_files(self._path, files)
        self._columns = {what: column for what, column in columns.items() if column}
        self._unknown = {word.lower() for word in unknown}
        self._on_error = on_error
        self._name = name
        self._taxonomy = taxonomy

    def load(self) -> Loaded:
        """Read all files.

        Raises:
            UserError: a file can't be read, lacks a column or holds nobody with a transition; with on_error="stop" also
                a row with an error (names file and row).
        """
        skipped = Counter({BAD_ROW: 0, NO_OCCUPATION: 0, NO_START: 0})
        spells = [spell for part, file in self._files for spell in self._spells(part, file, skipped)]
        return assemble(spells, self._taxonomy, skipped, self._name, str(self._path))

    def checksum(self) -> str:
        """Digest of the files and of the taxonomy they are read with.

        Raises:
            UserError: a file can't be read.
        """
        return table_checksum(self._files, self._taxonomy)

    def _spells(self, part: Part | None, file: Path, skipped: Counter[str]) -> Iterator[Spell]:
        found: list[tuple[tuple[float, int], dict[str, str]]] = []
        for number, row in enumerate(read_rows(file, tuple(self._columns.values())), start=1):
            values = {what: row[column].strip() for what, column in self._columns.items()}
            try:
                if not values["person"]:
                    raise UserError("no person")
                found.append(((_order(values), number), values))
            except UserError as error:
                self._fail(file, number, str(error), skipped)
        # people with an order are sorted by it before jobs are numbered; else rows keep the file's order
        place: Counter[str] = Counter()
        for (_, number), values in sorted(found, key=lambda one: one[0]):
            if not values["occupation"] or values["occupation"].lower() in self._unknown:
                skipped[NO_OCCUPATION] += 1
                continue
            place[values["person"]] += 1
            try:
                start, end = self._dates(values, place[values["person"]])
            except UserError as error:
                self._fail(file, number, str(error), skipped)
                continue
            if start is None:
                skipped[NO_START] += 1
                continue
            yield Spell(
                values["person"],
                values["occupation"],
                start,
                end,
                title=values.get("title", ""),
                education=values.get("education", ""),
                part=part,
            )

    def _dates(self, values: Mapping[str, str], place: int) -> tuple[Date | None, Date | None]:
        if "start" not in values:
            return Date(place), None
        return read_date(values["start"]), read_date(values.get("end", ""))

    def _fail(self, file: Path, number: int, reason: str, skipped: Counter[str]) -> None:
        if self._on_error == "stop":
            raise UserError(
                f"data.path: {file}, row {number} below the header: {reason.rstrip('.')}.\n"
                "Mend the row, or skip such rows with data.on_error=skip (they are counted in the report)."
            )
        skipped[BAD_ROW] += 1


def part_files(path: Path, files: Mapping[str, str] | None) -> tuple[tuple[Part | None, Path], ...]:
    """What to read: the one file, or the folder's file of each part.

    Raises:
        UserError: a key of `files` is no part.
    """
    if files is None:
        return ((None, path),)
    wrong = [part for part in files if part not in PARTS]
    if wrong or "train" not in files or "test" not in files:
        raise UserError(
            f"data.files: expected files for train, test and perhaps valid; got {', '.join(files) or 'none'}."
        )
    return tuple((cast(Part, part), path / files[part]) for part in PARTS if part in files)


def table_checksum(files: Sequence[tuple[Part | None, Path]], taxonomy: Taxonomy | None) -> str:
    """Digest of files and of the taxonomy they are read with.

    Raises:
        UserError: a file can't be read.
    """
    told: list[Any] = []
    for part, file in files:
        try:
            told.append([part, checksum(file)])
        except OSError as error:
            raise UserError(f"data.path: could not read {file}: {error.strerror}.") from error
    if taxonomy is not None:
        told.append([[o.code, o.title, o.aliases, taxonomy.related(o.code)] for o in taxonomy])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Rows of a table by column name, every value as text.

    Raises:
        UserError: the file can't be read, is of another kind, or lacks a column.
    """
    name = path.name.lower()
    kind = Path(name.removesuffix(".gz")).suffix
    if kind == ".parquet":
        yield from _parquet(path, columns)
        return
    if kind not in (".csv", ".tsv"):
        raise UserError(f"data.path: expected a table (.csv, .tsv, either with .gz, or .parquet); got {path}.")
    opener: Any = gzip.open if name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t" if kind == ".tsv" else ",", restval="")
            _check_present(path, reader.fieldnames or (), columns)
            yield from reader
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"data.path: could not read {path}: {getattr(error, 'strerror', None) or error}.") from error


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except ImportError as error:
        raise UserError(f"data.path: to read {path} pandas needs pyarrow: pip install pyarrow.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"data.path: could not read {path}: {error}.") from error
    _check_present(path, list(table.columns), columns)
    for row in table[list(columns)].astype(object).itertuples(index=False, name=None):
        yield {column: "" if pd.isna(value) else str(value) for column, value in zip(columns, row, strict=True)}


def _check_present(path: Path, present: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [column for column in wanted if column not in present]
    if missing:
        raise UserError(
            f"data.columns: {path} has no column '{missing[0]}'; it has: {', '.join(present) or 'none'}. "
            "Name the file's own columns, as in data.columns.person=resume_id."
        )


def _check_columns(columns: Mapping[str, str | None]) -> None:
    strange = [what for what in columns if what not in COLUMNS]
    if strange:
        raise UserError(f"data.columns.{strange[0]}: there is no such key; expected some of {', '.join(COLUMNS)}.")
    given = {what for what, column in columns.items() if column}
    for needed in ({"person"}, {"occupation"}, {"start", "order"}):
        if not needed & given:
            raise UserError(f"data.columns: name the file's column of {' or '.join(sorted(needed))}.")


def _order(values: Mapping[str, str]) -> float:
    if "order" not in values:
        return 0.0
    try:
        return float(values["order"])
    except ValueError as error:
        raise UserError(f"expected a number as order, got '{values['order']}'") from error
