import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.jsonl import BAD_LINE, CAPPED, MERGED, JsonCareers, write
from reasoning_occ.careers.source import TOO_SHORT, merge
from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.errors import UserError

COOK = {"occupation": "Cooks", "start": "1990-03"}
PILOT = {"occupation": "p", "start": "1995"}


def row(*jobs: dict, **rest) -> str:
    return json.dumps({"id": "1", "jobs": list(jobs), **rest})


@pytest.fixture
def load(tmp_path, tiny_taxonomy):
    def read(*lines: str, on_error="stop", taxonomy=tiny_taxonomy, stays=False):
        path = tmp_path / "people.jsonl"
        path.write_text("\n".join(lines), encoding="utf-8")
        return JsonCareers(path, on_error, taxonomy, stays).load()

    return read


def test_people_of_the_survey_come_back_as_they_were(nls, tmp_path):
    path = tmp_path / "nls.jsonl"
    write(nls.careers, path, nls.taxonomy)
    again = JsonCareers(path, "stop", nls.taxonomy).load()
    assert again.careers == nls.careers
    assert sum(again.skipped.values()) == 0


dates = st.builds(Date, st.integers(1900, 2099), st.integers(0, 12))
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(
    lambda text: re.sub(r"\s{2,}", " ", text.strip())
)
names = names.filter(bool)
facts = st.builds(
    Facts,
    tenure_years=st.none() | st.floats(0, 60),
    hours=st.none() | st.integers(0, 168),
    region=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    pay=st.sampled_from([None, "up", "level", "down"]),
)


@st.composite
def careers(draw) -> Career:
    starts = sorted(draw(st.lists(dates, min_size=2, max_size=4)))
    codes = draw(st.permutations("cbmpdn"))
    jobs = [
        Job(code, start, draw(st.none() | dates.filter(lambda d, start=start: d >= start)), draw(facts))
        for code, start in zip(codes, starts, strict=False)
    ]
    learned = sorted(draw(st.lists(dates, max_size=2)))
    education = tuple(Education(d, draw(names), draw(st.none() | st.integers(0, 30))) for d in learned)
    born = draw(st.none() | st.integers(1850, starts[0].year))
    person = Person(draw(names), born, draw(st.dictionaries(names, names)))
    return Career(person, education, merge(jobs))


@given(careers())
def test_any_career_comes_back_as_it_was(tiny_taxonomy, tmp_path_factory, career):
    path = tmp_path_factory.mktemp("round") / "one.jsonl"
    write([career], path, tiny_taxonomy)
    assert JsonCareers(path, "stop", tiny_taxonomy).load().careers == (career,)


def test_occupations_by_code_title_or_alias(load):
    (career,) = load(row({"occupation": "CHEFS", "start": "1990"}, PILOT, {**COOK, "start": "1999-12"})).careers
    assert [job.occupation for job in career.jobs] == ["c", "p", "c"]
    assert career.jobs[2].start == Date(1999, 12)


def test_what_is_merged_taken_back_or_left_out_is_counted(load):
    loaded = load(
        row(COOK, {**COOK, "start": "1991", "end": "2010"}, {**PILOT, "end": "1999"}),
        "",
        json.dumps({"id": "2", "jobs": [COOK]}),
    )
    (career,) = loaded.careers
    assert [(job.occupation, job.start, job.end) for job in career.jobs] == [
        ("c", Date(1990, 3), None),
        ("p", Date(1995), Date(1999)),
    ]
    assert loaded.skipped == {BAD_LINE: 0, TOO_SHORT: 1, MERGED: 1, CAPPED: 1}


def test_where_one_may_stay_nothing_is_merged_and_ends_taken_back_are_counted(load):
    yearly = ({**COOK, "end": "1992"}, {**COOK, "start": "1991", "end": "1991-05"}, PILOT)
    loaded = load(row(*yearly), stays=True)
    (career,) = loaded.careers
    assert [(job.occupation, job.end) for job in career.jobs] == [("c", Date(1991)), ("c", Date(1991, 5)), ("p", None)]
    assert career.stays and loaded.skipped[MERGED] == 0 and loaded.skipped[CAPPED] == 1


def test_an_overlapping_job_ends_when_the_next_begins(load):
    (career,) = load(row({**COOK, "end": "2010"}, PILOT)).careers
    assert career.jobs[0].end == Date(1995)


