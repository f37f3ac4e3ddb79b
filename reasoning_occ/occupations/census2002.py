"""Occupations of the Census 2002 list, read from a crosswalk to O*NET.

The crosswalk is a CSV file with a row for each code: `census_code` (four digits), `census_title`, `onet_soc` (empty
where the code is no occupation) and `quality` (exact, renumbered, representative; none: no occupation). Codes that
differ in number alone share a title, and are one occupation here, under the first of them.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.data_dir import VARIABLE
from reasoning_occ.occupations.onet import MAJOR_GROUPS
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

NAME = "census2002"
COLUMNS = ("census_code", "census_title", "onet_soc", "quality")
QUALITIES = ("exact", "renumbered", "representative")


class Entry(NamedTuple):
    """What a Census code stands for: its title, the O*NET code, how surely, and the first code of the same title."""

    title: str
    onet: str
    quality: str
    first: str


def present(path: Path) -> Path:
    """The same path.

    Raises:
        UserError: there is no such file.
    """
    if not path.is_file():
        raise UserError(
            f"data.crosswalk: no file {path}. Set data_dir (or the variable {VARIABLE}) to the folder that holds it, "
            "or data.crosswalk to the file."
        )
    return path


def crosswalk(path: Path) -> dict[str, Entry]:
    """Every code that is an occupation, or known to be none (quality "none").

    Raises:
        UserError: the file is missing, lacks a column, or a row is malformed (names the line).
    """
    entries: dict[str, Entry] = {}
    first: dict[str, str] = {}
    with open(present(path), encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            raise UserError(
                f"data.crosswalk: {path} has no column {', '.join(missing)}; expected {', '.join(COLUMNS)}."
            )
        for row in reader:
            code, title, onet, quality = (row[column] for column in COLUMNS)
            wrong = not (code.isdecimal() and len(code) == 4) or not title or code in entries
            if wrong or quality not in (*QUALITIES, "none") or (quality == "none") != (onet == ""):
                raise UserError(
                    f"data.crosswalk: {path}, line {reader.line_num}: expected a new code of four digits, a title, and "
                    f"an O*NET code of quality {', '.join(QUALITIES)} or none of quality none; got '{code}', "
                    f"'{title}', '{onet}', '{quality}'. Mend the row."
                )
            if quality != "none":
                first.setdefault(title, code)
            entries[code] = Entry(title, onet, quality, first.get(title, code))
    return entries


def taxonomy(path: Path) -> Taxonomy:
    """The occupations of a crosswalk in order of code, none related; `group` is the SOC major group of the O*NET code.

    Raises:
        UserError: as in `crosswalk`.
    """
    occupations = [
        Occupation(code, entry.title, group=MAJOR_GROUPS.get(entry.onet[:2], ""))
        for code, entry in sorted(crosswalk(path).items())
        if entry.quality != "none" and entry.first == code
    ]
    return Taxonomy(NAME, occupations, {}, "Titles: US Census Bureau, occupation codes of 2002.")
