"""The command as a user types it."""

import csv
import io
import json

import pytest
from onet_zip import TABLES, table

from reasoning_occ.careers.source import MERGED
from reasoning_occ.errors import UserError
from reasoning_occ.recommend.__main__ import main
from reasoning_occ.recommend.reading import LATER


def test_one_resume_is_told_to_a_person(markov, resume, tmp_path, capsys):
    path = tmp_path / "resume.json"
    path.write_text(json.dumps(resume))
    words = [f"run={markov}", str(path), "--k", "3", "--given", "Sales, construction", "--related"]
    assert main([*words, "--what-if", "drop 3", "--what-if", "add 2010 Service, trade"]) == 0
    told = capsys.readouterr().out
    for part in (
        "guessed from 'Farmer, agriculture'",
        "'Xylophonist' is near no title",
        "What comes next",
        "Asked for",
        "What if: drop 3; add 2010 Service, trade",
        "2010: Service, trade",
        "Not for decisions about people",
    ):
        assert part in told
    assert "Secret" not in told


def test_formats_and_standard_input(markov, resume, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(resume, indent=1)))
    assert main([f"run={markov}", "-", "--format", "json", "--k", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["ranked"]) == 2 and told["titles"][0]["how"] == "unmatched"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{json.dumps(resume)}\n{{oops\n{json.dumps(resume)}\n"))
    assert main([str(markov), "-", "--k", "2"]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["place"] for line in out.splitlines()] == ["line 1", "line 3"]
    assert "line 2: it is not JSON" in err and "1 could not be understood" in err
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(resume)))
    assert main([f"run={markov}", "-", "--format", "csv", "--k", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "id,rank,title,code,probability,reason"
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps([resume, resume], indent=1)))
    assert main([f"run={markov}", "-", "--format", "csv", "--k", "1"]) == 0
    head, *rows = csv.reader(capsys.readouterr().out.splitlines())
    assert head[:3] == ["place", "id", "rank"] and [row[0] for row in rows] == ["stdin, number 1", "stdin, number 2"]


def test_the_titles_of_a_run_are_printed_for_who_has_to_name_one(markov, nls, capsys, monkeypatch):
    assert main([f"run={markov}", "--titles"]) == 0
    assert capsys.readouterr().out.splitlines() == [o.title for o in nls.taxonomy]
    assert main(["--titles", str(markov)]) == 0
    assert capsys.readouterr().out.splitlines() == [o.title for o in nls.taxonomy]
    with pytest.raises(SystemExit):
        main([f"run={markov}"])
    assert "a career is missing" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"work": [{"position": "Qqq", "startDate": "2001"}]})))
    assert main([f"run={markov}", "-"]) == 1
    assert "reasoning_occ.recommend --titles" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["absent.json"], "there is no absent.json"),
        (["torn.json"], "torn.json: it is not JSON (line 2: Expecting"),
        (["r.json", "--what-if", "change 9 Cooks"], "there is no line 9; the history has 3"),
        (["r.json", "--what-if", "turn 3"], "expected 'drop LINE'"),
        (["r.json", "--what-if", "drop 9"], "there is no line 9; the history has 3"),
        (["r.json", "--what-if", "drop 2", "--what-if", "drop 3"], "no job would be left"),
        (["r.json", "--what-if", "add 2010 Qqqqqqq"], "--what-if: 'Qqqqqqq' is near no title; nearest: '"),
        (["r.json", "--output", "o.jsonl"], "--output: one person is printed"),
        (["r.json", "--reasons", "3"], "writes no reasons"),
        (["r.json", "--base", "x"], "reads no language model"),
        (["r.json", "--given", "Nobody"], "given: 'Nobody'"),
        (["r.json", "--given", "Nurse"], "its words mean 'Professional, professional services'"),
        (["people.jsonl", "--format", "table"], "this holds many"),
        (["-", "--output", "o.jsonl"], "can't be read again"),
        (["-"], "standard input: nothing came"),
        (["people.jsonl"], "people.jsonl holds nobody; expected at least one career."),
        (["people.jsonl", "--output", "o.jsonl"], "people.jsonl holds nobody"),
        (["none.json"], "none.json holds nobody"),
        (["people.jsonl", "--output", "o.jsonl", "--workers", "2"], "how many --engine ray has"),
        (["people.jsonl", "--engine", "ray"], "give --output, too"),
        (["r.json", "--engine", "ray", "--output", "o.jsonl"], "for many people in a file"),
    ],
)
def test_bad_words_end_in_a_sentence(words, told, markov, resume, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    (tmp_path / "r.json").write_text(json.dumps(resume))
    (tmp_path / "people.jsonl").write_text("")
    (tmp_path / "none.json").write_text("[]")
    (tmp_path / "torn.json").write_text('{"work":\n oops}')
    assert main([f"run={markov}", *words]) == 1
    assert told in capsys.readouterr().err


def edit(markov, content, *edits):
    from reasoning_occ.recommend import Recommender
    from reasoning_occ.recommend.what_if import edited

    reading = Recommender.load(markov).reading
    one = reading.json(json.dumps(content), "r")
    return one, edited(one, edits, reading)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("change 2 Service, trade", ["drop 2", "add 2008 Service, trade"]),
        ("CHANGE 3 2013-01 Service, trade", ["drop 3", "add 2013-01 Service, trade"]),
        ("change 1 Master, History", ["drop 1", "add education 2004 Master, History"]),
    ],
)
def test_a_changed_line_is_one_dropped_and_one_added(markov, resume, change, same):
    one, changed = edit(markov, resume, change)
    _, other = edit(markov, resume, *same)

    def jobs(found):
        return [(job.occupation, job.start) for job in found.history.jobs]

    assert jobs(changed) == jobs(other) and changed.history.education == other.history.education
    assert changed.history != one.history


