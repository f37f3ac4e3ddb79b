"""The rows of a table of person-years (see `nlsy97`), checked one by one; nothing here knows of careers."""

import csv
import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy

# column of a degree's year -> its title and the years of school it stands for
DEGREES = {
    "date_hs": ("high school diploma", 12),
    "date_aa": ("associate degree", 14),
    "date_ba": ("bachelor's degree", 16),
    "date_ma": ("master's degree", 18),
    "date_prof": ("professional degree", 19),
    "date_phd": ("doctorate", 20),
}
COLUMNS = [
    "person_id", "year", "job_id", "onet_soc", "map_quality", "full_time", "hourly_wage", "industry", "gender", "race",
    "census_region", *DEGREES,
]  # fmt: skip
# how surely the crosswalk gives a title; "none": no title
QUALITIES = ("exact", "renumbered", "representative")
HOURS = {"full": True, "part": False, "": None}


class PersonYear(NamedTuple):
    """One row. `line`: its number in the file; texts are "" where not recorded; `wage` in dollars an hour;
    `degrees`: columns and years, those with a year only."""

    line: int
    person: str
    year: int
    employer: str
    occupation: str | None
    quality: str
    full_time: bool | None
    wage: float | None
    industry: str
    gender: str
    race: str
    region: str
    degrees: tuple[tuple[str, int], ...]


def read(path: Path, taxonomy: Taxonomy) -> list[PersonYear]:
    """All rows, people in the order in which the file names them first, each person's by year.

    Raises:
        UserError: the file can't be read, lacks a column, or a row is malformed (names the line): a number, quality or
            code that is none, a second row of a person's year, or rows of one person that tell different degrees,
            gender or race.
    """
    people: dict[str, dict[int, PersonYear]] = {}
    with _opened(path) as file:
        reader = csv.DictReader(file, restval="")
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            raise UserError(
                f"data.path: {path} has no column {', '.join(missing)}; it has: "
                f"{', '.join(reader.fieldnames or ['none'])}. Expected a row for each person and year, with a header."
            )
        for values in reader:
            try:
                row = _row(reader.line_num, values, taxonomy)
                years = people.setdefault(row.person, {})
                _belongs(row, years)
            except ValueError as error:
                raise UserError(
                    f"data.path: {path}, line {reader.line_num}: {error}. Mend or remove the row."
                ) from None
            years[row.year] = row
    return [years[year] for years in people.values() for year in sorted(years)]


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
        raise UserError(
            f"data.path: could not read {path}: {error}. Expected a CSV file in UTF-8, packed with gzip if its name "
            "ends in .gz; get it again."
        ) from error


def _row(line: int, values: dict[str, str], taxonomy: Taxonomy) -> PersonYear:
    """One row.

    Raises:
        ValueError: a value is none of its kind.
    """
    if None in values:
        raise ValueError("it has more fields than the header")
    quality, code, hours = values["map_quality"], values["onet_soc"], values["full_time"]
    if not values["person_id"]:
        raise ValueError("person_id is empty")
    if quality not in (*QUALITIES, "none"):
        raise ValueError(f"map_quality '{quality}' is none of {', '.join(QUALITIES)}, none")
    if (quality == "none") != (code == ""):
        raise ValueError(f"onet_soc '{code}' and map_quality '{quality}' do not go together: none means no code")
    if code and code not in taxonomy:
        raise ValueError(f"onet_soc '{code}' is no code of the {taxonomy.name} taxonomy; use the release of the table")
    if hours not in HOURS:
        raise ValueError(f"full_time '{hours}' is neither full nor part nor empty")
    return PersonYear(
        line=line,
        person=values["person_id"],
        year=_year("year", values["year"]),
        employer=values["job_id"],
        occupation=code or None,
        quality=quality,
        full_time=HOURS[hours],
        wage=_wage(values["hourly_wage"]),
        industry=values["industry"],
        gender=values["gender"],
        race=values["race"],
        region=values["census_region"],
        degrees=tuple((column, _year(column, values[column])) for column in DEGREES if values[column]),
    )


def _belongs(row: PersonYear, others: dict[int, PersonYear]) -> None:
    """Whether a row agrees with those of the same person before it.

    Raises:
        ValueError: it does not.
    """
    if row.year in others:
        raise ValueError(f"person {row.person} has a row for {row.year} already, in line {others[row.year].line}")
    first = next(iter(others.values()), row)
    for what in ("degrees", "gender", "race"):
        if getattr(row, what) != getattr(first, what):
            raise ValueError(f"person {row.person} has another {what} than in line {first.line}")


def _year(column: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) == 4):
        raise ValueError(f"{column} '{text}' is no year of four digits")
    return int(text)


def _wage(text: str) -> float | None:
    if not text:
        return None
    try:
        wage = float(text)
    except ValueError:
        wage = math.nan
    if not 0 < wage < math.inf:
        raise ValueError(f"hourly_wage '{text}' is no amount above 0")
    return wage
