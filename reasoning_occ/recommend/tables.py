"""Tables of careers, one job a row, read a person at a time; what columns they may have stands in inputs.py."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from reasoning_occ.careers.dates import read_date
from reasoning_occ.careers.tabular import opened
from reasoning_occ.errors import UserError

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
_NUMBERS = ("hours", "tenure_years", "wage", "full_time")
_FACTS = (*_NUMBERS, "region", "pay", "sector")
_BATCH = 1024
"""Rows of a Parquet file that are read together."""


def people(path: Path) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Every person of a table: the number of the first row, the id, and the career as ours are written.

    Raises:
        UserError: the table can't be read, or lacks a column; also while it is read.
    """
    with _rows(path) as (columns, rows):
        _needed(path, columns, ("id", "occupation", "start"))
        numbered = enumerate(rows, start=1)
        for person, several in groupby(numbered, key=lambda one: _who(one[1])):
            held = list(several)
            yield held[0][0], person, _person(person, [row for _, row in held])


def count(path: Path) -> int:
    """How many people `people` gives.

    Raises:
        UserError: as `people`.
    """
    with _rows(path, ("id",)) as (columns, rows):
        _needed(path, columns, ("id",))
        return sum(1 for _ in groupby(_who(row) for row in rows))


def _needed(path: Path, columns: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [column for column in wanted if column not in columns]
    if missing:
        raise UserError(
            f"{path} has no column '{missing[0]}'; it has: {', '.join(columns) or 'none'}. Expected one job a row "
            "with the columns id, occupation and start (--help tells the others)."
        )


def _who(row: dict[str, str]) -> str:
    return row["id"].strip()


def _person(person: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    """A career of ours from rows; what is wrong in them is left for its schema to tell."""
    born = next((row["birth_year"] for row in rows if row.get("birth_year", "").strip()), None)
    jobs, learned = [], []
    for row in rows:
        # what stands in a row beyond the last column has no name and comes as a list
        has = {column: value.strip() for column, value in row.items() if isinstance(value, str) and value.strip()}
        start, end = (_date(has.get(column, "")) for column in ("start", "end"))
        start = start or has.get("start", "")  # "Present" is no start
        if "education" in has and "occupation" not in has:
            learned.append({"date": start, "title": has["education"]})
            continue
        facts = {key: _number(has[key]) if key in _NUMBERS else has[key] for key in _FACTS if key in has}
        until = {"end": end} if end else {}
        jobs.append({"occupation": has.get("occupation", ""), "start": start, "facts": facts, **until})
    told = {} if born is None else {"birth_year": _number(born)}
    return {"id": person, **told, "education": learned, "jobs": jobs}


def _date(text: str) -> str:
    """A date as the schema has it; "" for none or one that goes on; what can't be read as it is."""
    try:
        found = read_date(text)
    except UserError:
        return text
    return "" if found is None else str(found)


def _number(text: str) -> Any:
    """A number or true or false, where the text is one; whole ones without a point."""
    try:
        value = json.loads(text.strip().lower())
    except ValueError:
        return text
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextmanager
def _rows(path: Path, only: Sequence[str] | None = None) -> Iterator[tuple[list[str], Iterator[dict[str, str]]]]:
    """The columns and rows of a table. only: the columns that are wanted; others need not be in the rows."""
    if path.suffix.lower() != ".parquet":
        with opened(path) as table:
            yield table.columns, table.rows
        return
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise UserError(f"to read {path}, pyarrow is needed: pip install pyarrow.") from error
    try:
        with parquet.ParquetFile(path) as file:
            batches = file.iter_batches(batch_size=_BATCH, columns=None if only is None else list(only))
            yield (
                list(file.schema_arrow.names),
                ({k: "" if v is None else str(v) for k, v in row.items()} for b in batches for row in b.to_pylist()),
            )
    except (OSError, ArrowException) as error:
        raise UserError(f"{path}: could not be read: {error}.") from error
