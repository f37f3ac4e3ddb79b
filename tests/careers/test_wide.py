from csv import writer
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_occ.careers.rows import BAD_ROW, NO_JOB, NO_OCCUPATION, NO_START
from reasoning_occ.careers.split import split_from_data
from reasoning_occ.careers.table import TableCareers
from reasoning_occ.careers.types import Date
from reasoning_occ.careers.wide import WideCareers
from reasoning_occ.config import CONF, source
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

WIDE = {"person": "who", "occupation": "job_*", "start": "from_*", "end": "to_*"}
LONG = {"person": "who", "occupation": "job", "start": "from", "end": "to"}
HEADER = "who,job_1,from_1,to_1,job_2,from_2,to_2,job_10,from_10,to_10"
COMMON = {
    "unknown": ["unknown"], "on_error": "stop", "name": "mine", "crosswalk": None, "matches": None, "data_dir": None,
    "taxonomy": None,
}  # fmt: skip
URI = "http://data.europa.eu/esco/occupation/"


@pytest.fixture
def load(tmp_path):
    def read(*rows: str, columns=WIDE, header=HEADER, **changed):
        (tmp_path / "w.csv").write_text("\n".join((header, *rows)))
        return WideCareers(tmp_path / "w.csv", None, columns, **{**COMMON, **changed}).load()

    return read


def composed(*overrides: str):
    with initialize_config_dir(str(CONF), version_base=None):
        return compose("config", list(overrides))


def test_numbers_without_a_value_are_no_jobs_and_what_is_left_out_is_counted(load):
    loaded = load(
        "ann,b,1995,1997,a,1990,1994,c,1998,",
        "bob,a,1990,,unknown,1991,,,1992,",
        "cy,a,,,,,,,,",
        "di,,,,,,,,,",
    )
    (ann,) = loaded.careers
    assert [(job.occupation, job.start, job.end) for job in ann.jobs] == [
        ("a", Date(1990), Date(1994)),
        ("b", Date(1995), Date(1997)),
        ("c", Date(1998), None),
    ]
    assert [loaded.skipped[what] for what in (NO_OCCUPATION, NO_START, NO_JOB)] == [2, 1, 1]


def test_numbers_are_counted_and_not_spelled(load):
    header = "who,job_10,job_9,job_1"
    (ann,) = load("ann,c,b,a", columns={"person": "who", "occupation": "job_*", "start": None}, header=header).careers
    assert [(job.occupation, job.start) for job in ann.jobs] == [("a", Date(1)), ("b", Date(2)), ("c", Date(3))]


def test_people_without_a_name_are_called_by_their_row(load):
    columns = {**WIDE, "person": None}
    assert [c.person.id for c in load(",a,1990,,b,1991,,,,", ",a,1990,,b,1991,,,,", columns=columns).careers] == [
        "row-1",
        "row-2",
    ]


def test_an_education_is_of_the_person_or_of_each_job(load):
    header = "who,job_1,from_1,job_2,from_2,school,school_1,school_2"
    row = "ann,a,1990,b,1995,diploma,none yet,master"
    columns = {"person": "who", "occupation": "job_*", "start": "from_*"}
    (ann,) = load(row, header=header, columns={**columns, "education": "school"}).careers
    assert [(e.date, e.title) for e in ann.education] == [(Date(1990), "diploma")]
    (ann,) = load(row, header=header, columns={**columns, "education": "school_*"}).careers
    assert [(e.date, e.title) for e in ann.education] == [(Date(1990), "none yet"), (Date(1995), "master")]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["ann,a,1990,,b,soon,,,,"], r"w\.csv, row 1 below the header, column 'from_2': expected a date .* got 'soon'"),
        (["ann,a,1990,,b,1991,never,,,"], r"row 1 below the header, column 'to_2': expected a date .* got 'never'"),
        ([",a,1990,,b,1991,,,,"], "row 1 below the header: no person"),
        (["ann,a,1990,,b,1991,,,,"] * 2, "row 2 below the header: the person 'ann' has row 1 already, and one row is"),
        (["ann,a,1990,,a,1991,,,,"], "holds nobody with two jobs to learn a step from"),
    ],
)
def test_an_error_names_file_row_and_column(load, rows, told):
    with pytest.raises(UserError, match=told):
        load(*rows)


