import json
import re

import pytest

from reasoning_occ.careers import schema as module
from reasoning_occ.careers.schema import parse, schema
from reasoning_occ.errors import UserError


def test_the_documented_example_is_valid():
    example = re.search(r"\{\"id\".*?\}\]\}", module.__doc__ or "", re.DOTALL)
    assert example is not None
    row = parse(" ".join(example[0].split()))
    assert [job.occupation for job in row.jobs] == ["03-06", "Sales, manufacturing"]
    assert row.jobs[0].facts.pay == "up"


def test_the_schema_says_what_is_required():
    described = schema()
    assert described["required"] == ["id", "jobs"]
    assert described["$defs"]["JobRow"]["required"] == ["occupation", "start"]
    assert json.dumps(described)


JOB = {"occupation": "Cooks", "start": "1990"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"jobs": [JOB, {**JOB, "start": 1995}]},
            'jobs.2.start: expected a date "YYYY" or "YYYY-MM" in quotes, got 1995',
        ),
        ({"jobs": [{**JOB, "end": None, "start": "90"}]}, 'expected a date "YYYY" or "YYYY-MM" in quotes, got "90"'),
        ({"id": 17}, "id: expected text in quotes, got 17"),
        ({"id": " "}, 'id: expected text that is not empty, got " "'),
        ({"birth_year": "1950"}, 'birth_year: expected a whole number, got "1950"'),
        ({"birth_year": 2050}, "birth_year (2050) is after a job starts (1990)"),
        ({"birth_year": 1950.5}, "birth_year: expected a whole number, got 1950.5"),
        ({"jobs": {}}, "jobs: expected a list [...], got {}"),
        ({"jobs": ["Cooks"]}, 'jobs.1: expected an object {...}, got "Cooks"'),
        ({"slices": ["x"]}, 'slices: expected an object {...}, got ["x"]'),
        ({"slices": "x" * 500}, "xxx..."),
        ({"jobs": [{**JOB, "facts": {"pay": "more"}}]}, "expected one of 'up', 'level' or 'down', got \"more\""),
        ({"jobs": [{**JOB, "facts": {"hours": -1}}]}, "hours: expected a number of at least 0, got -1"),
        ({"jobs": [{**JOB, "facts": {"tenure_years": "1"}}]}, 'expected a number, got "1"'),
        (
            {"jobs": [{**JOB, "facts": {"colour": 3}}]},
            "no such key; expected one of tenure_years, hours, region, pay, sector",
        ),
        ({"jobs": [{**JOB, "begin": 3}]}, "jobs.1.begin: there is no such key; expected one of occupation, start"),
        ({"jobs": [{"start": "1990"}]}, "jobs.1.occupation is missing"),
    ],
)
def test_what_is_wrong_is_told_in_our_words(change, told):
    with pytest.raises(UserError) as error:
        parse(json.dumps({"id": "1", "jobs": [JOB]} | change))
    assert told in str(error.value)
    assert "Input should" not in str(error.value)
    assert len(str(error.value)) < 160
