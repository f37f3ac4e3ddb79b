"""People in files: how many there are, and how dates of tables are read."""

import gzip
import json

import pytest

from reasoning_occ.recommend.inputs import count, entries

ONE = json.dumps({"id": "a", "jobs": [{"occupation": "Cooks", "start": "2001"}]})
# a person's rows are together; "b" comes twice, in two places; a cell holds an end of line, rows are spoilt
ROWS = (
    "occupation,id,start,end\n"
    "Cooks,a,2001,\n"
    '"Bakers\nof bread", a ,2003,2002-13\n'
    "\n"
    "Cooks,b,soon,,,too,many\n"
    "Cooks\n"
    ",,,\n"
    "Cooks,c,2001,\n"
    "Cooks,b,2001,\n"
)


def files(folder, **content):
    folder.mkdir()
    for name, text in content.items():
        (folder / name.replace("_", ".")).write_text(text)


@pytest.fixture
def inputs(tmp_path):
    """An input of every kind, by name, and how many people it holds."""
    (tmp_path / "t.csv").write_text("\ufeff" + ROWS)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(ROWS.encode()))
    (tmp_path / "t.tsv").write_text(ROWS.replace(",", "\t"))
    (tmp_path / "l.jsonl").write_text(f"\ufeff\n{ONE}\n\u00a0\n{{oops\n{ONE}")
    (tmp_path / "l.json").write_text(f"\n[{ONE}, 5, {ONE}]")
    (tmp_path / "far.json").write_text(" " * 5000 + f"[{ONE}, {ONE}]")
    (tmp_path / "one.json").write_text(ONE + " " * 5000)
    files(tmp_path / "folder", a_json=ONE, b_JSON=f"[{ONE}, {ONE}]", c_jsonl=ONE, d_txt=ONE, e_json="{oops", f_json="")
    return {"t.csv": 5, "t.csv.gz": 5, "t.tsv": 5, "l.jsonl": 3, "l.json": 3, "far.json": 2, "one.json": 1, "folder": 5}


def test_as_many_are_counted_as_there_are(inputs, tmp_path):
    for name, people in inputs.items():
        assert (count(tmp_path / name), len(list(entries(tmp_path / name)))) == (people, people), name


def test_people_of_parquet_are_counted_by_their_column_alone(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow", reason="needs pyarrow")
    path = tmp_path / "t.parquet"
    ids = ["a", "a ", None, "", *["b"] * 3000, "a"]
    pandas.DataFrame({"occupation": ["Cooks"] * len(ids), "start": "2001", "id": ids}).to_parquet(path)
    assert count(path) == len(list(entries(path))) == 4
    pandas.DataFrame({"occupation": ["Cooks"] * 3, "start": 2001, "id": [1, 1, 2]}).to_parquet(path)
    assert count(path) == len(list(entries(path))) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b"who,job\n1,Cooks\n"),
        ("t.csv.gz", b"no gzip"),
        ("t.csv", b"id,occupation,start\na,\xff,2001\n"),
        ("t.parquet", b"no parquet"),
        ("l.json", b"[1, 2"),
        ("l.jsonl", b"\xff\n"),
        ("absent.csv", None),
    ],
)
def test_what_cannot_be_read_is_not_counted_and_told_elsewhere(name, content, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert count(tmp_path / name) is None
    (tmp_path / "empty").mkdir()
    assert count(tmp_path / "empty") is None


def test_dates_of_a_table_are_read_as_people_write_them(tmp_path):
    rows = (
        ("Cooks", "", "Mar 2012", "Present"),
        ("Bakers", "", "03/2013", "31.12.2014"),
        ("Pilots", "", "2015-02-17", "05/17/2016"),
        ("Nurses", "", "Present", "-"),
        ("", "Master", "June 2011", ""),
    )
    lines = "".join(f"a,{','.join(row)}\n" for row in rows)
    (tmp_path / "t.csv").write_text(f"id,occupation,education,start,end\n{lines}")
    (one,) = entries(tmp_path / "t.csv")
    told = json.loads(one.content)
    assert [(job["start"], job.get("end")) for job in told["jobs"]] == [
        ("2012-03", None),
        ("2013-03", "2014-12"),
        ("2015-02", "05/17/2016"),
        ("Present", None),
    ]
    assert told["education"] == [{"date": "2011-06", "title": "Master"}]
