import json
import re

from reasoning_occ.careers import schema as module
from reasoning_occ.careers.schema import parse, schema


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