def test_errors_can_be_skipped_and_are_counted(load):
    rows = ("ann,a,1990,,b,soon,,c,1991,", "ann,a,1990,,b,1991,,c,1992,")
    loaded = load(*rows, on_error="skip")
    assert [job.occupation for job in loaded.careers[0].jobs] == ["a", "c"]
    assert loaded.skipped[BAD_ROW] == 2


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"person": "who"}, r"name the file's column of occupation"),
        ({**WIDE, "order": "order"}, r"data\.columns\.order: it has no meaning here; leave it null"),
        ({**WIDE, "sex": "sex_*"}, r"data\.columns\.sex: there is no such key; expected some of person, occupation"),
        ({**WIDE, "occupation": "job"}, r"data\.columns\.occupation=job: expected a name with one \* where the number"),
        ({**WIDE, "end": "*_*"}, r"data\.columns\.end=\*_\*: expected a name with one \*"),
        ({**WIDE, "education": "*_*"}, r"data\.columns\.education=\*_\*: expected at most one \*"),
        ({**WIDE, "person": "who_*"}, r"data\.columns\.person=who_\*: a row is one person"),
        ({**WIDE, "person": "id"}, r"w\.csv has no column 'id'; it has: who, job_1"),
        ({**WIDE, "end": "until_*"}, r"w\.csv has no column like 'until_\*' with a number for \*; it has: who, job_1"),
    ],
)
def test_a_wrong_map_of_columns_is_told(load, columns, told):
    with pytest.raises(UserError, match=told):
        load("ann,a,1990,,b,1991,,,,", columns=columns)


def test_a_column_that_one_number_lacks_is_told(load):
    with pytest.raises(UserError, match=r"w\.csv has no column 'to_2'; it has: who, job_1"):
        load("ann,a,1990,,b,1991", header="who,job_1,from_1,to_1,job_2,from_2")


TAXONOMY = Taxonomy(
    "tiny", [Occupation("a", "Cooks", ("Chefs",)), Occupation("b", "Pilots"), Occupation("c", "Nurses")], {}
)
YEARS = st.integers(1990, 1999).map(str)
JOBS = st.tuples(
    st.sampled_from(["a", "b", "c", "chefs", "wizards", "unknown", ""]),
    st.one_of(YEARS, st.just(""), st.just("05/1995"), st.just("soon")),
    st.one_of(YEARS, st.just("")),
).filter(any)


@settings(max_examples=60)
@given(people=st.lists(st.lists(JOBS, min_size=1, max_size=5), min_size=1, max_size=5), known=st.booleans())
def test_wide_and_long_forms_of_the_same_jobs_are_the_same_careers(people, known):
    most = max(map(len, people))
    given = {**COMMON, "on_error": "skip", "taxonomy": TAXONOMY if known else None}
    with TemporaryDirectory() as folder:
        wide, long = Path(folder) / "wide.csv", Path(folder) / "long.tsv"
        with open(wide, "w", newline="") as file:
            out = writer(file)
            out.writerow(["who", *(f"{what}_{n}" for n in range(most) for what in ("job", "from", "to"))])
            for n, jobs in enumerate(people):
                out.writerow([n, *(value for job in jobs for value in job), *[""] * (3 * (most - len(jobs)))])
        with open(long, "w", newline="") as file:
            out = writer(file, delimiter="\t")
            out.writerow(["who", "job", "from", "to"])
            out.writerows([n, *job] for n, jobs in enumerate(people) for job in jobs)
        one, other = (
            result(maker, path, columns, given)
            for maker, path, columns in ((WideCareers, wide, WIDE), (TableCareers, long, LONG))
        )
    assert one == other


def result(maker, path, columns, given):
    try:
        loaded = maker(path, None, columns, **given).load()
    except UserError as error:
        return str(error).replace(str(path), "")
    skipped = {what: n for what, n in loaded.skipped.items() if n}
    return loaded.careers, [(o.code, o.title) for o in loaded.taxonomy], skipped, loaded.parts


def decorte(path, person, *jobs):
    """A file in DECORTE's published layout: numbers from 0 on, months before years, `current` for a job of today."""
    each = ("uuid", "title", "description", "start", "end", "ESCO_uri", "ESCO_title")
    with open(path, "w", newline="") as file:
        out = writer(file)
        out.writerow(
            ["identifier", "industry", "number_of_experiences", *(f"{w}_{n}" for n in range(17) for w in each)]
        )
        cells = [
            c for uri, title, start, end in jobs for c in ("u", "Boss", "Did, a\nlot", start, end, URI + uri, title)
        ]
        out.writerow([person, "CHEF", len(jobs), *cells, *[""] * (17 * len(each) - len(cells))])


def test_decorte_as_published(tmp_path):
    jobs = (("1", "cook", "06/2010", "03/2014"), ("2", "head chef", "03/2014", "current"))
    for n, part in enumerate(("train", "validation", "test")):
        decorte(tmp_path / f"{part}.csv", 10001727 + n, *jobs)
    files = "data.files={train: train.csv, valid: validation.csv, test: test.csv}"
    loaded = source(composed("data=decorte", f"data.path={tmp_path}", files)).load()
    assert [(job.occupation, job.start, job.end) for job in loaded.careers[0].jobs] == [
        (URI + "1", Date(2010, 6), Date(2014, 3)),
        (URI + "2", Date(2014, 3), None),
    ]
    assert loaded.taxonomy.title(URI + "2") == "head chef"
    split = split_from_data(loaded.careers, loaded.parts, 0, 0.1)
    assert [t.history.person.id for t in (*split.train, *split.valid, *split.test)] == [
        "10001727",
        "10001728",
        "10001729",
    ]
