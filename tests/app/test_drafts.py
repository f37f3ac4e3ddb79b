"""A career built on the page."""

import json

import pytest

from reasoning_occ.app import drafts
from reasoning_occ.app.desk import edits
from reasoning_occ.errors import UserError


def test_lines_are_added_in_order_of_time_and_taken_out():
    one = drafts.with_job(drafts.empty(), "Cooks", "2012-03", "")
    one = drafts.with_job(one, "  Bakers\n of  bread ", "05/2008", "2011")
    one = drafts.with_education(one, "Master", "2006")
    assert [line for line, _ in drafts.names(one)] == [
        "2006: Master",
        "2008-05 to 2011: Bakers of bread",
        "2012-03: Cooks",
    ]
    left = drafts.without(one, "jobs 0")
    assert [line for line, _ in drafts.names(left)] == ["2006: Master", "2012-03: Cooks"]
    assert len(drafts.names(one)) == 3, "the career before is as it was"
    with pytest.raises(UserError, match="Choose a line"):
        drafts.without(one, "jobs 7")
    with pytest.raises(UserError, match="Choose a line"):
        drafts.without(one, "id 0")


@pytest.mark.parametrize("until", ["Present", " now ", "-", " ", None])
def test_a_job_that_goes_on_has_no_end(until):
    made = drafts.with_job(drafts.empty(), "Cooks", "March 2012", until)
    assert made["jobs"] == [{"occupation": "Cooks", "start": "2012-03"}]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ((None, "2012", ""), "Job title: expected some words"),
        (("x" * 201, "2012", ""), "at most 200"),
        (("Cooks", None, None), "From: expected a year"),
        (("Cooks", "<b>", ""), "a month, such as 2012, 2012-03, 03/2012 or March 2012; got '<b>'"),
        (("Cooks", "Present", ""), "From: expected a year or a month, .* got 'Present'"),
        (("Cooks", "2012", "soon"), "Until: expected a year or a month, .* got 'soon'"),
        (("Cooks", "2012", "2010"), "ends"),
    ],
)
def test_a_form_that_cannot_be_read_says_so(form, words):
    with pytest.raises(UserError, match=words):
        drafts.with_job(drafts.empty(), *form)


def test_a_year_of_birth_is_set_or_stays_as_it_was():
    one = drafts.with_birth(drafts.empty(), " 1985 ")
    assert one["birth_year"] == 1985 and drafts.with_birth(one, None) == one
    with pytest.raises(UserError, match="Year of birth"):
        drafts.with_birth(one, "long ago")


def test_of_a_resume_nothing_is_taken_but_titles_dates_and_education():
    resume = {
        "basics": {"name": "Ada Secret"},
        "work": [
            {"name": "Shop", "position": "Cooks", "startDate": "2012-03", "endDate": "present"},
            {"name": "Farm", "position": "Bakers", "startDate": "2008", "endDate": "2007"},
            {"position": "Pilots"},
            {"startDate": "2001"},
        ],
        "education": [
            {"institution": "Uni", "studyType": "Master", "area": "Art", "endDate": "2006"},
            {"area": "Life"},
        ],
    }
    draft, left = drafts.from_text(json.dumps(resume))
    assert draft == {
        "id": "career",
        "education": [{"title": "Master, Art", "date": "2006"}],
        "jobs": [{"occupation": "Bakers", "start": "2008"}, {"occupation": "Cooks", "start": "2012-03"}],
    }
    assert left == [
        "1 job left out: without a title.",
        "1 job left out: without a start.",
        "1 end before its job's start, taken as not known.",
        "1 piece of education left out: without an end.",
    ]
    resume["work"] *= 2
    assert "2 jobs left out: without a start." in drafts.from_text(json.dumps(resume))[1]


def test_a_career_of_ours_keeps_its_facts_and_loses_its_slices():
    ours = {
        "id": "7",
        "birth_year": 1950,
        "slices": {"race": "black"},
        "jobs": [{"occupation": "Cooks", "start": "1970", "facts": {"hours": 40}}],
    }
    draft, left = drafts.from_text("\ufeff" + json.dumps(ours))
    assert draft["jobs"][0]["facts"] == {"hours": 40} and "slices" not in draft and left == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (drafts.LARGE, "larger than 1 MB"),
        (drafts.BINARY, "no text in UTF-8"),
        (drafts.UNREADABLE, "could not read"),
        ("[" * 100_000, "nested too deep|not JSON"),
        (" ", "nothing to read"),
        ('{"a": 1' + "0" * 10_000 + "}", "not JSON"),
        ("null", "Expected a career"),
        ('{"jobs": 5}', "is missing"),
        ('{"work": [{"position": 5}]}', "work 1 position: expected text"),
        ("x" * (drafts.LARGEST + 1), "nothing of it was read"),
        (json.dumps({"work": [{"position": "a", "startDate": "2001"}] * 201}), "201 lines"),
        (json.dumps({"work": [{"position": "a" * 201, "startDate": "2001"}]}), "longer than 200"),
        (
            json.dumps({"work": [{"position": "a", "startDate": "soon"}]}),
            "work 1 startDate: expected a date such as 2012, 2012-03",
        ),
    ],
    ids=range(13),
)
def test_what_is_no_career_gets_a_sentence(text, words):
    with pytest.raises(UserError, match=words) as told:
        drafts.from_text(text)
    assert len(str(told.value)) < 300


def test_what_if_is_put_into_the_words_of_the_command():
    assert edits(["2", "3"], " Cooks\n", "2013", "Master", "06/2015") == [
        "drop 2",
        "drop 3",
        "add 2013 Cooks",
        "add education 2015-06 Master",
    ]
    assert edits(None, None, None, None, None) == []
    # a job without a date stands in the place of the one that is left out
    assert edits(["1", "3"], "Cooks", " ", None, None, jobs=["2", "3"]) == ["drop 1", "change 3 Cooks"]
    for dropped in (["1"], ["2", "3"], []):
        with pytest.raises(UserError, match="From: expected a year or a month"):
            edits(dropped, "Cooks", "", None, None, jobs=["2", "3"])
    with pytest.raises(UserError, match="Finished: expected a year"):
        edits([], "", "", "Master", "")
