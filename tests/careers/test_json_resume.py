import json
from collections import Counter

import pytest

from reasoning_occ.careers.json_resume import (
    BAD_RESUME,
    GUESSED,
    MATCHED,
    NO_END,
    NO_NAME,
    NO_POSITION,
    NO_START,
    UNMATCHED,
    JsonResumes,
    career,
)
from reasoning_occ.careers.spells import BACKWARDS
from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl
from reasoning_occ.language.render import lines
from reasoning_occ.occupations.snap import TitleReader

SECRETS = ("Ada Example", "ada@example.org", "+44 20 0000", "Baker Street Kitchens", "secret school", "I love bread")
RESUME = {
    "basics": {"name": SECRETS[0], "email": SECRETS[1], "phone": SECRETS[2], "summary": SECRETS[5]},
    "work": [
        {"name": SECRETS[3], "position": "Bus driver", "startDate": "2015-03-01", "summary": SECRETS[5]},
        {"company": SECRETS[3], "position": "chefs", "startDate": "2010-06", "endDate": "2014"},
        {"name": SECRETS[3], "position": "Bakers", "startDate": "2008", "endDate": "2010-05-31"},
    ],
    "education": [
        {"institution": SECRETS[4], "studyType": "Diploma", "area": "Baking", "endDate": "2007"},
        {"institution": SECRETS[4], "studyType": "Bachelor", "area": "Transport", "startDate": "2012"},
    ],
}


