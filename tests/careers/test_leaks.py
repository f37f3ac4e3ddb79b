"""Planted leaks, each in a file as a user has it, and a file without one."""

import json
from dataclasses import replace

import pytest

from reasoning_occ.careers.jsonl import JsonCareers
from reasoning_occ.careers.leaks import overlap, signs
from reasoning_occ.careers.source import Loaded
from reasoning_occ.careers.split import Split, split_by_person, split_from_file, unknown_ids
from reasoning_occ.careers.types import Date, Job

TODAY = Date(2026, 5)
CUT = Date(1976)
TITLES = ("Cooks", "Bakers", "Butchers", "Pilots")


def person(n):
    """School ends before the first job and goes on after it; no two people are alike, all hold the same four titles."""
    first = 1970 + n % 7
    titles = [TITLES[(n + i) % 4] for i in range(4)]
    starts = [first, first + 2, first + 4 + n % 2, first + 8]
    return {
        "id": f"person-{n}",
        # nobody else was born in that year
        "birth_year": first - 20 - n,
        "education": [
            {"date": str(first - 2), "title": "12 years of school", "school_years": 12},
            {"date": str(first + 3), "title": "14 years of school", "school_years": 14},
        ],
        "jobs": [
            {"occupation": title, "start": str(start), "end": str(start + 1)}
            for title, start in zip(titles, starts, strict=True)
        ],
    }


def people():
    return [person(n) for n in range(60)]


def loaded(rows, folder) -> Loaded:
    path = folder / "people.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return JsonCareers(path, "stop", None).load()


def parts(data, cut=None):
    return split_by_person(data.careers, 0, 0.2, 0.3, cut)


def kinds(rows, folder, cut=None):
    data = loaded(rows, folder)
    return {sign.kind: sign.n for sign in signs(data, data.careers, parts(data, cut), cut, 0, TODAY)}


def ids(transitions):
    return {t.history.person.id for t in transitions}


def test_a_clean_file_shows_no_sign(tmp_path):
    assert kinds(people(), tmp_path) == {}
    assert kinds([row | {"education": []} for row in people()], tmp_path) == {}
    assert set(overlap(parts(loaded(people(), tmp_path))).values()) == {0}


def test_education_that_got_the_first_jobs_date(tmp_path):
    rows = people()
    for row in rows:
        row["education"] = [{"date": row["jobs"][0]["start"], "title": "university"}]
    assert kinds(rows, tmp_path) == {"undated education": 60}
    # a few begin to work in the year in which they leave school
    assert kinds([*rows[:20], *people()[20:]], tmp_path) == {}


def test_school_years_that_never_vary(tmp_path):
    rows = people()
    for row in rows:
        row["education"] = [
            {"date": job["start"], "title": f"in {job['start']}", "school_years": 14} for job in row["jobs"]
        ]
    assert kinds(rows, tmp_path) == {"constant education": 60}


def test_school_years_that_nobody_has_at_that_age(tmp_path):
    rows = people()
    rows[3]["education"] = [{"date": str(rows[3]["birth_year"] + 15), "title": "university", "school_years": 16}]
    assert kinds(rows, tmp_path) == {"education before its time": 1}


def test_education_after_the_last_job(tmp_path):
    rows = people()
    rows[5]["education"].append({"date": "1999", "title": "16 years of school", "school_years": 16})
    assert kinds(rows, tmp_path) == {"education after the last job": 1}


def test_ends_after_the_cut(tmp_path):
    assert "ends after the cut" not in kinds(people(), tmp_path, CUT)
    split = parts(loaded(people(), tmp_path), CUT)
    for learnt, n in ((ids(split.train), 1), (ids(split.test), 0)):
        rows = people()
        row = next(r for r in rows if r["id"] in learnt and r["jobs"][1]["start"] < str(CUT) < r["jobs"][2]["start"])
        row["jobs"][1]["end"] = row["jobs"][2]["start"]
        assert kinds(rows, tmp_path, CUT).get("ends after the cut", 0) == n


def test_jobs_that_end_after_the_next_begins(tmp_path):
    rows = people()
    rows[8]["jobs"][0]["end"] = "1999"
    assert kinds(rows, tmp_path) == {"jobs that overlap": 1}


