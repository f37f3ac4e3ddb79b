"""Person-years of a public-use NLSY97 extract as NLS Investigator writes it: CSV, a row for each person, question names
as headers with the survey year at their end.

Needed: `PUBID_1997` and `YEMP_OCCODE-2002.01_<year>` (Census 2002 occupation of the round's first employer, which
stands for the main job: a choice of ours). Read where the extract has them: `YEMP_UID.01_` (employer),
`CV_HRLY_PAY.01_` (cents), `CV_HRS_PER_WEEK.01_`, `CV_CENSUS_REGION_`, each with a year; `KEY_SEX_1997`,
`KEY_RACE_ETHNICITY_1997`; and months of degrees, `CVC_..._XRND` (1: January 1980). Industries are not read. Negative
numbers are the survey's missing values.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from reasoning_occ.careers.person_years import UNKNOWN, PersonYear
from reasoning_occ.occupations.census2002 import NAME, Entry
from reasoning_occ.occupations.taxonomy import Taxonomy

PERSON = "PUBID_1997"
OCCUPATION = re.compile(r"YEMP_OCCODE-2002\.01_(\d{4})")
# not interviewed; no such job
NO_JOB = (-5, -4)
DEGREES = {
    "date_hs": "CVC_HS_DIPLOMA_XRND",
    "date_aa": "CVC_AA_DEGREE_XRND",
    "date_ba": "CVC_BA_DEGREE_XRND",
    "date_ma": "CVC_MA_DEGREE_XRND",
    "date_prof": "CVC_PROF_DEGREE_XRND",
    "date_phd": "CVC_PHD_DEGREE_XRND",
}
SEXES = {1: "Men", 2: "Women"}
RACES = {1: "Black", 2: "Hispanic", 3: "Mixed race", 4: "Non-Black, non-Hispanic"}
REGIONS = {1: "Northeast", 2: "North Central", 3: "South", 4: "West"}
# ours: weekly hours from which a job is full time
FULL_TIME = 35


def years(header: Iterable[str]) -> list[int]:
    """The survey years whose occupations an extract holds; none: it is no extract."""
    columns = set(header)
    found = (OCCUPATION.fullmatch(column) for column in columns)
    return sorted(int(match[1]) for match in found if match) if PERSON in columns else []


def rows(
    line: int, values: Mapping[str, str], crosswalk: Mapping[str, Entry], taxonomy: Taxonomy
) -> Iterator[PersonYear]:
    """A person's rows, one for every year with a job on record.

    Args:
        line: of the extract.
        values: its fields.
        crosswalk: what a Census code stands for. A code that it lacks is an unknown title.
        taxonomy: whose codes are wanted: Census 2002, or O*NET.

    Raises:
        ValueError: a value is no whole number, or an O*NET code is not in the taxonomy.
    """
    person = values[PERSON]
    if not person.isdecimal():
        raise ValueError(f"{PERSON} '{person}' is no number")
    for year in years(values):
        code = _number(values, f"YEMP_OCCODE-2002.01_{year}")
        if code is not None and code not in NO_JOB:
            yield _row(line, person, year, code, values, crosswalk, taxonomy)


def _row(
    line: int,
    person: str,
    year: int,
    code: int,
    values: Mapping[str, str],
    crosswalk: Mapping[str, Entry],
    taxonomy: Taxonomy,
) -> PersonYear:
    entry = crosswalk.get(f"{code:04d}")
    quality = "none" if code < 0 else UNKNOWN if entry is None else entry.quality
    occupation = None
    if entry is not None and quality not in ("none", UNKNOWN):
        occupation = entry.first if taxonomy.name == NAME else entry.onet
        if occupation not in taxonomy:
            raise ValueError(f"the crosswalk gives '{occupation}', which is no code of the {taxonomy.name} taxonomy")
    pay, hours = _positive(values, f"CV_HRLY_PAY.01_{year}"), _positive(values, f"CV_HRS_PER_WEEK.01_{year}")
    employer = _positive(values, f"YEMP_UID.01_{year}")
    months = ((column, _positive(values, name)) for column, name in DEGREES.items())
    return PersonYear(
        line=line,
        person=person,
        year=year,
        employer="" if employer is None else str(employer),
        occupation=occupation,
        quality=quality,
        full_time=None if hours is None else hours >= FULL_TIME,
        wage=None if pay is None else pay / 100,
        industry="",
        gender=_label(values, "KEY_SEX_1997", SEXES),
        race=_label(values, "KEY_RACE_ETHNICITY_1997", RACES),
        region=_label(values, f"CV_CENSUS_REGION_{year}", REGIONS),
        degrees=tuple((column, 1980 + (month - 1) // 12) for column, month in months if month is not None),
    )


def _label(values: Mapping[str, str], column: str, labels: Mapping[int, str]) -> str:
    number = _positive(values, column)
    return "" if number is None else labels.get(number, "")


def _positive(values: Mapping[str, str], column: str) -> int | None:
    """A number above 0, or `None`: no such column, nothing in it, or one of the survey's missing values."""
    number = _number(values, column)
    return None if number is None or number <= 0 else number


def _number(values: Mapping[str, str], column: str) -> int | None:
    text = values.get(column, "")
    if not text:
        return None
    if not re.fullmatch(r"-?\d+", text):
        raise ValueError(f"{column} '{text}' is no whole number")
    return int(text)
