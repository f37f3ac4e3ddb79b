"""Figures kept beside what they are said to show."""

import json

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.report import expected
from reasoning_occ.report.__main__ import main


@pytest.fixture
def kept(sweep, tmp_path):
    path = tmp_path / "expected.json"
    words = ["--write-expected", str(path), "--metrics", "AccEM,MRR", "--tolerance", "0.005", "--command", "make it"]
    assert main([str(sweep), *words]) == 0
    return path


def test_what_was_written_is_found_again(sweep, kept, capsys):
    held = json.loads(kept.read_text())
    assert held["command"] == "make it" and set(held["rows"]) == {"direct", "joint"}
    metrics = json.loads((sweep / "direct-1" / "metrics.json").read_text())
    assert held["people"] == metrics["counts"]["people"]
    for name in ("AccEM", "MRR"):
        told = held["rows"]["direct"][name]
        assert told == pytest.approx({**{k: metrics[name][k] for k in ("value", "low", "high")}, "tolerance": 0.005})
    assert main([str(sweep), "--expect", str(kept)]) == 0
    assert "4 figures compared" in capsys.readouterr().err


def test_what_differs_is_named(sweep, kept, capsys):
    held = json.loads(kept.read_text())
    held["rows"]["direct"]["MRR"]["value"] += 0.006
    held["rows"]["joint"]["AccEM"]["value"] += 0.004  # within the tolerance
    held["rows"]["joint"]["MRR"]["high"] -= 0.006  # an interval counts too
    held["rows"]["third"] = held["rows"]["joint"]
    kept.write_text(json.dumps(held))
    assert main([str(sweep), "--expect", str(kept)]) == 1
    said = capsys.readouterr().err
    assert "direct, MRR: expected" in said and "third: expected a row of that name; there are direct, joint." in said
    assert "joint, MRR: expected" in said and "joint, AccEM" not in said and "3 differ" in said


def test_a_mean_over_seeds_has_no_ece(sweep, run_folder, tmp_path):
    path = tmp_path / "expected.json"
    expected.write(sweep, path, ["MRR", "ECE"], 1.0, "make it")
    run_folder(sweep / "direct-4", "direct", 1.0, 0.05, seed=1)
    (told,) = expected.check(sweep, path).off
    assert told.startswith("direct, ECE: expected") and told.endswith("got nothing (a mean over seeds has none).")


def test_other_people_are_noticed(sweep, kept):
    held = json.loads(kept.read_text())
    kept.write_text(json.dumps({**held, "people": 1}))
    assert expected.check(sweep, kept).off[0].startswith("expected 1 test people, got")


def test_a_tolerance_of_nothing_is_refused(sweep, tmp_path, capsys):
    assert main([str(sweep), "--write-expected", str(tmp_path / "expected.json"), "--tolerance", "0"]) == 1
    assert "--tolerance 0: expected a number above 0." in capsys.readouterr().err
    assert not (tmp_path / "expected.json").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "the file"), ('{"command": "", "people": 1, "rows": {"a": {"MRR": {"value": 1}}}}', "rows.a.MRR.low")],
)
def test_a_file_that_is_none_is_told(sweep, tmp_path, text, told):
    path = tmp_path / "expected.json"
    path.write_text(text)
    with pytest.raises(UserError, match=told):
        expected.check(sweep, path)
    with pytest.raises(UserError, match="Could not read"):
        expected.check(sweep, tmp_path / "none.json")
