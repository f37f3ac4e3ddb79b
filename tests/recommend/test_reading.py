"""How careers are understood."""

import json

import pytest

from reasoning_occ.recommend.reading import Reading

LOST = "The latest job ('Zymurgist') is near no title and left out: what is told comes after the job before it."


@pytest.fixture
def reading(tiny_taxonomy):
    return Reading(tiny_taxonomy, 0.8, stays=False)


def ours(*jobs):
    return json.dumps({"id": "a", "jobs": [{"occupation": title, "start": start} for title, start in jobs]})


def resume(*jobs):
    work = [{"position": title, "startDate": start} for title, start in reversed(jobs)]
    return json.dumps({"work": work})


@pytest.mark.parametrize("form", [ours, resume])
def test_a_latest_job_that_is_left_out_is_told_and_an_earlier_one_only_counted(reading, form):
    found = reading.json(form(("Cooks", "2001"), ("Zymurgist", "2004")), "a")
    assert [job.occupation for job in found.history.jobs] == ["c"] and found.warnings == (LOST,)
    for jobs in (
        (("Zymurgist", "2001"), ("Cooks", "2004")),
        (("Cooks", "2001"), ("Zymurgist", "2003"), ("Pilots", "2004")),
        (("Cooks", "2001"), ("Pilots", "2004")),
        (("Zymurgist", "2004"), ("Cooks", "2004")),  # one of two that begin together is still the present one
    ):
        found = reading.json(form(*jobs), "a")
        assert found.warnings == () and sum(found.left_out.values()) == sum(title == "Zymurgist" for title, _ in jobs)


@pytest.mark.parametrize("form", [ours, resume])
def test_the_same_unknown_title_before_and_after_counts_as_the_latest(reading, form):
    assert reading.json(form(("Zymurgist", "1999"), ("Cooks", "2001"), ("Zymurgist", "2004")), "a").warnings == (LOST,)
