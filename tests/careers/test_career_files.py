import pytest
from hydra import compose, initialize_config_dir

from reasoning_occ.careers.rows import BAD_ROW, NO_JOB, NO_START
from reasoning_occ.careers.split import split_from_data
from reasoning_occ.careers.types import Date
from reasoning_occ.config import CONF, source
from reasoning_occ.errors import UserError

# the layout of the release, https://github.com/keyonvafa/career-code#data_formatting: a line a person, a word a year
TRAIN = {
    "job": "11-1 11-1 13-2 unemployed\n11-1 13-2 13-2\n",
    "year": "1995 1996 1997 2001\n2005 2006 2010\n",
    "education": "high_school high_school bachelors bachelors\nmasters masters masters\n",
    "gender": "female\nmale\n",
}
REST = {"job": "13-2 11-1\n", "year": "2000 2001\n", "education": "masters masters\n", "gender": "male\n"}


@pytest.fixture
def load(tmp_path):
    def read(*overrides: str, parts=("train", "valid", "test"), **changed: str | None):
        for part in parts:
            for ending, text in {
                **(TRAIN if part == "train" else REST),
                **(changed if part == "train" else {}),
            }.items():
                if text is not None:
                    (tmp_path / f"{part}.{ending}").write_text(text)
        with initialize_config_dir(str(CONF), version_base=None):
            cfg = compose("config", ["data=career_files", f"data.path={tmp_path}", *overrides])
        return source(cfg).load()

    return read


def test_a_line_is_a_person_and_a_word_a_year(load):
    loaded = load()
    ann = loaded.careers[0]
    assert [(job.occupation, job.start, job.end) for job in ann.jobs] == [
        ("11-1", Date(1995), Date(1996)),
        ("13-2", Date(1997), Date(1997)),
        ("unemployed", Date(2001), Date(2001)),
    ]
    assert [(e.date, e.title) for e in ann.education] == [(Date(1995), "high school"), (Date(1997), "bachelors")]
    assert loaded.parts == {"train-1": "train", "train-2": "train", "valid-1": "valid", "test-1": "test"}


def test_a_degree_is_hidden_until_the_year_that_tells_it(load):
    first, second = load().careers[0].transitions()
    assert [e.title for e in first.history.education] == ["high school"]
    assert [e.title for e in second.history.education] == ["high school", "bachelors"]


def test_words_that_are_no_job_can_be_left_out(load):
    assert [job.occupation for job in load("data.unknown=[unemployed]").careers[0].jobs] == ["11-1", "13-2"]


def test_without_years_observations_are_dated_by_their_number(load):
    careers = load("data.columns.start=null", "data.columns.end=null", "data.columns.education=null", year=None).careers
    assert [job.start for job in careers[0].jobs] == [Date(1), Date(3), Date(4)] and careers[0].education == ()


def test_codes_of_the_soc_are_those_of_onet(load, data_dir):
    if not (data_dir / "onet").is_dir():
        pytest.skip(f"needs the O*NET text files: no folder {data_dir / 'onet'}")
    jobs = "31-2021 31-2021 35-3023 unemployed\n27-1012 23-1012 23-1011\n"
    loaded = load("data.taxonomy=onet", f"data_dir={data_dir}", job=jobs)
    assert [job.occupation for job in loaded.careers[0].jobs] == ["31-2021.00", "35-3023.00"]


def test_the_publishers_split_is_kept_with_and_without_validation_people(load, tmp_path):
    loaded = load()
    split = split_from_data(loaded.careers, loaded.parts, 0, 0.1)
    assert [{t.history.person.id for t in part} for part in (split.valid, split.test)] == [{"valid-1"}, {"test-1"}]
    for part in ("train", "test"):
        for file in list(tmp_path.glob(f"{part}.*")):
            file.rename(tmp_path / f"{part}_fold{file.suffix}")
    loaded = load("data.files={train: train_fold, test: test_fold}", parts=())
    assert set(loaded.parts) == {"train-1", "train-2", "test-1"}


def test_people_without_jobs_are_counted(load):
    skipped = load(job=TRAIN["job"] + "\n", year=TRAIN["year"] + "\n", education=TRAIN["education"] + "\n").skipped
    assert skipped[NO_JOB] == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"year": "1995 1996 1997\n2005 2006 2010\n"},
            r"line 1: 4 words in train\.job and 3 in train\.year, not as many",
        ),
        (
            {"year": "1995 1996 1997 soon\n2005 2006 2010\n"},
            r"line 1, job 4, train\.year: expected a date .* got 'soon'",
        ),
        ({"year": "1995 1996 1997 2001\n"}, r"train\.year has 1 lines and train\.job 2; a line is the same person in"),
        (
            {"year": None},
            r"no file .*train\.year\. Where no part has such a file, set its key of data\.columns to null",
        ),
        ({"job": None}, r"expected a folder with train\.job, valid\.job, test\.job .* has no train\.job"),
    ],
)
def test_an_error_names_the_file_and_the_line(load, changed, told):
    with pytest.raises(UserError, match=told):
        load(**changed)


def test_what_is_no_text_is_told(load, tmp_path):
    load()
    (tmp_path / "test.year").write_bytes(b"\xff\n")
    with pytest.raises(UserError, match=r"could not read .*test\.year"):
        load(parts=())


def test_errors_can_be_skipped_and_are_counted(load):
    loaded = load("data.on_error=skip", year="1995 none 1997 soon\n2005 2006\n")
    assert (loaded.skipped[BAD_ROW], loaded.skipped[NO_START]) == (2, 1)
    assert [job.start for job in loaded.careers[0].jobs] == [Date(1995), Date(1997)]
    assert "train-2" not in loaded.parts


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("data.columns.person=id", r"data\.columns\.person: it has no meaning here; leave it null"),
        ("data.columns.occupation=null", r"name the file's column of occupation"),
        ("data.files={train: a}", r"data\.files: expected files for train, test"),
    ],
)
def test_a_wrong_map_of_files_is_told(load, override, told):
    with pytest.raises(UserError, match=told):
        load(override)


def test_the_checksum_follows_every_file_that_is_read(load, tmp_path):
    def digest():
        with initialize_config_dir(str(CONF), version_base=None):
            return source(compose("config", ["data=career_files", f"data.path={tmp_path}"])).checksum()

    load()
    first = digest()
    (tmp_path / "valid.gender").write_text("female\n")
    assert digest() == first
    (tmp_path / "valid.education").write_text("doctorate doctorate\n")
    assert digest() != first
