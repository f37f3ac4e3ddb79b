"""How careers are understood."""

import json
from datetime import date

import pytest

from reasoning_occ.recommend.reading import Reading
from reasoning_occ.recommend.what_if import edited

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


def spells(form, *jobs):
    """A career of titles, starts and ends in order of time, in our form or as a resume."""
    if form == "ours":
        made = [{"occupation": title, "start": start, "end": end} for title, start, end in jobs]
        return json.dumps({"id": "a", "jobs": made})
    return json.dumps({"work": [{"position": t, "startDate": s, "endDate": e} for t, s, e in reversed(jobs)]})


ENDED = (
    "The latest job ('{}') ended in {}, and '{}' goes on: what is told comes after the later start; leave a job out to "
    "see the other."
)


@pytest.mark.parametrize("form", ["ours", "resume"])
@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        ([("Cooks", "2015", None), ("Pilots", "2016-06", "2016-09")], ("Pilots", "2016-09", "Cooks")),
        # of several that go on the latest is named, and neighbours that are merged don't hide it
        (
            [("Nurses", "2010", None), ("Cooks", "2015", None), ("chefs", "2016", None), ("Pilots", "2017", "2018")],
            ("Pilots", "2018", "chefs"),
        ),
        ([("Cooks", "2010", None), ("Pilots", "2015", None), ("p", "2016", "2017")], ("p", "2017", "Cooks")),
        # of two that begin together the latter is the latest
        ([("Pilots", "2016", None), ("Cooks", "2016", "2017")], ("Cooks", "2017", "Pilots")),
        ([("Cooks", "2016", "2017"), ("Pilots", "2016", None)], None),
        ([("Cooks", "2010", "2015"), ("Pilots", "2016", "2017")], None),
        ([("Cooks", "2015", None), ("Pilots", "2016", None)], None),
        ([("Cooks", "2015", None), ("Pilots", "2016", "2099")], None),  # which has not ended
        ([("Cooks", "2015", None), ("chefs", "2016", "2017")], None),  # which is the same occupation
        ([("Zymurgist", "2015", None), ("Pilots", "2016", "2017")], None),  # which is left out
    ],
)
def test_a_latest_job_that_ended_while_another_goes_on_is_told(reading, form, jobs, told):
    found = reading.json(spells(form, *jobs), "a").warnings
    assert found == (() if told is None else (ENDED.format(*told),))


def test_an_end_before_the_start_is_no_end(reading):
    jobs = [("Cooks", "2015", None), ("Pilots", "2016", "2014")]
    assert reading.json(spells("resume", *jobs), "a").warnings == ()


@pytest.mark.parametrize("form", ["ours", "resume"])
def test_a_start_in_a_strange_year_is_told(reading, form):
    now = date.today().year
    given = spells(form, ("Cooks", "1899-12", None), ("Pilots", "1900", None), ("Nurses", f"{now + 1}-03", None))
    (told,) = reading.json(given, "a").warnings
    assert told.startswith(f"A job starts in 1899 and in {now + 1}: before 1900 or after this year.")
    given = spells(form, ("Cooks", "1900-01", None), ("Nurses", f"{now}-12", None))
    assert reading.json(given, "a").warnings == ()


def test_what_was_told_of_jobs_goes_when_an_edit_changes_them(reading):
    ended = {"occupation": "Pilots", "start": "2016", "end": "2017"}
    one = reading.json(json.dumps({"id": "1", "jobs": [{"occupation": "Cooks", "start": "2010"}, ended]}), "1")
    assert len(one.warnings) == 1
    assert edited(one, ["add education 2012 Master"], reading).warnings == one.warnings
    for edit in ("drop 2", "drop 1", "add 2018 Cooks"):
        assert edited(one, [edit], reading).warnings == ()
