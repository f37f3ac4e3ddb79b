from dataclasses import replace

import pytest

from reasoning_occ.careers.types import Career, Date, Education, Job, Person
from reasoning_occ.careers.view import View, viewed
from reasoning_occ.recommenders.base import allowed

CAREER = Career(
    Person("7", 1950),
    (Education(Date(1971), "14 years of school", 14),),
    (Job("c", Date(1970), Date(1972)), Job("b", Date(1972), Date(1975)), Job("c", Date(1975), Date(1980))),
)
# one observation a year: a cook who stayed one, then became a baker
YEARLY = Career(Person("8"), (), (Job("c", Date(1970)), Job("c", Date(1971)), Job("b", Date(1972))), stays=True)


def test_a_history_ends_with_the_present_job_without_its_end_and_knows_no_later_school():
    first, second = (t.history for t in CAREER.transitions())
    assert first.jobs == (Job("c", Date(1970)),) and first.education == ()
    assert second.jobs == (Job("c", Date(1970), Date(1972)), Job("b", Date(1972))) and len(second.education) == 1


def test_every_job_but_the_first_is_a_target():
    assert [(t.target, t.when, t.key) for t in CAREER.transitions()] == [
        ("b", Date(1972), ("7", 0)),
        ("c", Date(1975), ("7", 1)),
    ]


def test_a_job_that_may_not_be_a_target_is_asked_for_never_but_stands_in_histories():
    first, second, third = CAREER.jobs
    career = replace(CAREER, jobs=(first, replace(second, may_be_target=False), third))
    (only,) = career.transitions()
    assert (only.target, only.key) == ("c", ("7", 1))
    assert [job.occupation for job in only.history.jobs] == ["c", "b"]
    # of the first job nobody asks: whether it may be a target changes nothing
    unsure = replace(CAREER, jobs=(replace(first, may_be_target=False), second, third))
    assert [t.target for t in unsure.transitions()] == ["b", "c"]


def test_nobody_is_asked_about_a_career_without_a_target():
    jobs = tuple(replace(job, may_be_target=False) for job in CAREER.jobs)
    assert list(replace(CAREER, jobs=jobs).transitions()) == []


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        (Date(1999, 5), Date(1999, 6), True),
        (Date(1999, 6), Date(1999, 6), False),
        (Date(1999), Date(1999, 6), False),
        (Date(1999, 12), Date(2000), True),
        (Date(2000), Date(1999, 6), False),
    ],
)
def test_a_date_is_surely_before_another_whatever_unknown_months_are(one, other, before):
    assert one.surely_before(other) is before


def test_to_stay_is_a_transition_where_careers_have_stays():
    assert [t.target for t in YEARLY.transitions()] == ["c", "b"]
    assert all(t.history.stays for t in YEARLY.transitions())
    assert not any(t.history.stays for t in CAREER.transitions())


def test_the_present_occupation_is_allowed_where_to_stay_is_an_answer_and_only_there(tiny_taxonomy):
    present = tiny_taxonomy.index("c")
    yearly, merged = next(YEARLY.transitions()).history, next(CAREER.transitions()).history
    assert allowed(yearly, tiny_taxonomy).all()
    assert not allowed(merged, tiny_taxonomy)[present]
    assert allowed(merged, tiny_taxonomy).sum() == len(tiny_taxonomy) - 1


@pytest.mark.parametrize("jobs", ["all", "last"])
def test_a_view_keeps_whether_to_stay_is_an_answer(jobs, tiny_taxonomy):
    seen = viewed(next(YEARLY.transitions()), View(education=False, jobs=jobs, titles="text"))
    assert seen.history.stays and allowed(seen.history, tiny_taxonomy).all()
