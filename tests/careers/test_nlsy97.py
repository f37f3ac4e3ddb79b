"""The reader of person-years, on a small table written here and, where it is at hand, on the real one."""

import gzip
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reasoning_occ.careers import nlsy97 as reader
from reasoning_occ.careers.nlsy97 import NLSY97, education
from reasoning_occ.careers.person_years import COLUMNS
from reasoning_occ.careers.source import TOO_SHORT, Loaded
from reasoning_occ.careers.split import last_transitions, split_from_file
from reasoning_occ.careers.types import Career, Date, Education
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.slices import slices
from reasoning_occ.language.render import events
from reasoning_occ.occupations import onet
from reasoning_occ.occupations.census2002 import QUALITIES
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.popularity import Popularity
from reasoning_occ.recommenders.previous import Previous

# of these nobody in the table is a pilot
TAXONOMY = Taxonomy(
    "small",
    [
        Occupation(c, t, group=g)
        for c, t, g in (("b", "Bakers", "Food"), ("c", "Cooks", "Food"), ("p", "Pilots", "Air"))
    ],
    {"b": ["p", "c"], "c": ["b"]},
)


def row(person: int, year: int, code: str = "", **more: str) -> dict[str, str]:
    """A row whose title, if any, is exact; all else is empty if not given."""
    return dict.fromkeys(COLUMNS, "") | {
        "person_id": str(person), "year": str(year), "onet_soc": code, "map_quality": "exact" if code else "none",
    } | more  # fmt: skip


