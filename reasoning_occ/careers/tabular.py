"""Tables in files, whatever their columns: CSV, TSV (also gzipped) or Parquet. Every value is text."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from reasoning_occ.errors import UserError


class Table(NamedTuple):
    """An open table. columns: its own names; rows: each row by column, "" where there is nothing."""

    columns: list[str]
    rows: Iterator[dict[str, str]]


@contextmanager
def opened(path: Path) -> Iterator[Table]:
    """The table in a file; rows are read as they are asked for.

    Raises:
        UserError: the file can't be read or is of another kind, also while rows are read.
    """
    name = path.name.lower()
    kind = Path(name.removesuffix(".gz")).suffix
    if kind == ".parquet":
        yield _parquet(path)
        return
    if kind not in (".csv", ".tsv"):
        raise UserError(f"data.path: expected a table (.csv, .tsv, either with .gz, or .parquet); got {path}.")
    opener: Any = gzip.open if name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t" if kind == ".tsv" else ",", restval="")
            yield Table(list(reader.fieldnames or ()), reader)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"data.path: could not read {path}: {getattr(error, 'strerror', None) or error}.") from error


def needed(path: Path, present: Sequence[str], wanted: Sequence[str]) -> None:
    """Nothing, where all columns are there.

    Raises:
        UserError: one is not; names it and those that are there.
    """
    missing = [column for column in wanted if column not in present]
    if missing:
        raise UserError(
            f"data.columns: {path} has no column '{missing[0]}'; it has: {', '.join(present) or 'none'}. "
            "Name the file's own columns, as in data.columns.person=resume_id."
        )


def _parquet(path: Path) -> Table:
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except ImportError as error:
        raise UserError(f"data.path: to read {path} pandas needs pyarrow: pip install pyarrow.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"data.path: could not read {path}: {error}.") from error
    columns = [str(column) for column in table.columns]

    def text(value: Any) -> str:
        return "" if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)

    rows = table.astype(object).itertuples(index=False, name=None)
    return Table(columns, ({c: text(value) for c, value in zip(columns, row, strict=True)} for row in rows))
