"""Rows of a published table, whichever way it came: CSV, tabs, or an Excel sheet, with lines of text above its head."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from reasoning_occ.errors import UserError

EXCEL: dict[str, Literal["xlrd", "openpyxl"]] = {".xls": "xlrd", ".xlsx": "openpyxl"}
_HEAD_WITHIN = 40
"""Lines among which the head of a table is looked for."""


class Row(NamedTuple):
    """A line of the file, and its cells by the names they were asked for, without spaces around them."""

    line: int
    cells: dict[str, str]


def rows(path: Path, columns: Mapping[str, str | None]) -> list[Row]:
    """The rows below a table's head, of the first sheet that has such a head.

    Args:
        path: .csv, .tsv, .txt (tabs), or .xls and .xlsx, for which pandas needs a package.
        columns: a name for each column wanted, and its heading; `None`: the column left of the one named before it.

    Raises:
        UserError: there is no such file, it can't be read, or no line has the headings.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    for sheet in _excel(path) if path.suffix.lower() in EXCEL else [_text(path)]:
        for number, head in enumerate(sheet[:_HEAD_WITHIN]):
            places = _places([_plain(cell) for cell in head], columns)
            if places is not None:
                return [Row(n, _cells(cells, places)) for n, cells in enumerate(sheet[number + 1 :], number + 2)]
    wanted = ", ".join(f"'{heading}'" for heading in columns.values() if heading is not None)
    raise UserError(
        f"{path}: none of its first {_HEAD_WITHIN} lines has the headings {wanted}. Is it the right file? If its "
        "headings are others, give them with --columns."
    )


def _places(head: Sequence[str], columns: Mapping[str, str | None]) -> dict[str, int] | None:
    places: dict[str, int] = {}
    place = 0
    for name, heading in columns.items():
        if heading is not None and _plain(heading) not in head:
            return None
        place = place - 1 if heading is None else head.index(_plain(heading))
        places[name] = place
    return None if min(places.values()) < 0 else places


def _cells(line: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {name: " ".join(line[place].split()) if place < len(line) else "" for name, place in places.items()}


def _plain(heading: str) -> str:
    return " ".join(heading.lower().split())


def _text(path: Path) -> list[list[str]]:
    # Excel saves as CSV in the code page of its country unless told otherwise
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            with open(path, encoding=encoding, newline="") as file:
                return list(csv.reader(file, delimiter="," if path.suffix.lower() == ".csv" else "\t"))
        except UnicodeDecodeError:
            continue
        except (OSError, csv.Error) as error:
            raise UserError(f"{path} can't be read: {error}. Get it again.") from error
    raise UserError(f"{path} is no text. Get it again, or save the sheet as CSV.")


def _excel(path: Path) -> Iterator[list[list[str]]]:
    package = EXCEL[path.suffix.lower()]
    import pandas

    try:
        sheets = pandas.read_excel(path, engine=package, sheet_name=None, header=None, dtype=str, na_filter=False)
    except ImportError as error:
        raise UserError(
            f"{path}: {path.suffix} files are read with {package}: pip install 'reasoning-occ[excel]', or save the "
            "sheet as CSV and give that."
        ) from error
    except Exception as error:  # what is no such file raises many types, by package
        raise UserError(f"{path} can't be read ({error}). Get it again, or save the sheet as CSV.") from error
    for sheet in sheets.values():
        yield [[str(cell) for cell in line] for line in sheet.to_numpy().tolist()]