def written(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    lines = [COLUMNS, *([values[column] for column in COLUMNS] for values in rows)]
    text = "".join(",".join(f'"{field}"' for field in line) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def source(path: Path | str, taxonomy: Taxonomy | None = TAXONOMY, **more) -> NLSY97:
    chosen = {
        "crosswalk": "none.csv",
        "data_dir": None,
        "labels": "crosswalk",
        "quality": list(QUALITIES),
        "stays": False,
    } | more
    return NLSY97(str(path), taxonomy=taxonomy, **chosen)


@pytest.fixture
def load(tmp_path):
    def loaded(*rows: dict[str, str], **more) -> Loaded:
        return source(written(tmp_path / "table.csv.gz", rows), **more).load()

    return loaded


def spells(career: Career) -> list[tuple[str, int, int | None]]:
    return [(job.occupation, job.start.year, job.end and job.end.year) for job in career.jobs]


def test_rows_become_jobs_by_person_and_year_whatever_their_order(load):
    found = load(row(2, 2004, "c"), row(1, 2001, "b"), row(2, 2001, "b"), row(1, 2003, "c"), row(2, 2002, "b"))
    assert [c.person.id for c in found.careers] == ["2", "1"]
    assert spells(found.careers[0]) == [("b", 2001, 2002), ("c", 2004, 2004)]
    assert spells(found.careers[1]) == [("b", 2001, 2001), ("c", 2003, 2003)]


def test_a_row_without_a_title_is_a_gap_and_makes_no_job_longer(load):
    found = load(row(1, 2001, "b"), row(1, 2002), row(1, 2003, "c"), row(2, 2001), row(3, 2001, "b"), row(3, 2002))
    assert [spells(c) for c in found.careers] == [[("b", 2001, 2001), ("c", 2003, 2003)]]
    assert {what: n for what, n in found.skipped.items() if n} == {
        reader.NO_TITLE: 3, reader.NO_JOB: 1, TOO_SHORT: 1, reader.NO_DEGREE: 1,
    }  # fmt: skip


def test_the_same_title_after_a_gap_is_no_step_and_to_return_to_a_former_one_is(load):
    found = load(row(1, 2001, "b"), row(1, 2002), row(1, 2003, "b"), row(1, 2004, "c"), row(1, 2007, "b"))
    assert spells(found.careers[0]) == [("b", 2001, 2003), ("c", 2004, 2004), ("b", 2007, 2007)]
    assert [t.target for t in found.careers[0].transitions()] == ["c", "b"]


def test_with_stays_every_year_is_a_job_and_a_gap_is_never_a_stay(load):
    rows = [row(1, 2001, "b"), row(1, 2002, "b"), row(1, 2003), row(1, 2004, "b"), row(1, 2005), row(1, 2006, "c")]
    found = load(*rows, stays=True)
    (career,) = found.careers
    assert career.stays
    assert spells(career) == [("b", 2001, 2001), ("b", 2002, 2002), ("b", 2004, 2004), ("c", 2006, 2006)]
    # 2004 may not be asked for: nobody knows whether the year before it was spent in the same occupation
    assert [(t.target, t.when.year) for t in career.transitions()] == [("b", 2002), ("c", 2006)]
    assert found.skipped[reader.AFTER_GAP] == 1
    assert not load(*rows).careers[0].stays


def test_a_degree_is_hidden_until_the_year_it_was_earned(load):
    degrees = {"date_hs": "2000", "date_ba": "2004", "date_ma": "2009"}
    found = load(
        *(row(1, year, code, **degrees) for year, code in ((2001, "b"), (2003, "c"), (2004, "b"), (2006, "c")))
    )
    (career,) = found.careers
    shown = [[e.school_years for e in t.history.education] for t in career.transitions()]
    assert shown == [[12], [12], [12, 16]]
    assert "2000: high school diploma" in events(career.until(0), TAXONOMY)
    assert not any("bachelor" in line for line in events(career.until(1), TAXONOMY))
    assert not any("master" in line for t in career.transitions() for line in events(t.history, TAXONOMY))


def test_a_degree_without_a_year_is_shown_to_nobody(load):
    assert load(row(1, 2001, "b"), row(1, 2002, "c")).careers[0].education == ()


def test_degrees_of_one_year_stand_in_the_order_of_school():
    found = education([("date_phd", 2005), ("date_ma", 2005), ("date_hs", 1999)])
    assert found == (
        Education(Date(1999), "high school diploma", 12),
        Education(Date(2005), "master's degree", 18),
        Education(Date(2005), "doctorate", 20),
    )


def test_facts_are_those_of_the_first_row_and_pay_is_against_the_last_wage_before(load):
    services = next(iter(reader.SECTORS))
    found = load(
        row(1, 2001, "b", job_id="7", hourly_wage="10", full_time="part", industry=services, census_region="South"),
        row(1, 2003, "c", job_id="7", hourly_wage="10.2", full_time="full", industry="Labor unions"),
        row(1, 2004, "c", job_id="7", hourly_wage="20", census_region="West"),
        row(1, 2005, job_id="8", hourly_wage="30"),
        row(1, 2006, job_id="8"),
        row(1, 2007, "b", job_id="8", hourly_wage="20"),
        row(1, 2008, "c"),
    )
    first, second, third, last = (job.facts for job in found.careers[0].jobs)
    assert (first.tenure_years, first.pay, first.full_time, first.wage) == (0, None, False, 10)
    assert (first.sector, first.region) == (reader.SECTORS[services], "South")
    assert (second.tenure_years, second.pay, second.full_time, second.wage) == (2, "level", True, 10.2)
    assert (second.sector, second.region) == ("Labor unions", None)
    # years in the gap count for the employer, and for pay that on record
    assert (third.tenure_years, third.pay, third.full_time) == (2, "down", None)
    assert (last.tenure_years, last.pay, last.wage, last.sector) == (None, None, None, None)


def test_time_with_an_employer_begins_anew_after_another(load):
    employers = ((2001, "7"), (2003, "7"), (2004, "8"), (2006, "7"), (2009, "7"), (2010, ""))
    found = load(*(row(1, year, "bc"[i % 2], job_id=employer) for i, (year, employer) in enumerate(employers)))
    assert [job.facts.tenure_years for job in found.careers[0].jobs] == [0, 2, 0, 0, 3, None]


def test_quality_says_what_may_be_asked_for_and_all_stand_in_histories(load):
    rows = [
        row(1, 2001, "b"), row(1, 2002, "c", map_quality="representative"), row(1, 2003, "b", map_quality="renumbered"),
        row(2, 2001, "b"), row(2, 2002, "c", map_quality="representative"),
    ]  # fmt: skip
    found = load(*rows, quality=["exact", "renumbered"])
    (career,) = found.careers
    (transition,) = career.transitions()
    assert (transition.target, [j.occupation for j in transition.history.jobs]) == ("b", ["b", "c"])
    assert (found.skipped[reader.UNSURE], found.skipped[reader.NOT_ASKED]) == (2, 1)
    every = [t for c in load(*rows).careers for t in c.transitions()]
    assert [t.quality for t in every] == ["representative", "renumbered", "representative"]


def test_labels_are_the_titles_of_the_table_or_the_whole_taxonomy(load):
    rows = [row(1, 2001, "b"), row(1, 2002, "c")]
    assert load(*rows).taxonomy.codes == ("b", "c")
    assert load(*rows, labels="all").taxonomy is TAXONOMY


def test_gender_race_and_region_are_slices_and_in_no_line(load):
    who = {"gender": "Women", "race": "Hispanic"}
    found = load(
        row(1, 2001, "b", **who),
        row(1, 2002, "c", **who, census_region="West"),
        row(2, 2001, "b"),
        row(2, 2002, "c"),
    )
    assert found.careers[0].person.slices == {**who, "region": "West"}
    assert found.careers[1].person.slices == {}
    assert not re.search("women|hispanic", " ".join(events(found.careers[0], TAXONOMY)), re.IGNORECASE)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"year": "99"}, "year '99' is no year"),
        ({"date_ba": "2003.0"}, "date_ba '2003.0' is no year"),
        ({"hourly_wage": "nan"}, "hourly_wage 'nan' is no amount"),
        ({"hourly_wage": "-4"}, "hourly_wage '-4' is no amount"),
        ({"full_time": "yes"}, "full_time 'yes'"),
        ({"map_quality": "good"}, "map_quality 'good' is none of exact"),
        ({"map_quality": "none"}, "do not go together"),
        ({"onet_soc": ""}, "do not go together"),
        ({"onet_soc": "x"}, "'x' is no code of the small taxonomy"),
        ({"person_id": ""}, "person_id is empty"),
        ({"year": "2001"}, "person 1 has a row for 2001 already, in line 2"),
        ({"date_hs": "2000"}, "person 1 has another degrees than in line 2"),
        ({"gender": "Men"}, "person 1 has another gender than in line 2"),
    ],
)
def test_a_malformed_row_is_told_with_its_line(load, changed, told):
    with pytest.raises(UserError, match=rf"table\.csv\.gz, line 3: .*{told}.*Mend or remove the row"):
        load(row(1, 2001, "b"), row(1, 2002, "c") | changed)


