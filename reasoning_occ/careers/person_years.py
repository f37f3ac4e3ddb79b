"""The rows of a table of person-years (see `nlsy97`), checked one by one; nothing here knows of careers."""

import csv
import gzip
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.census2002 import QUALITIES, Entry
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
# of a code that the crosswalk lacks
UNKNOWN = "unknown"
HOURS = {"full": True, "part": False, "": None}


class PersonYear(NamedTuple):
    """One row. `line`: its number in the file; texts are "" where not recorded; quality: how surely the crosswalk gives
    the title, "none" or `UNKNOWN` where there is no title; `wage` in dollars an hour;
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


def header(path: Path) -> list[str]:
    """The names of a file's columns.

    Raises:
        UserError: the file can't be read.
    """
    with _opened(path) as file:
        return next(csv.reader(file), [])


def read(path: Path, rows: Callable[[int, dict[str, str]], Iterable[PersonYear]]) -> list[PersonYear]:
    """All rows, people in the order in which the file names them first, each person's by year.

    Args:
        path: the file.
        rows: the person-years of a line, given its number and its fields by column; a ValueError says what is wrong.

    Raises:
        UserError: the file can't be read, or a line is malformed (names it): fields more or fewer than the
            header's, what `rows` finds, a second row of a person's year, or rows of one person that tell different
            degrees, gender or race.
    """
    people: dict[str, dict[int, PersonYear]] = {}
    with _opened(path) as file:
        reader = csv.DictReader(file, strict=True)
        for values in reader:
            try:
                if None in values or None in values.values():
                    raise ValueError(f"it has {'more' if None in values else 'fewer'} fields than the header")
                for row in rows(reader.line_num, values):
                    years = people.setdefault(row.person, {})
                    _belongs(row, years)
                    years[row.year] = row
            except ValueError as error:
                raise UserError(
                    f"data.path: {path}, line {reader.line_num}: {error}. Mend or remove the row."
                ) from None
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


def table_row(
    line: int, values: dict[str, str], taxonomy: Taxonomy, crosswalk: Mapping[str, Entry] | None
) -> Iterator[PersonYear]:
    """The one row of a line of the table.

    Args:
        line: its number.
        values: its fields; those of `COLUMNS`, and with a crosswalk `census_code`.
        taxonomy: knows the codes.
        crosswalk: gives the occupation by its Census code; `None`: it is that of `onet_soc`.

    Raises:
        ValueError: a value is none of its kind.
    """
    quality, code, hours = values["map_quality"], values["onet_soc"], values["full_time"]
    if not values["person_id"]:
        raise ValueError("person_id is empty")
    if quality not in (*QUALITIES, "none"):
        raise ValueError(f"map_quality '{quality}' is none of {', '.join(QUALITIES)}, none")
    if (quality == "none") != (code == ""):
        raise ValueError(f"onet_soc '{code}' and map_quality '{quality}' do not go together: none means no code")
    if crosswalk is not None and code:
        if (entry := crosswalk.get(values["census_code"])) is None:
            raise ValueError(f"census_code '{values['census_code']}' is not in the crosswalk")
        code = entry.first
    if code and code not in taxonomy:
        raise ValueError(f"'{code}' is no code of the {taxonomy.name} taxonomy; use the release of the table")
    if hours not in HOURS:
        raise ValueError(f"full_time '{hours}' is neither full nor part nor empty")
    yield PersonYear(
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