def test_overlapping_jobs_that_a_reader_left_are_counted_too(tmp_path):
    data = loaded(people(), tmp_path)
    first = data.careers[0]
    left = replace(first, jobs=(replace(first.jobs[0], end=Date(1999)), *first.jobs[1:]))
    careers = (left, *data.careers[1:])
    (sign,) = signs(replace(data, careers=careers), careers, parts(data), None, 0, TODAY)
    assert (sign.kind, sign.n) == ("jobs that overlap", 1)


def test_labels_only_in_the_test(tmp_path):
    tested = ids(parts(loaded(people(), tmp_path)).test)
    rows = people()
    for row, title in zip([r for r in rows if r["id"] in tested], ("Astronauts", "Astronauts", "Divers"), strict=False):
        row["jobs"][-1]["occupation"] = title
    data = loaded(rows, tmp_path)
    (sign,) = signs(data, data.careers, parts(data), None, 0, TODAY)
    assert (sign.kind, sign.n) == ("labels only in the test", 2)
    assert "'Astronauts', 'Divers'" in sign.text and "(3 of its" in sign.text
    # one who is learnt from has held it once
    learnt = next(r for r in rows if r["id"] not in tested)
    learnt["jobs"][0]["occupation"] = "Divers"
    assert kinds(rows, tmp_path) == {"labels only in the test": 1}


def test_a_person_under_two_ids(tmp_path):
    split = parts(loaded(people(), tmp_path))
    original = next(row for row in people() if row["id"] in ids(split.train))
    # ids until one falls among the test people
    for n in range(100):
        rows = [*people(), original | {"id": f"copy-{n}"}]
        if f"copy-{n}" in ids(parts(loaded(rows, tmp_path)).test):
            break
    assert kinds(rows, tmp_path) == {"the same career twice": 1}
    # in one part it teaches nothing of the test
    rows = [*people(), *(original | {"id": f"copy-{n}"} for n in range(3))]
    split = parts(loaded(rows, tmp_path))
    kept = [row for row in rows if row["id"] not in {f"copy-{n}" for n in range(3)} or row["id"] in ids(split.train)]
    assert len(kept) > 60 and kinds(kept, tmp_path) == {}


@pytest.mark.parametrize(
    ("start", "end", "n"),
    [("2027", None, 1), ("2026-06", None, 1), ("2026-05", None, 0), ("2026", "2026", 0), ("2026-05", "2030", 1)],
)
def test_dates_in_the_future(start, end, n, tmp_path):
    rows = people()
    rows[0]["jobs"].append({"occupation": "Cooks", "start": start, "end": end})
    assert kinds(rows, tmp_path) == ({"dates in the future": n} if n else {})


def test_a_list_of_test_people_that_names_strangers(tmp_path):
    data = loaded(people(), tmp_path)
    path = tmp_path / "test.txt"
    path.write_text("person-1\nperson-2\nperson-3\nperson-4\nstranger\nanother\n", encoding="utf-8")
    split = split_from_file(data.careers, path, 0, 0.2)
    (sign,) = signs(data, data.careers, split, None, unknown_ids(data.careers, path), TODAY)
    assert (sign.kind, sign.n) == ("unknown test people", 2)


def test_people_in_two_parts_are_counted_by_pair(tmp_path):
    split = parts(loaded(people(), tmp_path))
    crossed = Split(split.train, split.valid, (*split.test, *split.train[:1], *split.valid))
    assert overlap(crossed) == {
        "train and valid": 0,
        "train and test": 1,
        "valid and test": len(ids(split.valid)),
    }


def test_nobody_is_named(tmp_path):
    rows = people()
    rows[8]["jobs"][0]["end"] = "1999"
    rows[3]["education"] = [{"date": str(rows[3]["birth_year"] + 15), "title": "university", "school_years": 16}]
    data = loaded(rows, tmp_path)
    found = signs(data, data.careers, parts(data), None, 0, TODAY)
    assert len(found) == 2 and not any("person-" in sign.text for sign in found)


def test_a_career_without_ends_and_schooling_is_no_sign(tmp_path):
    data = loaded(people(), tmp_path)
    bare = tuple(replace(c, education=(), jobs=tuple(Job(j.occupation, j.start) for j in c.jobs)) for c in data.careers)
    found = replace(data, careers=bare)
    assert signs(found, bare, parts(found, CUT), CUT, 0, TODAY) == []
