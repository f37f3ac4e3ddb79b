import gzip

import pytest
from hydra import compose, initialize_config_dir

from reasoning_occ.careers.dates import read_date
from reasoning_occ.careers.lookup import UNMATCHED
from reasoning_occ.careers.rows import BAD_ROW, NO_OCCUPATION, NO_START
from reasoning_occ.careers.source import CAPPED, MERGED, TOO_SHORT
from reasoning_occ.careers.spells import BACKWARDS
from reasoning_occ.careers.split import split_from_data
from reasoning_occ.careers.table import TableCareers
from reasoning_occ.careers.tabular import opened
from reasoning_occ.careers.types import Date
from reasoning_occ.config import CONF, source
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl

COLUMNS = {"person": "who", "occupation": "job", "start": "from", "end": "to"}
HEADER = "who,job,from,to"
COMMON = {
    "unknown": ["unknown"], "on_error": "stop", "name": "mine", "crosswalk": None, "matches": None, "data_dir": None,
    "taxonomy": None,
}  # fmt: skip


@pytest.fixture
def load(tmp_path, tiny_taxonomy):
    def read(*rows: str, name="t.csv", columns=COLUMNS, on_error="stop", taxonomy=tiny_taxonomy, header=HEADER):
        text = "\n".join((header, *rows)) + "\n"
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return TableCareers(path, None, columns, **{**COMMON, "on_error": on_error, "taxonomy": taxonomy}).load()

    return read


def composed(*overrides: str):
    with initialize_config_dir(str(CONF), version_base=None):
        return compose("config", list(overrides))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Q3 1996", Date(1996, 7)),
        ("1996Q1", Date(1996, 1)),
        ("1999", Date(1999)),
        ("1999-05", Date(1999, 5)),
        ("05/1999", Date(1999, 5)),
        (" 1999-05-17 ", Date(1999, 5)),
        ("1999.05", Date(1999, 5)),
        ("05-1999", Date(1999, 5)),
        ("May 1999", Date(1999, 5)),
        ("Sept. 1999", Date(1999, 9)),
        ("december 24th, 1999", Date(1999, 12)),
        ("17 March 2018", Date(2018, 3)),
        ("1st Sept. 2018", Date(2018, 9)),
        ("17-Mar-2018", Date(2018, 3)),
        ("31.12.2019", Date(2019, 12)),
        ("1.2.2019", Date(2019, 2)),
        ("Mar-2019", Date(2019, 3)),
        ("2019 March", Date(2019, 3)),
        ("2019-mar", Date(2019, 3)),
        ("-", None),
        ("Ongoing", None),
        ("", None),
        ("Present", None),
    ],
)
def test_dates(text, date):
    assert read_date(text) == date


@pytest.mark.parametrize(
    "text",
    [
        *("Q5 1996", "1999-13", "96", "13/1999", "05/17/1999", "1999-05-40", "Mai 1999", "June", "Ma 1999"),
        *("12/31/2019", "31-12-2019", "12.31.2019", "32.12.2019", "31.12.19", "32 March 2018", "17 Mai 2018"),
        *("Summer 2019", "2019 - Present", "2019-Present", "2019 Summer", "--"),
    ],
)
def test_what_is_no_date_is_told(text):
    with pytest.raises(UserError, match=f"expected a date such as 2012, 2012-03, 03/2012 or March 2012; got '{text}'"):
        read_date(text)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_rows_become_careers_in_order_of_time_and_everything_left_out_is_counted(load, name):
    loaded = load(
        "1,Pilots,1999-05,1998",
        "1,Cooks,1990,2005",
        "1,chefs,1991,2005",
        "1,unknown,1992,",
        "1,,1993,",
        "1,Nurses,,",
        "1,Wizards,1994,",
        "2,Cooks,1990,",
        name=name,
    )
    (career,) = loaded.careers
    assert [(job.occupation, job.start, job.end) for job in career.jobs] == [
        ("c", Date(1990), Date(1999, 5)),
        ("p", Date(1999, 5), None),
    ]
    assert loaded.skipped == {
        BAD_ROW: 0,
        NO_OCCUPATION: 2,
        NO_START: 1,
        UNMATCHED: 1,
        BACKWARDS: 1,
        TOO_SHORT: 1,
        MERGED: 1,
        CAPPED: 2,
    }


def test_codes_are_text(load):
    loaded = load("1,10.10,1990,", "1,10.1,1991,", "1,010.1,1992,", taxonomy=None)
    assert [job.occupation for job in loaded.careers[0].jobs] == ["10.10", "10.1", "010.1"]


def test_a_title_of_two_codes_stands_with_its_code(load):
    columns = {**COLUMNS, "title": "to", "end": None}
    loaded = load("1,a,1990,Cook", "1,b,1991,cook", "1,c,1992,Baker", columns=columns, taxonomy=None)
    assert [o.title for o in loaded.taxonomy] == ["Cook (a)", "cook (b)", "Baker"]