def test_a_row_with_too_many_fields_is_told(tmp_path):
    path = written(tmp_path / "table.csv", [row(1, 2001, "b")])
    path.write_text(path.read_text().rstrip() + ",more\n")
    with pytest.raises(UserError, match="line 2: it has more fields than the header"):
        source(path).load()


def test_a_missing_file_or_folder_is_told_with_what_to_do(tmp_path):
    for attempt in (source(tmp_path / "none.csv").load, source("none.csv", data_dir=str(tmp_path)).checksum):
        with pytest.raises(UserError, match=r"none\.csv, which is missing\. Set data_dir .*REASONING_OCC_DATA"):
            attempt()


def test_missing_columns_are_named(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("person_id,year\n1,2001\n")
    with pytest.raises(UserError, match=r"no column job_id, onet_soc, .*it has: person_id, year"):
        source(path).load()


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"person_id" * 999)[:-20], gzip.compress(b"\xff\xfe\xff")],
    ids=["not packed", "cut off", "no text"],  # what is packed holds the time, and names of tests must not
)
def test_a_file_that_is_no_packed_table_is_told(tmp_path, content):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"could not read .*packed with gzip"):
        source(path).load()


def test_a_table_in_which_nobody_takes_a_step_is_told(load):
    with pytest.raises(
        UserError, match=r"nobody with a step to learn from: 1 rows without a title.*1 people with fewer"
    ):
        load(row(1, 2001, "b"), row(1, 2002))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"labels": "some"}, r"data\.labels: expected crosswalk or all"),
        ({"quality": []}, r"data\.quality: expected a list"),
        ({"quality": "exact"}, r"data\.quality: expected a list"),
        ({"quality": ["none"]}, r"data\.quality: expected a list"),
        ({"stays": "yes"}, r"data\.stays: expected true or false"),
        ({"taxonomy": None}, r"choose data\.taxonomy=onet"),
    ],
)
def test_a_wrong_choice_is_told(wrong, told):
    with pytest.raises(UserError, match=told):
        source("table.csv", **wrong)


def test_the_checksum_follows_the_table_and_the_taxonomy_not_their_place(tmp_path):
    (tmp_path / "sub").mkdir()
    path = written(tmp_path / "table.csv", [row(1, 2001, "b")])
    same = written(tmp_path / "sub" / "table.csv", [row(1, 2001, "b")])
    first = source(path).checksum()
    assert first == source("table.csv", data_dir=str(tmp_path)).checksum() == source(same).checksum()
    other = Taxonomy("small", TAXONOMY.occupations, {})
    assert first != source(path, taxonomy=other).checksum()
    assert first != source(written(path, [row(1, 2001, "c")])).checksum()


# the real table


@pytest.fixture(scope="module")
def folder(data_dir) -> Path:
    for needed in ("nlsy97/nlsy97_dev.csv.gz", "nlsy97/test_people.txt", "onet/Occupation Data.txt"):
        if not (data_dir / needed).is_file():
            pytest.skip(f"needs data that the project does not contain: no {data_dir / needed}")
    return data_dir


@pytest.fixture(scope="module")
def titles(folder) -> Taxonomy:
    return onet.taxonomy(folder / "onet")


@pytest.fixture(scope="module")
def real(folder, titles) -> Loaded:
    return source("nlsy97/nlsy97_dev.csv.gz", titles, data_dir=str(folder)).load()


