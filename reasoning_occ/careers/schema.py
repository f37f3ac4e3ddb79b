"""One line of the project's own format: JSON Lines in UTF-8, one person a line.

    {"id": "17", "birth_year": 1951, "slices": {"race": "black"},
     "education": [{"date": "1969", "title": "12 years of school", "school_years": 12}],
     "jobs": [{"occupation": "03-06", "start": "1970", "end": "1971-05",
               "facts": {"tenure_years": 0.5, "hours": 40, "region": "South", "pay": "up"}},
              {"occupation": "Sales, manufacturing", "start": "1972"}]}

(written on one line). Required are `id` and `jobs`, and of a job `occupation` and `start`.

- A date is "YYYY" or "YYYY-MM". Jobs and education are in order of time. One without a month counts as before the
  year's months.
- `occupation` is a code, title or alias of the taxonomy. Doubled spaces count as one.
- `facts` are those on the day the job begins; pay ("up", "level", "down") is against the last pay before the job.
- `slices` serve the evaluation and are never shown to a model.
- A job without `end` has no known end. Neighbouring jobs in the same occupation are merged; an end after the next
  job's start is taken back to that start. Both are counted.
"""

import json
import re
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from reasoning_occ.careers.types import Date, Pay
from reasoning_occ.errors import UserError

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[Text, AfterValidator(lambda text: re.sub(r"\s{2,}", " ", text))]
DateText = Annotated[str, Field(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2]))?$", description="YYYY or YYYY-MM")]

# of a value in an error message; a line may hold a whole life
_LONGEST_SHOWN = 60
# what the schema wants, by pydantic's name of the error
_EXPECTED = {
    "string_type": "text in quotes",
    "string_too_short": "text that is not empty",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "list_type": "a list [...]",
    "model_type": "an object {...}",
    "model_attributes_type": "an object {...}",
    "dict_type": "an object {...}",
}


class _Strict(BaseModel):
    # numbers are not taken from text, and a misspelt key is an error rather than a fact lost
    model_config = ConfigDict(extra="forbid", strict=True)


class FactsRow(_Strict):
    """What is known of a job on the day it begins."""

    tenure_years: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    hours: int | None = Field(default=None, ge=0)
    region: str | None = None
    pay: Pay | None = None
    sector: str | None = None
    full_time: bool | None = None
    wage: float | None = Field(default=None, ge=0, allow_inf_nan=False)


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

    id: Text
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
        raise UserError(_sentence(error.errors()[0])) from error
    _check_order(row)
    return row


def parse_date(text: str) -> Date:
    """The date "1970" or "1970-05"."""
    year, _, month = text.partition("-")
    return Date(int(year), int(month or 0))


def _sentence(error: ErrorDetails) -> str:
    """What is wrong: the place (counted from 1), what was expected, what came."""
    place, kind = error["loc"], error["type"]
    if kind == "json_invalid":
        return f"not JSON ({error['msg'].removeprefix('Invalid JSON: ')})"
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in place) or "the line"
    if kind == "missing":
        return f"{where} is missing"
    if kind == "extra_forbidden":
        return f"{where}: there is no such key; expected one of {', '.join(_keys(place))}"
    came = json.dumps(error["input"], ensure_ascii=False)
    came = came if len(came) <= _LONGEST_SHOWN else f"{came[:_LONGEST_SHOWN]}..."
    return f"{where}: expected {_expected(error)}, got {came}"


def _expected(error: ErrorDetails) -> str:
    """What the schema wants in the place of an error."""
    if error["loc"] and error["loc"][-1] in ("start", "end", "date"):
        return 'a date "YYYY" or "YYYY-MM" in quotes'
    if error["type"] == "greater_than_equal":
        return f"a number of at least {error.get('ctx', {})['ge']:g}"
    if error["type"] == "literal_error":
        return f"one of {error.get('ctx', {})['expected']}"
    return _EXPECTED.get(error["type"], error["msg"])


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """The keys that exist beside the one at `place`."""
    if len(place) == 1:
        return list(PersonRow.model_fields)
    row = FactsRow if "facts" in place[:-1] else JobRow if place[0] == "jobs" else EducationRow
    return list(row.model_fields)


def _check_order(row: PersonRow) -> None:
    """Raise a UserError that names the first thing out of order."""
    starts = [parse_date(job.start) for job in row.jobs]
    if row.birth_year is not None and starts and row.birth_year > min(starts).year:
        raise UserError(f"birth_year ({row.birth_year}) is after a job starts ({min(starts).year})")
    for n, (job, start) in enumerate(zip(row.jobs, starts, strict=True), start=1):
        if job.end is not None and parse_date(job.end).surely_before(start):
            raise UserError(f"job {n} ends ({job.end}) before it starts ({job.start})")
        if n > 1 and start < starts[n - 2]:
            raise UserError(f"job {n} starts ({job.start}) before job {n - 1} does ({starts[n - 2]})")
    for n, (one, following) in enumerate(pairwise(row.education), start=2):
        if parse_date(following.date) < parse_date(one.date):
            raise UserError(f"education {n} ({following.date}) comes before education {n - 1} ({one.date})")