def test_a_changed_job_keeps_its_place_its_end_and_its_facts(markov):
    facts = {"hours": 40, "pay": "up"}
    jobs = [
        {"occupation": "Service, trade", "start": "2010", "end": "2012", "facts": facts},
        {"occupation": "Sales, trade", "start": "2015"},
        {"occupation": "Clerical, trade", "start": "2015"},
    ]
    one, same = edit(markov, {"id": "a", "jobs": jobs}, "change 2 Sales, trade")
    assert same.history == one.history  # what stays as it was comes no later than its neighbour of the same year
    _, other = edit(markov, {"id": "a", "jobs": jobs}, "change 1 Farmers, agriculture")
    was, now = one.history.jobs[0], other.history.jobs[0]
    assert (now.end, now.facts) == (was.end, was.facts) and now.occupation != was.occupation


def test_education_of_after_the_present_job_is_known_to_one_that_is_added(markov, resume):
    one, changed = edit(markov, resume, "add 2016 Registered Nurse")
    assert [e.title for e in one.history.education] == ["Bachelor, History"]
    assert [e.title for e in changed.history.education] == ["Bachelor, History", "Master"]
    assert one.left_out[LATER] == 1 and LATER not in changed.left_out and changed.later == ()
    assert changed.guesses[-1].given == "Registered Nurse"


def test_the_same_line_twice_is_told(markov, resume):
    with pytest.raises(UserError, match="line 2 is dropped by another edit"):
        edit(markov, resume, "drop 2", "change 2 Service, trade")