def test_people_steps_and_titles_of_the_real_table(real):
    assert len(real.careers) + real.skipped[reader.NO_JOB] + real.skipped[TOO_SHORT] == 7108
    assert (len(real.careers), real.skipped[reader.NO_TITLE]) == (6904, 1860)
    assert len(real.taxonomy) == 474
    steps = [t for c in real.careers for t in c.transitions()]
    assert len(steps) == 42396
    back = [len(t.history.jobs) > 1 and t.target == t.history.jobs[-2].occupation for t in steps]
    # as published with the table, like the two shares below
    assert np.mean(back) == pytest.approx(0.07, abs=0.005)


def test_neighbours_of_the_real_table_differ_and_times_are_in_order(real):
    for career in real.careers:
        for job, following in zip(career.jobs, career.jobs[1:], strict=False):
            assert job.occupation != following.occupation
            assert job.end is not None and job.start <= job.end < following.start


def test_fewer_qualities_ask_for_less_and_show_as_much(folder, titles, real):
    sure = source("nlsy97/nlsy97_dev.csv.gz", titles, data_dir=str(folder), quality=["exact"]).load()
    assert sum(len(list(c.transitions())) for c in sure.careers) == 26261
    assert len(sure.careers) + sure.skipped[reader.NOT_ASKED] == len(real.careers)
    jobs = {c.person.id: [j.occupation for j in c.jobs] for c in real.careers}
    assert all([j.occupation for j in c.jobs] == jobs[c.person.id] for c in sure.careers)


def test_stays_of_the_real_table(folder, titles):
    yearly = source("nlsy97/nlsy97_dev.csv.gz", titles, data_dir=str(folder), stays=True).load()
    # with people of one titled row and of none, every titled row
    kept = sum(len(c.jobs) for c in yearly.careers)
    assert kept + yearly.skipped[TOO_SHORT] == 131_923 - 1860
    assert sum(len(list(c.transitions())) for c in yearly.careers) == 122_860


def test_no_real_history_shows_a_degree_before_its_year(real):
    hidden = 0
    for career in real.careers:
        for t in career.transitions():
            now = t.history.jobs[-1].start
            assert all(e.date <= now for e in t.history.education)
            hidden += sum(e.date > now for e in career.education)
            assert len(t.history.education) == sum(e.date <= now for e in career.education)
    assert hidden > 10_000


def test_no_line_of_a_real_history_tells_gender_or_race(real):
    told = re.compile(r"\b(men|women|white|african american|hispanic|asian)\b", re.IGNORECASE)
    for career in real.careers:
        lines = events(career, real.taxonomy)
        assert not told.search(" ".join(lines))
        stranger = replace(career.person, slices={"gender": "Men", "race": "Other", "region": "Nowhere"})
        assert events(replace(career, person=stranger), real.taxonomy) == lines


FLOORS = {
    Popularity: (0.015, 0.022, 0.155, 0.067),
    Markov: (0.073, 0.087, 0.312, 0.156),
    Previous: (0.097, 0.116, 0.369, 0.190),
}
"""AccEM, AccRM, Hit@10 and MRR of the table's published floors."""


def test_floors_on_the_published_test_people(folder, real, tmp_path):
    from reasoning_occ.evaluation.metrics import scores
    from reasoning_occ.evaluation.predictions import predict

    split = split_from_file(real.careers, folder / "nlsy97" / "test_people.txt", seed=0, valid=0.1)
    last = last_transitions(split.test)
    # people with three or more jobs
    assert len(last) == 1319 and min(t.history.past_jobs for t in last) == 1
    unlisted = [not real.taxonomy.listed(t.target) for t in last]
    held = [t.target in {job.occupation for job in t.history.jobs} for t in last]
    assert (np.mean(unlisted), np.mean(held)) == pytest.approx((0.089, 0.19), abs=0.005)
    back_off = {Popularity: {}, Markov: {"back_off": 10.0}, Previous: {"back_off": 10.0}}
    for kind, published in FLOORS.items():
        model = kind(real.taxonomy, smoothing=1.0, **back_off[kind])
        model.fit(split.train, split.valid, tmp_path)
        ranked = model.recommend([t.history for t in last])
        predictions = [predict(t, r, real.taxonomy, model.name, ()) for t, r in zip(last, ranked, strict=True)]
        found = scores(predictions, real.taxonomy)
        for metric, figure in zip(("AccEM", "AccRM", "Hit@10", "MRR"), published, strict=True):
            # a validation share is not learnt from here, and counts are smoothed in another way
            assert found[metric].mean() == pytest.approx(figure, abs=0.005 if metric != "Hit@10" else 0.01)
        assert {"gender", "race", "region"} <= slices(predictions, real.taxonomy).keys()
