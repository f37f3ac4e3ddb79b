"""The command as a user types it."""

import io
import json

import pytest

from reasoning_occ.recommend.__main__ import main


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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["absent.json"], "there is no absent.json"),
        (["torn.json"], "torn.json: it is not JSON (line 2: Expecting"),
        (["r.json", "--what-if", "change 9 Cooks"], "there is no line 9; the history has 3"),
        (["r.json", "--what-if", "turn 3"], "expected 'drop LINE'"),
        (["r.json", "--what-if", "drop 9"], "there is no line 9; the history has 3"),
        (["r.json", "--what-if", "drop 2", "--what-if", "drop 3"], "no job would be left"),
        (["r.json", "--what-if", "add 2010 Qqqqqqq"], "nearest titles"),
        (["r.json", "--output", "o.jsonl"], "--output: one person is printed"),
        (["r.json", "--reasons", "3"], "writes no reasons"),
        (["r.json", "--base", "x"], "reads no language model"),
        (["r.json", "--given", "Nobody"], "given: 'Nobody'"),
        (["people.jsonl", "--format", "table"], "this holds many"),
        (["-", "--output", "o.jsonl"], "can't be read again"),
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
    (tmp_path / "torn.json").write_text('{"work":\n oops}')
    assert main([f"run={markov}", *words]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("change 2 Service, trade", ["drop 2", "add 2008 Service, trade"]),
        ("CHANGE 3 2013-01 Service, trade", ["drop 3", "add 2013-01 Service, trade"]),
        ("change 1 Master, History", ["drop 1", "add education 2004 Master, History"]),
    ],
)
def test_a_changed_line_is_one_dropped_and_one_added(markov, resume, change, same):
    from reasoning_occ.recommend import Recommender
    from reasoning_occ.recommend.what_if import edited

    reading = Recommender.load(markov).reading
    one = reading.json(json.dumps(resume), "r")
    assert edited(one, [change], reading) == edited(one, same, reading) != one


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
