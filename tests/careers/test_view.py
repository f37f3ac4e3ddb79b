from dataclasses import replace

import pytest

from reasoning_occ.careers.split import last_transitions
from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.careers.view import View, viewed
from reasoning_occ.language.render import events
from reasoning_occ.recommenders.base import allowed

WHOLE = View(education=True, jobs="all", titles="text")
CAREER = Career(
    Person("7", 1950),
    (Education(Date(1968), "12 years of school", 12),),
    (
        Job("c", Date(1970), Date(1972)),
        Job("b", Date(1972), Date(1975), Facts(hours=40)),
        Job("p", Date(1975), Date(1980), Facts(tenure_years=4.0, hours=38, region="South", pay="up")),
        Job("n", Date(1980)),
    ),
)


def test_the_whole_view_changes_nothing():
    assert [viewed(t, WHOLE) for t in CAREER.transitions()] == list(CAREER.transitions())


def test_no_schooling_is_left(tiny_taxonomy):
    told = [events(viewed(t, replace(WHOLE, education=False)).history, tiny_taxonomy) for t in CAREER.transitions()]
    assert told[2] == [
        "1970, age 20: Cooks", "1972, age 22: Bakers; 40 hours",
        "1975, age 25: Pilots; 38 hours, pay up, South, 4 years with employer",
    ]  # fmt: skip


def test_of_all_jobs_the_present_one_is_left_without_what_it_tells_of_others(tiny_taxonomy):
    seen = [viewed(t, replace(WHOLE, jobs="last")) for t in CAREER.transitions()]
    assert events(seen[2].history, tiny_taxonomy) == [
        "1968: 12 years of school",
        "1975, age 25: Pilots; 38 hours, South",
    ]
    assert all(len(t.history.jobs) == 1 for t in seen)


@pytest.mark.parametrize("jobs", ["all", "last"])
def test_names_answers_and_what_may_follow_stay(jobs, tiny_taxonomy):
    whole = list(CAREER.transitions())
    seen = [viewed(t, View(education=False, jobs=jobs, titles="codes")) for t in whole]
    assert [(t.key, t.target, t.when) for t in seen] == [(t.key, t.target, t.when) for t in whole]
    for a, b in zip(whole, seen, strict=True):
        assert (allowed(a.history, tiny_taxonomy) == allowed(b.history, tiny_taxonomy)).all()
    assert [t.key for t in last_transitions(seen)] == [t.key for t in last_transitions(whole)]
