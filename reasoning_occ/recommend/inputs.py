"""Careers of many people, one after the other as they are asked for: never more than one person is held.

JSONL: one career of ours or one resume a line. JSON: a list of them. CSV, TSV (also gzipped) and Parquet: one job a
row, a person's rows together, with the columns `id`, `occupation`, `start` and, where there are any, `end`,
`birth_year`, `hours`, `region`, `pay`, `sector`, `tenure_years`, `full_time`, `wage`; a row with `education` in place
of an occupation is something learned, at `start`. Dates of tables are read as `read_date` does, so "Mar 2012" is one,
and "Present" is no end.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, NamedTuple

from reasoning_occ.careers.json_resume import person_id
from reasoning_occ.errors import UserError
from reasoning_occ.recommend import tables


class Entry(NamedTuple):
    """One person as given: the place in the input, a name for who has none, and JSON text."""

    place: str
    name: str
    content: str


def many(path: Path) -> bool:
    """Whether an input holds several people by its kind.

    Raises:
        UserError: there is no such file.
    """
    if not path.exists():
        raise UserError(f"there is no {path}; give a file with a career, or with several (.jsonl, .csv, .parquet).")
    if path.is_dir() or path.name.lower().endswith((".jsonl", *tables.ENDINGS)):
        return True
    with _opened(path) as file:
        return file.read(4096).lstrip().startswith("[")


def entries(path: Path) -> Iterator[Entry]:
    """Every person of a file or of a folder of .json files.

    Raises:
        UserError: the input can't be read, a table lacks a column, or there is nobody; also while it is read.
    """
    there = False
    for one in _entries(path):
        there = True
        yield one
    if not there:
        raise UserError(f"{path} holds nobody; expected at least one career.")


def _entries(path: Path) -> Iterator[Entry]:
    if path.is_dir():
        for file in _files(path):
            yield from _listed(file)
    elif path.name.lower().endswith(tables.ENDINGS):
        for row, person, career in tables.people(path):
            yield Entry(f"row {row}", person, json.dumps(career))
    elif path.suffix.lower() == ".jsonl":
        with _opened(path) as file:
            yield from _lines(path, file)
    else:
        yield from _listed(path)


def _files(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".json")
    if not files:
        raise UserError(f"{folder} holds no .json file.")
    return files


def standard_input() -> tuple[str | None, Iterator[Entry]]:
    """What comes on standard input: one career as a text, or several, one a line or in a list.

    Raises:
        UserError: nothing comes.
        UnicodeDecodeError: it is no text in UTF-8; also while it is read.
    """
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="strict")
    first = sys.stdin.readline()
    while first and not first.strip():
        first = sys.stdin.readline()
    if not first:
        raise UserError("standard input: nothing came; expected a career, or one a line.")
    if first.lstrip().startswith("["):
        return None, _of_list(Path("stdin"), first + sys.stdin.read())
    try:
        whole = isinstance(json.loads(first), dict)
    except ValueError:
        text = first + sys.stdin.read()
        rest = text.splitlines()
        several = not _is_one(text) and any(map(_is_one, rest[1:]))  # one a line, the first of which is spoilt
        return (None, _lines(Path("stdin"), rest)) if several else (text, iter(()))
    second = sys.stdin.readline()
    while second and not second.strip():
        second = sys.stdin.readline()
    if whole and second:
        return None, _lines(Path("stdin"), _chained([first, second], sys.stdin))
    return first, iter(())


def _is_one(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def count(path: Path) -> int | None:
    """How many people `entries` gives, for a bar; `None` where the input can't be read to its end.

    Nothing of them is held, but for a list in a .json file, which is read whole.
    """
    try:
        if path.is_dir():
            return sum(_how_many(file) for file in _files(path))
        if path.name.lower().endswith(tables.ENDINGS):
            return tables.count(path)
        if path.suffix.lower() == ".jsonl":
            with _opened(path) as file:
                return sum(1 for line in file if line.strip())
        return _how_many(path)
    except UserError:
        return None


def _how_many(path: Path) -> int:
    """The people of a .json file; of one that holds a single person only the beginning is read."""
    with _opened(path) as file:
        text = file.read(4096)
        if text.strip() and not text.lstrip().startswith("["):
            return 1
        text += file.read()
    return len(_list(path, text)) if text.lstrip().startswith("[") else 1


def _chained(first: Iterable[str], rest: Iterable[str]) -> Iterator[str]:
    yield from first
    yield from rest


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            yield file
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: could not be read: {getattr(error, 'strerror', None) or error}.") from error


def _lines(path: Path, file: Iterable[str]) -> Iterator[Entry]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield Entry(f"line {number}", person_id(path, number), line)


def _listed(path: Path) -> Iterator[Entry]:
    """The people of a .json file, which is read whole: one, or a list."""
    with _opened(path) as file:
        text = file.read()
    if text.lstrip().startswith("["):
        yield from _of_list(path, text)
    else:
        yield Entry(path.name, person_id(path, 1), text)


def _list(path: Path, text: str) -> list[Any]:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: it is not JSON.") from error


def _of_list(path: Path, text: str) -> Iterator[Entry]:
    for number, one in enumerate(_list(path, text), start=1):
        yield Entry(f"{path.name}, number {number}", person_id(path, number), json.dumps(one))
