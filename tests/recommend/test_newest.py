"""The run that is meant where none is named."""

import json
import os

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.recommend.__main__ import main
from reasoning_occ.recommend.newest import chosen, newest, runs


def status(folder, done, second):
    folder.mkdir(parents=True)
    path = folder / "status.json"
    path.write_text(done if isinstance(done, str) else json.dumps({"done": done}))
    os.utime(path, (second, second))


def test_the_run_finished_last_is_taken(tmp_path):
    status(tmp_path / "a", True, 100)
    status(tmp_path / "b", True, 300)
    status(tmp_path / "c", True, 200)
    status(tmp_path / "d", False, 400)
    status(tmp_path / "e", "torn {", 500)
    assert newest(tmp_path) == tmp_path / "b"


@pytest.mark.parametrize("kept", ["adapter", "model", "predictor/adapter"])
def test_only_one_that_trained_a_model_is_taken_where_that_is_needed(kept, tmp_path):
    status(tmp_path / "joint", True, 100)
    status(tmp_path / "markov", True, 300)
    with pytest.raises(UserError, match="no finished run that trained a model in"):
        newest(tmp_path, trained=True)
    (tmp_path / "joint" / kept).mkdir(parents=True)
    assert newest(tmp_path, trained=True) == tmp_path / "joint" and newest(tmp_path) == tmp_path / "markov"
    status(tmp_path / "linear", True, 200)
    (tmp_path / "linear" / "learnt.safetensors").touch()
    assert newest(tmp_path, trained=True) == tmp_path / "linear"


def test_none_is_finished(tmp_path):
    status(tmp_path / "d", False, 400)
    with pytest.raises(UserError, match=r"no finished run in .*`make run` or `python -m reasoning_occ.run`"):
        newest(tmp_path)


def test_a_run_that_is_named_is_taken_without_a_word(tmp_path, capsys):
    assert chosen(tmp_path) == tmp_path and capsys.readouterr().err == ""


def test_the_command_needs_no_run(markov, resume, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resume.json").write_text(json.dumps(resume))
    assert main(["resume.json"]) == 1
    assert "`make run`" in capsys.readouterr().err
    runs().mkdir()
    (runs() / markov.name).symlink_to(markov)
    assert main(["--k", "2", "resume.json", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert f"run=runs/{markov.name} (the newest finished run)" in err
    assert main([f"run={markov}", "--k", "2", "resume.json", "--format", "csv"]) == 0
    assert capsys.readouterr() == (out, "")


def test_a_run_without_a_career_is_a_wrong_usage(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["run=runs/joint"])
    assert "a career is missing" in capsys.readouterr().err
