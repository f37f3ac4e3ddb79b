"""One line of the project's own format: JSON Lines in UTF-8, one person a line.

    {"id": "17", "birth_year": 1951, "slices": {"race": "black"},
     "education": [{"date": "1969", "title": "12 years of school", "school_years": 12}],
     "jobs": [{"occupation": "03-06", "start": "1970", "end": "1971-05",
               "facts": {"tenure_years": 0.5, "hours": 40, "region": "South", "pay": "up"}},
              {"occupation": "Sales, manufacturing", "start": "1972"}]}

(written on one line). Required are `id` and `jobs`, and of a job `occupation` and `start`.

- A date is "YYYY" or "YYYY-MM". Jobs and education are in order of time. One without a month counts as before the
  year's months.
- `occupation` is a code, title or alias of the taxonomy.
- `facts` are those on the day the job begins; pay ("up", "level", "down") is against the last pay before the job.
- `slices` serve the evaluation and are never shown to a model.
- A job without `end` has no known end. Neighbouring jobs in the same occupation are merged; an end after the next
  job's start is taken back to that start. Both are counted.
"""

from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reasoning_occ.careers.types import Date, Pay
from reasoning_occ.errors import UserError

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
DateText = Annotated[str, Field(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2]))?$", description="YYYY or YYYY-MM")]


class _Strict(BaseModel):
    # numbers are not taken from text, and a misspelt key is an error rather than a fact lost
    model_config = ConfigDict(extra="forbid", strict=True)


class FactsRow(_Strict):
    """What is known of a job on the day it begins."""

    tenure_years: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    hours: int | None = Field(default=None, ge=0)
    region: str | None = None
    pay: Pay | None = None


class EducationRow(_Strict):
    """Something learned, dated by when it was reached."""

    date: DateText
    title: Name
    school_years: int | None = Field(default=None, ge=0)


class JobRow(_Strict):
    """One spell in one occupation."""

    occupation: Name
    start: DateText
    end: DateText | None = None
    facts: FactsRow = FactsRow()


class PersonRow(_Strict):
    """One line of the file."""

    id: Name
    birth_year: int | None = None
    slices: dict[str, str] = {}
    education: list[EducationRow] = []
    jobs: list[JobRow]


def schema() -> dict[str, Any]:
    """The JSON Schema of one line."""
    return PersonRow.model_json_schema()


def parse(line: str) -> PersonRow:
    """One line as a checked row.

    Raises:
        UserError: it is not JSON, not of this schema, or its dates are out of order; says the reason, not the line.
    """
    try:
        row = PersonRow.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise UserError(f"not JSON ({first['msg'].removeprefix('Invalid JSON: ')})") from error
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        if first["type"] == "string_pattern_mismatch":
            raise UserError(f"{where}: expected a date YYYY or YYYY-MM, got '{first['input']}'") from error
        raise UserError(f"{where or 'the line'}: {first['msg']}") from error
    _check_order(row)
    return row


def parse_date(text: str) -> Date:
    """The date "1970" or "1970-05"."""
    year, _, month = text.partition("-")
    return Date(int(year), int(month or 0))


def _check_order(row: PersonRow) -> None:
    """Raise a UserError that names the first thing out of order."""
    starts = [parse_date(job.start) for job in row.jobs]
    for n, (job, start) in enumerate(zip(row.jobs, starts, strict=True), start=1):
        if job.end is not None and _before(parse_date(job.end), start):
            raise UserError(f"job {n} ends ({job.end}) before it starts ({job.start})")
        if n > 1 and start < starts[n - 2]:
            raise UserError(f"job {n} starts ({job.start}) before job {n - 1} does ({starts[n - 2]})")
    for n, (one, following) in enumerate(pairwise(row.education), start=2):
        if parse_date(following.date) < parse_date(one.date):
            raise UserError(f"education {n} ({following.date}) comes before education {n - 1} ({one.date})")


def _before(one: Date, other: Date) -> bool:
    """Whether `one` is surely earlier: months count only where both are known."""
    return one < other if one.month and other.month else one.year < other.year