@pytest.fixture
def load(tmp_path, tiny_taxonomy):
    def read(files, on_error="stop", path=".", **more):
        for name, content in files.items():
            (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return JsonResumes(tmp_path / path, 0.8, more.get("matches"), on_error, tiny_taxonomy).load()

    return read


def test_jobs_come_in_order_matched_by_name_alias_or_likeness(load):
    loaded = load({"ada.json": RESUME})
    (ada,) = loaded.careers
    assert [(job.occupation, job.start, job.end) for job in ada.jobs] == [
        ("b", Date(2008), Date(2010, 5)),
        ("c", Date(2010, 6), Date(2014)),
        ("d", Date(2015, 3), None),
    ]
    assert loaded.skipped[MATCHED] == 2 and loaded.skipped[GUESSED] == 1 and loaded.skipped[UNMATCHED] == 0


def test_an_education_without_an_end_may_lie_in_the_future_and_is_left_out(load):
    loaded = load({"ada.json": RESUME})
    assert [(e.title, e.date) for e in loaded.careers[0].education] == [("Diploma, Baking", Date(2007))]
    assert loaded.skipped[NO_END] == 1


def test_an_education_without_a_name_and_an_end_before_the_start_are_counted(load):
    nameless = {**RESUME, "education": [{"institution": SECRETS[4], "endDate": "2007"}]}
    nameless["work"] = [{**RESUME["work"][0], "endDate": "2014-12"}, *RESUME["work"][1:]]
    loaded = load({"ada.json": nameless})
    assert loaded.careers[0].education == () and loaded.careers[0].jobs[-1].end is None
    assert loaded.skipped[NO_NAME] == loaded.skipped[BACKWARDS] == 1


def test_nothing_but_jobs_and_schooling_is_known_of_a_person(load, tiny_taxonomy, tmp_path):
    loaded = load({"Ada Example.json": RESUME}, matches=tmp_path / "out" / "matches.jsonl")
    told = repr(loaded) + repr(lines(loaded.careers[0], tiny_taxonomy))
    told += (tmp_path / "out" / "matches.jsonl").read_text()
    assert not [secret for secret in SECRETS if secret in told]


def test_what_is_not_matched_is_counted_and_told_in_a_file(load, tmp_path):
    strange = {"position": "Astronaut", "startDate": "2016"}
    resume = {**RESUME, "work": [strange, {**strange, "position": " "}, {"position": "Nurses"}, *RESUME["work"]]}
    loaded = load({"a.json": resume, "b.json": resume}, matches=tmp_path / "out" / "matches.jsonl")
    skipped = loaded.skipped
    assert (skipped[UNMATCHED], skipped[NO_POSITION], skipped[NO_START]) == (2, 2, 2)
    told = {
        row["title"]: (row["how"], row["taken_for"], row["times"]) for row in read_jsonl(tmp_path / "out/matches.jsonl")
    }
    assert told["Astronaut"] == ("unmatched", None, 2)
    assert told["chefs"] == ("alias", "Cooks", 2) and told["Bus driver"] == ("nearest", "Bus drivers", 2)


def test_a_folder_a_file_a_list_and_lines_give_the_same_careers(load):
    def jobs(loaded):
        return [one.jobs for one in loaded.careers]

    folder = load({"a.json": RESUME, "b.json": RESUME, "notes.txt": "none"})
    for files, path in (
        ({"list.json": [RESUME, RESUME]}, "list.json"),
        ({"lines.jsonl": f"{json.dumps(RESUME)}\n\n{json.dumps(RESUME)}\n"}, "lines.jsonl"),
    ):
        found = load(files, path=path)
        assert jobs(found) == jobs(folder) and len({c.person.id for c in found.careers}) == 2


def test_a_person_keeps_the_name_when_others_are_added(load):
    (alone,) = load({"b.json": RESUME}).careers
    assert load({"a.json": RESUME, "b.json": RESUME}).careers[1].person == alone.person


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"work": [', "a.json: it is not JSON"),
        ({"work": {"position": SECRETS[0]}}, "work: expected a list"),
        ({"work": [{"position": 7}]}, "work 1 position: expected text in quotes"),
        ({"work": [SECRETS[1]]}, r"work 1: expected an object \{"),
        (
            {"work": [{"position": "Nurses", "startDate": f"since {SECRETS[0]}"}]},
            "work 1 startDate: expected a date such as 2012",
        ),
        ([RESUME, {"education": [{"endDate": "soon"}]}], "a.json, resume 2: education 1 endDate: expected a date"),
        ("[1,", r"a.json: it is not JSON"),
        (
            {"work": RESUME["work"][:1]},
            "holds nobody with two jobs to learn a step from: .*1 people with fewer than two",
        ),
    ],
)
def test_what_can_not_be_read_is_told_in_a_sentence_without_its_content(load, content, told):
    with pytest.raises(UserError, match=told) as caught:
        load({"a.json": content})
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_resumes_with_an_error_can_be_skipped_and_are_counted(load):
    bad = {"a.json": {"work": [{"position": 7}]}, "c.json": "[{", "d.json": "{"}
    loaded = load({**bad, "b.json": RESUME}, on_error="skip")
    assert len(loaded.careers) == 1 and loaded.skipped[BAD_RESUME] == 3


def test_no_resumes_and_no_taxonomy_are_told(load, tmp_path):
    with pytest.raises(UserError, match=r"expected a folder of \.json files, .*; got "):
        load({})
    with pytest.raises(UserError, match=r"expected a folder of \.json files, .*absent does not exist"):
        load({}, path="absent")
    with pytest.raises(UserError, match=r"choose data\.taxonomy=onet"):
        JsonResumes(tmp_path, 0.8, None, "stop", None)


def test_of_two_jobs_with_one_start_the_one_told_first_is_the_later(tiny_taxonomy):
    work = [{"position": "Nurses", "startDate": "2010"}, {"position": "Cooks", "startDate": "2010"}]
    told = career(json.dumps({"work": work}), "1", TitleReader(tiny_taxonomy, 0.8), Counter())
    assert [job.occupation for job in told.jobs] == ["c", "n"]


def test_the_checksum_follows_names_content_and_taxonomy(tmp_path, tiny_taxonomy):
    def digest(taxonomy=tiny_taxonomy):
        return JsonResumes(tmp_path, 0.8, None, "stop", taxonomy).checksum()

    (tmp_path / "a.json").write_text(json.dumps(RESUME))
    first = digest()
    assert first == digest() != digest(tiny_taxonomy.only({"c", "b"}))
    (tmp_path / "a.json").rename(tmp_path / "b.json")  # people are called by it
    assert digest() != first