def test_an_order_dates_jobs_without_dates(load):
    columns = {"person": "who", "occupation": "job", "order": "from"}
    (career,) = load("1,Pilots,10,", "1,Cooks,9,", "1,Nurses,2,", columns=columns).careers
    assert [(job.occupation, job.start) for job in career.jobs] == [("n", Date(1)), ("c", Date(2)), ("p", Date(3))]


def test_an_error_names_its_row_or_is_counted(load):
    rows = ("1,Cooks,1990,", "1,Pilots,1991-13,", "1,Nurses,1992,")
    with pytest.raises(UserError, match=r"t\.csv, row 2 below the header, column 'from': expected a date"):
        load(*rows)
    loaded = load(*rows, on_error="skip")
    assert loaded.skipped[BAD_ROW] == 1
    assert [job.occupation for job in loaded.careers[0].jobs] == ["c", "n"]


def test_an_order_that_is_no_number_and_a_row_of_nobody_are_told(load):
    columns = {"person": "who", "occupation": "job", "order": "from"}
    with pytest.raises(
        UserError, match="row 1 below the header, column 'from': expected a number as order, got 'first'"
    ):
        load("1,Cooks,first,", columns=columns)
    with pytest.raises(UserError, match="expected a number as order, got 'nan'"):
        load("1,Cooks,nan,", columns=columns)
    with pytest.raises(UserError, match="row 2 below the header: no person"):
        load("1,Cooks,1990,", ",Pilots,1991,")


def test_an_education_is_shown_from_the_first_job_that_tells_it(load):
    columns = {**COLUMNS, "education": "to", "end": None}
    rows = ("1,Nurses,1999,master", "1,Cooks,1990,bachelor", "1,Pilots,1995,bachelor", "1,Bakers,1997,unknown")
    (career,) = load(*rows, columns=columns).careers
    assert [(e.date, e.title) for e in career.education] == [(Date(1990), "bachelor"), (Date(1999), "master")]


def test_what_occurs_is_listed_with_what_it_was_taken_for(tmp_path, tiny_taxonomy):
    (tmp_path / "t.csv").write_text("\n".join((HEADER, "1,chefs,1990,", "1,Wizards,1991,", "1,n,1992,", "2,n,1990,")))
    given = {**COMMON, "taxonomy": tiny_taxonomy, "matches": tmp_path / "out" / "matches.jsonl"}
    TableCareers(tmp_path / "t.csv", None, COLUMNS, **given).load()
    assert list(read_jsonl(tmp_path / "out" / "matches.jsonl")) == [
        {"occupation": "n", "how": "found", "taken_for": "Nurses", "times": 2},
        {"occupation": "chefs", "how": "found", "taken_for": "Cooks", "times": 1},
        {"occupation": "Wizards", "how": "unmatched", "taken_for": None, "times": 1},
    ]


def test_parquet_is_read_as_text(tmp_path):
    pytest.importorskip("pyarrow", reason="needs pyarrow")
    import pandas as pd

    rows = {"who": [1, 1, 2], "job": ["10.10", "10.1", None], "from": [1990, 1991, 1992], "to": [None, "1995", None]}
    pd.DataFrame(rows).to_parquet(tmp_path / "t.parquet")
    loaded = TableCareers(tmp_path / "t.parquet", None, COLUMNS, **COMMON).load()
    assert [(job.occupation, job.end) for job in loaded.careers[0].jobs] == [("10.10", None), ("10.1", Date(1995))]
    assert loaded.skipped[NO_OCCUPATION] == 1
    with pytest.raises(UserError, match="no column 'person'; it has: who, job, from, to"):
        TableCareers(tmp_path / "t.parquet", None, {**COLUMNS, "person": "person"}, **COMMON).load()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"on_error": "perhaps"}, "data.on_error=perhaps: expected 'stop' or 'skip'"),
        ({"crosswalk": "c.csv"}, r"data\.crosswalk=c\.csv: it leads from ESCO to O\*NET; choose data\.taxonomy=onet"),
    ],
)
def test_a_wrong_argument_is_told(changed, told):
    with pytest.raises(UserError, match=told):
        TableCareers("t.csv", None, COLUMNS, **{**COMMON, **changed})


