"""Thousands of people: whatever the moment of a kill, the same command ends in the same file."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from many_people import BAD, people

from reasoning_occ.errors import UserError
from reasoning_occ.recommend import Choice, Recommender
from reasoning_occ.recommend import many as subject
from reasoning_occ.recommend.inputs import entries


@pytest.fixture
def recommender(markov):
    found = Recommender.load(markov)
    found.at_once = 3
    return found


def write(recommender, path, output, form="jsonl", given=None):
    return subject.write(recommender, given or (lambda: entries(path)), Choice(k=2), output, form, "here", 21)


def test_nothing_twice_and_nothing_lost_wherever_the_cut(recommender, tmp_path):
    path = people(tmp_path / "people.jsonl")
    whole = tmp_path / "whole.jsonl"
    assert write(recommender, path, whole) == (17, 4)
    wanted = whole.read_bytes()
    rows = [json.loads(line) for line in wanted.splitlines()]
    assert [row["person"] for row in rows] == [f"p{i}" for i in range(20) if i not in BAD]
    bad = [json.loads(line) for line in (tmp_path / "whole.jsonl.bad.jsonl").read_text().splitlines()]
    assert [row["place"] for row in bad] == ["line 5", "line 10", "line 12", "line 21"]
    assert "not JSON" in bad[0]["error"] and "has come before" in bad[3]["error"]

    def torn():
        for n, entry in enumerate(entries(path)):
            if n == 13:
                raise RuntimeError("killed")
            yield entry

    journal = tmp_path / ".out.jsonl.work" / "journal.jsonl"
    with pytest.raises(RuntimeError):
        write(recommender, path, tmp_path / "out.jsonl", given=torn)
    content = journal.read_bytes()
    assert content.count(b"\n") == 12 and not (tmp_path / "out.jsonl").exists()
    job = (journal.parent / "job.json").read_bytes()
    for cut in (0, 1, len(content) // 3, len(content) // 2, len(content) - 1, len(content)):
        out = tmp_path / "out.jsonl"
        out.unlink(missing_ok=True)
        journal.parent.mkdir(exist_ok=True)
        journal.write_bytes(content[:cut])
        (journal.parent / "job.json").write_bytes(job)
        write(recommender, path, out)
        assert out.read_bytes() == wanted, cut
        assert (tmp_path / "out.jsonl.bad.jsonl").read_text() == (tmp_path / "whole.jsonl.bad.jsonl").read_text()
        assert not journal.parent.exists()


def test_another_command_does_not_go_on_with_it(recommender, tmp_path):
    path, out = people(tmp_path / "people.jsonl"), tmp_path / "out.jsonl"
    work = tmp_path / ".out.jsonl.work"
    work.mkdir()
    (work / "job.json").write_text('{"run": "another"}')
    (work / "journal.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match="was begun with another run"):
        write(recommender, path, out)
    shutil.rmtree(work)
    write(recommender, path, out)
    with pytest.raises(UserError, match="is there already"):
        write(recommender, path, out)


def test_a_table_of_jobs_says_the_same_as_json(recommender, tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = [
        {"id": "a", "occupation": "", "education": "Bachelor", "start": "1999", "end": "", "birth_year": "1980"},
        {"id": "a", "occupation": "Sales, trade", "education": "", "start": "2001", "end": "2003", "birth_year": ""},
        {"id": "b", "occupation": "Service, trade", "education": "", "start": "2001-05", "end": "", "birth_year": ""},
        {"id": "b", "occupation": "Sales, trade", "education": "", "start": "1990", "end": "", "birth_year": ""},
    ]
    pandas.DataFrame(rows).to_csv(tmp_path / "p.csv", index=False)
    pandas.DataFrame(rows).to_parquet(tmp_path / "p.parquet")
    for kind in ("csv", "parquet"):
        (a, b), *_ = list(subject.rows(recommender, entries(tmp_path / f"p.{kind}"), Choice()))
        assert [line["text"] for line in a["history"]] == ["1999: Bachelor", "2001, age 21: Sales, trade"]
        assert b["place"] == "row 3" and "starts (1990) before" in b["error"]
    out = tmp_path / "o.csv"
    assert write(recommender, tmp_path / "p.csv", out, "csv") == (1, 1)
    with open(out, newline="") as file:
        assert [(row["id"], row["rank"]) for row in csv.DictReader(file)] == [("a", "1"), ("a", "2")]
    (tmp_path / "q.csv").write_text("id,job\n1,Cook\n")
    with pytest.raises(UserError, match="no column 'occupation'"):
        list(entries(tmp_path / "q.csv"))


@pytest.mark.slow
def test_kill_9_and_the_same_command_goes_on(markov, tmp_path):
    path = people(tmp_path / "people.jsonl", 6000)
    words = [sys.executable, "-m", "reasoning_occ.recommend", f"run={markov}", str(path), "--output"]
    done = subprocess.run([*words, str(tmp_path / "whole.jsonl")], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out, journal = tmp_path / "out.jsonl", tmp_path / ".out.jsonl.work" / "journal.jsonl"
    first = subprocess.Popen([*words, str(out)], env=os.environ, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (journal.is_file() and journal.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL and not out.exists(), "killed too late to show anything"
    assert subprocess.run([*words, str(out)], env=os.environ, capture_output=True).returncode == 0
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