def test_doubled_spaces_count_as_one(load):
    jobs = ({**COOK, "occupation": "Tea   taster"}, PILOT, {"occupation": "Tea taster", "start": "2000"})
    (career,) = load(row(*jobs, education=[{"date": "1980", "title": "fine  arts"}]), taxonomy=None).careers
    assert [job.occupation for job in career.jobs] == ["Tea taster", "p", "Tea taster"]
    assert career.education[0].title == "fine arts"
    drivers = {"occupation": "bus  drivers", "start": "2000"}
    assert load(row(COOK, drivers)).careers[0].jobs[1].occupation == "d"


def test_without_a_taxonomy_the_file_names_the_occupations(load):
    loaded = load(
        row({**COOK, "occupation": "Tea taster"}, PILOT, {"occupation": " tea TASTER", "start": "2000"}), taxonomy=None
    )
    assert [o.title for o in loaded.taxonomy] == ["p", "Tea taster"]
    assert [job.occupation for job in loaded.careers[0].jobs] == ["Tea taster", "p", "Tea taster"]


def test_a_separator_inside_a_text_does_not_end_the_line(load):
    line = json.dumps(
        {"id": "1", "education": [{"date": "1980", "title": "art\u2028history"}], "jobs": [COOK, PILOT]},
        ensure_ascii=False,
    )
    assert load(line).careers[0].education[0].title == "art\u2028history"


BAD = [
    (row(COOK, PILOT)[:-5], "not JSON"),
    ("[]", r"the line: expected an object \{\.\.\.\}, got \[\]"),
    (row(COOK, PILOT, age=3), "age: there is no such key; expected one of id, birth_year, slices, education, jobs"),
    (json.dumps({"jobs": [COOK, PILOT]}), "id is missing"),
    (row(COOK, PILOT, {**COOK, "start": "2003", "end": "1999"}), r"job 3 ends \(1999\) before it starts \(2003\)"),
    (row(PILOT, COOK), r"job 2 starts \(1990-03\) before job 1 does \(1995\)"),
    (
        row(COOK, {**PILOT, "start": "1995-13"}),
        'jobs.2.start: expected a date "YYYY" or "YYYY-MM" in quotes, got "1995-13"',
    ),
    (row(COOK, {**PILOT, "occupation": "Pilot"}), "'Pilot' is no title.*nearest titles: 'Pilots'"),
    (row(COOK, {**PILOT, "facts": {"hours": "40"}}), 'jobs.2.facts.hours: expected a whole number, got "40"'),
    (
        row(COOK, PILOT, education=[{"date": "1990", "title": "x"}, {"date": "1980", "title": "y"}]),
        r"education 2 \(1980\) comes before education 1 \(1990\)",
    ),
    (row(COOK, PILOT).replace('"1"', '"0"'), "the person '0' is already on line 1"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_line_is_named_with_its_reason_or_counted(load, line, reason):
    good = row(COOK, PILOT).replace('"1"', '"0"')
    with pytest.raises(UserError, match=f"people.jsonl, line 3: .*{reason}"):
        load(good, "", line)
    loaded = load(good, "", line, on_error="skip")
    assert len(loaded.careers) == 1
    assert loaded.skipped[BAD_LINE] == 1


def test_months_count_only_where_both_are_known(load):
    # ends some time in the year in whose March it starts: not an error
    load(row({**COOK, "end": "1990"}, PILOT))
    with pytest.raises(UserError, match="before it starts"):
        load(row({**COOK, "end": "1990-02"}, PILOT))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_a_missing_empty_or_unreadable_file_ends_in_a_sentence(tmp_path: Path, tiny_taxonomy, content):
    path = tmp_path / "people.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"data\.path: .*people\.jsonl"):
        JsonCareers(path, "stop", tiny_taxonomy).load()


def test_checksum_covers_file_and_taxonomy(tmp_path, tiny_taxonomy, nls):
    path = tmp_path / "people.jsonl"
    path.write_text(row(COOK, PILOT))
    sums = {JsonCareers(path, "stop", taxonomy).checksum() for taxonomy in (None, tiny_taxonomy, nls.taxonomy)}
    path.write_text(row(PILOT))
    sums.add(JsonCareers(path, "stop", None).checksum())
    assert len(sums) == 4
    with pytest.raises(UserError, match="could not read"):
        JsonCareers(tmp_path / "nowhere", "stop", None).checksum()


def test_on_error_is_one_of_two_words(tmp_path, tiny_taxonomy):
    with pytest.raises(UserError, match="expected 'stop' or 'skip'"):
        JsonCareers(tmp_path, "ignore", tiny_taxonomy)