@pytest.mark.parametrize("files", [{}, {"train": "a.csv"}, {"train": "a.csv", "test": "b.csv", "dev": "c.csv"}])
def test_files_of_strange_parts_are_told(files):
    with pytest.raises(UserError, match=r"data\.files: expected files for train, test and perhaps valid; got"):
        TableCareers("folder", files, COLUMNS, **COMMON)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.txt", b"", r"expected a table \(\.csv, \.tsv"),
        ("t.csv.gz", b"no gzip", r"could not read .*t\.csv\.gz"),
        ("t.csv", b"who,job,from,to\n\xff", r"could not read .*t\.csv"),
        ("t.parquet", b"no parquet", r"could not read .*t\.parquet|needs pyarrow"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=told):
        TableCareers(tmp_path / name, None, COLUMNS, **COMMON).load()


def test_the_checksum_follows_files_and_taxonomy(tmp_path, tiny_taxonomy):
    def digest(taxonomy=tiny_taxonomy):
        return TableCareers(tmp_path / "t.csv", None, COLUMNS, **{**COMMON, "taxonomy": taxonomy}).checksum()

    with pytest.raises(UserError, match=r"could not read .*t\.csv: No such file"):
        digest()
    (tmp_path / "t.csv").write_text(HEADER)
    first = digest()
    assert first == digest() and len({first, digest(None), digest(tiny_taxonomy.only({"c", "b"}))}) == 3
    (tmp_path / "t.csv").write_text(HEADER + "\n")
    assert digest() != first


def test_a_missing_column_or_file_is_told(load, tmp_path):
    with pytest.raises(UserError, match="no column 'who'; it has: id, job"):
        load(header="id,job,from,to")
    with pytest.raises(UserError, match=r"name the file's column of order or start"):
        load(columns={"person": "who", "occupation": "job"})
    with pytest.raises(UserError, match="there is no such key"):
        load(columns={**COLUMNS, "sex": "sex"})
    with pytest.raises(UserError, match=r"could not read .*absent\.csv"):
        TableCareers(tmp_path / "absent.csv", None, COLUMNS, **COMMON).load()


def parts(tmp_path, **rows: str):
    for part, ids in rows.items():
        lines = [f"{i},{job},199{n}," for i in ids for n, job in enumerate(("a", "b"))]
        (tmp_path / f"{part}.csv").write_text("\n".join((HEADER, *lines)))
    files = {part: f"{part}.csv" for part in rows}
    return TableCareers(tmp_path, files, COLUMNS, **COMMON)


def test_the_publishers_split_is_kept(tmp_path):
    loaded = parts(tmp_path, train="123", valid="4", test="56").load()
    split = split_from_data(loaded.careers, loaded.parts, 0, 0.1)
    got = [[t.history.person.id for t in part] for part in (split.train, split.valid, split.test)]
    assert got == [["1", "2", "3"], ["4"], ["5", "6"]]


def test_without_validation_people_some_of_train_are_taken(tmp_path):
    loaded = parts(tmp_path, train="1234", test="56").load()
    split = split_from_data(loaded.careers, loaded.parts, 0, 0.5)
    assert {t.history.person.id for t in split.test} == {"5", "6"}
    assert {t.history.person.id for t in (*split.train, *split.valid)} == set("1234")


def test_nobody_is_in_two_parts(tmp_path):
    with pytest.raises(UserError, match="the person '2' is in train and in test"):
        parts(tmp_path, train="12", test="23").load()


def test_data_without_a_split_say_so(load):
    loaded = load("1,Cooks,1990,", "1,Pilots,1991,")
    with pytest.raises(UserError, match="these data have no split of their own"):
        split_from_data(loaded.careers, loaded.parts, 0, 0.1)


def test_jobhop_as_published(data_dir):
    path = data_dir / "jobhop" / "jobhop_v2_sample.csv"
    if not path.is_file():
        pytest.skip(f"needs the excerpt of JobHop: no file {path}")
    loaded = source(composed("data=jobhop", f"data.path={path}")).load()
    people = {career.person.id: career for career in loaded.careers}
    assert list(people) == ["5", "14", "24", "31", "41", "56", "74"]
    assert loaded.skipped[NO_OCCUPATION] == 1
    assert loaded.skipped[NO_START] == 1
    assert people["31"].jobs[0].start == Date(1996, 7)
    assert people["31"].education == ()
    assert {"3344.1", "7231.10"} <= set(loaded.taxonomy.codes)


def test_jobhop_v1_by_its_columns_and_files(tmp_path):
    rows = "person_id,matched_label,matched_code,start_date\n{0},Cook,1.10,2001\n{0},Baker,1.1,2002\n"
    for n, part in enumerate(("train", "val", "test")):
        (tmp_path / f"JobHop_{part}.csv").write_text(rows.format(n))
    cfg = composed(
        "data=jobhop",
        f"data.path={tmp_path}",
        "data.columns={person: person_id, title: matched_label, end: null}",
        "data.files={train: JobHop_train.csv, valid: JobHop_val.csv, test: JobHop_test.csv}",
    )
    loaded = source(cfg).load()
    assert loaded.parts == {"0": "train", "1": "valid", "2": "test"}
    assert loaded.taxonomy.title("1.10") == "Cook"


def test_karrierewege_by_its_columns(tmp_path):
    path = tmp_path / "k.csv"
    path.write_text("_id,experience_order,preferredLabel_en\nx,1,baker\nx,0,cook\n")
    (career,) = source(composed("data=karrierewege", f"data.path={path}")).load().careers
    assert [job.occupation for job in career.jobs] == ["cook", "baker"]


def test_a_damaged_archive_is_told(tmp_path):
    whole = gzip.compress(
        b"id,occupation,start\n" + b"".join(b"%d,Bakers,%d\n" % (n, 1900 + n % 99) for n in range(9999))
    )
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2 : len(whole) // 2 + 40] = b"\xff" * 40
    (tmp_path / "jobs.csv.gz").write_bytes(spoilt)
    with pytest.raises(UserError, match=r"could not read .*jobs\.csv\.gz"), opened(tmp_path / "jobs.csv.gz") as table:
        list(table.rows)