def test_json_of_an_edit_is_one_document_and_csv_is_refused(markov, resume, tmp_path, capsys):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(resume))
    words = [f"run={markov}", str(path), "--k", "2", "--what-if", "drop 3", "--format"]
    assert main([*words, "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["what_if"] == ["drop 3"] and len(told["before"]["history"]) == 3 and len(told["after"]["history"]) == 2
    assert {one["title"] for one in told["moved"]} >= {one["title"] for one in told["after"]["ranked"]}
    assert main([*words, "csv"]) == 1
    assert "can't tell before from after" in capsys.readouterr().err


def test_a_title_that_is_asked_for_is_told_before_and_after_an_edit(markov, resume, tmp_path, capsys):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(resume))
    words = [f"run={markov}", str(path), "--k", "1", "--given", "Sales, construction", "--what-if", "drop 3"]
    assert main([*words, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (asked,) = [one for one in told["moved"] if one["asked"]]
    sides = [told[side]["given"][0] for side in ("before", "after")]
    assert asked["title"] == "Sales, construction"
    assert asked["rank"] == [one["rank"] for one in sides]
    assert asked["probability"] == [one["probability"] for one in sides] and None not in asked["probability"]
    assert main(words) == 0
    edit_told = capsys.readouterr().out.partition("What if: drop 3")[2]
    assert "Sales, construction   asked for" in edit_told


def test_jobs_that_an_edit_merges_are_counted(markov):
    one, changed = edit(markov, {"id": "a", "jobs": [{"occupation": "Tutor", "start": "2010"}]}, "add 2012 Nurse")
    assert len(changed.history.jobs) == 1 and [guess.given for guess in changed.guesses] == ["Tutor", "Nurse"]
    assert MERGED not in one.left_out and changed.left_out[MERGED] == 1


def test_standard_input_that_is_no_text_is_told(markov, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe{}")))
    assert main([f"run={markov}", "-"]) == 1
    assert "expected text in UTF-8" in capsys.readouterr().err


def test_an_edit_that_can_not_be_made_is_told_before_anything_is_ranked(markov, resume, tmp_path, monkeypatch, capsys):
    from reasoning_occ.recommend import Recommender

    monkeypatch.setattr(Recommender, "recommend_all", lambda *_: pytest.fail("it was ranked"))
    path = tmp_path / "r.json"
    path.write_text(json.dumps(resume))
    assert main([f"run={markov}", str(path), "--what-if", "drop 99"]) == 1
    assert "there is no line 99" in capsys.readouterr().err


def test_a_dropped_job_moves_the_ranking(markov, resume):
    from reasoning_occ.recommend import Choice, Recommender
    from reasoning_occ.recommend.what_if import edited, moved

    recommender = Recommender.load(markov)
    one = recommender.understand(resume)
    changed = edited(one, ["drop 3", "add education 2006 Master"], recommender.reading)
    assert [job.occupation for job in changed.history.jobs] == [one.history.jobs[0].occupation]
    assert [e.title for e in changed.history.education] == ["Bachelor, History", "Master"]
    before, after = (next(recommender.recommend_all([who], Choice(k=108))) for who in (one, changed))
    by_title = {each.title: each for each in moved(before, after)}
    for title, place in (("Sales, trade", 1), ("Farmers, agriculture", 0)):
        assert by_title[title].probability[place] > 0 and by_title[title].rank[1 - place] is None


def test_what_needs_too_little_preparation_is_left_out_by_onets_files(finished, tmp_path, capsys):
    tables = tmp_path / "official" / "onet"
    tables.mkdir(parents=True)
    for name in TABLES:
        (tables / name).write_text(table(name), encoding="utf-8")
    zones = [*TABLES["Job Zones.txt"], ("35-1011.00", "3", "08/2023", "Analyst")]
    (tables / "Job Zones.txt").write_text("".join("\t".join(row) + "\n" for row in zones), encoding="utf-8")
    held = ["Cooks, Restaurant", "Bakers", "Chefs and Head Cooks"]
    people = [
        {"id": str(n), "jobs": [{"occupation": held[(n + k) % 3], "start": str(2000 + k)} for k in range(3)]}
        for n in range(30)
    ]
    (tmp_path / "people.jsonl").write_text("".join(json.dumps(one) + "\n" for one in people))
    onet = ("data=json", f"data.path={tmp_path / 'people.jsonl'}", "data.taxonomy=onet", "onet.titles=null")
    run = finished("baseline=markov", *onet, f"data_dir={tmp_path / 'official'}")
    (tmp_path / "one.json").write_text(json.dumps(people[0]))
    capsys.readouterr()  # the run's table

    def ranked(*words):
        assert main([f"run={run}", str(tmp_path / "one.json"), "--format", "json", *words]) == 0
        return {
            one["title"]: (one["rank"], one["probability"]) for one in json.loads(capsys.readouterr().out)["ranked"]
        }

    whole = ranked()
    assert set(whole) == {"Bakers", "Cooks, Restaurant"}  # the present job is a chef's
    assert ranked("--min-job-zone", "2") == {"Bakers": whole["Bakers"]}  # the cooks have no zone on record
    assert ranked("--min-job-zone", "3") == {}


def test_words_of_other_commands_are_understood(markov, resume, tmp_path, capsys):
    (tmp_path / "resume.json").write_text(json.dumps(resume))
    words = [f"run={markov}", str(tmp_path / "resume.json"), "--format", "csv"]
    assert main([*words, "engine=local", f"data_dir={tmp_path}"]) == 0
    out = capsys.readouterr().out
    assert main(words) == 0 and capsys.readouterr().out == out
    assert main([*words, "engine=ray"]) == 1 and "--engine ray: it is for many people" in capsys.readouterr().err


def test_the_run_may_stand_after_the_career(markov, resume, tmp_path, capsys):
    (tmp_path / "r.json").write_text(json.dumps(resume))
    assert main([str(tmp_path / "r.json"), f"run={markov}", "--format", "json", "--k", "1"]) == 0
    assert len(json.loads(capsys.readouterr().out)["ranked"]) == 1


def test_lines_whose_first_is_spoilt_are_still_lines(markov, resume, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{{oops\n{json.dumps(resume)}\n"))
    assert main([f"run={markov}", "-", "--k", "1"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["place"] == "line 2" and "line 1: it is not JSON" in err
    monkeypatch.setattr("sys.stdin", io.StringIO("{oops\n{oops\n"))
    assert main([f"run={markov}", "-"]) == 1


def test_nobody_understood_is_an_error_and_a_mended_file_begins_anew(markov, resume, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    people = tmp_path / "people.jsonl"
    people.write_text("")
    words = [f"run={markov}", "people.jsonl", "--k", "1", "--output", "o.csv"]
    assert main(words) == 1
    assert "holds nobody" in capsys.readouterr().err
    people.write_text(json.dumps(resume) + "\n")
    assert main(words) == 0
    assert (tmp_path / "o.csv").read_text().startswith("place,id,rank,title")  # by the file's name
    people.write_text("oops\n")
    assert main([*words[:-1], "p.jsonl"]) == 1
    assert "Nobody could be understood" in capsys.readouterr().err
    assert json.loads((tmp_path / "p.jsonl.bad.jsonl").read_text())["place"] == "line 1"
    assert main([f"run={markov}", "people.jsonl"]) == 1
    assert "Nobody could be understood" in capsys.readouterr().err


def test_the_present_occupation_that_is_asked_for_is_told(markov, resume, tmp_path, capsys):
    (tmp_path / "r.json").write_text(json.dumps(resume))
    assert main([f"run={markov}", str(tmp_path / "r.json"), "--given", "Sales, trade"]) == 0
    assert "Sales, trade is the present occupation, which can't be next." in capsys.readouterr().out


@pytest.mark.parametrize("words", [["run=", "resume.json"], ["", "resume.json"], ["run=", "--titles"]])
def test_an_empty_run_is_told(words, capsys):
    with pytest.raises(SystemExit):
        main(words)
    assert "run= is empty: give the folder of a run" in capsys.readouterr().err


def test_help_tells_how_titles_are_found_and_where_files_are_looked_for(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "guessed and marked: of O*NET's by what most of its sources call so and by everyday titles, of the" in told
    assert "(default: the run's own data_dir, else REASONING_OCC_DATA)" in told
