"""The stage of a job that writes reasons and pairs, with the built-in teacher and judge; no model is loaded."""

import json

import pytest
from hydra import compose, initialize_config_dir

from reasoning_occ.config import CONF
from reasoning_occ.files import read_jsonl
from reasoning_occ.making import oracle_reasons
from reasoning_occ.task import load


def stage(folder, *overrides):
    """The stage's oracle.json, and the reasons of training transitions."""
    with initialize_config_dir(str(CONF.resolve()), version_base=None):
        cfg = compose("config", overrides=["debug=tiny", "data.people=40", "evaluation.resamples=10", *overrides])
    task = load(cfg)
    train, _ = oracle_reasons(cfg, task, folder, task.train, task.valid)
    return json.loads((folder / "oracle.json").read_text()), train


@pytest.fixture(autouse=True)
def survey(nls):
    """Skips where the careers are not installed."""


def test_pairs_lie_in_the_runs_folder_and_are_counted(tmp_path):
    found, _ = stage(tmp_path)
    rows = list(read_jsonl(tmp_path / "pairs.jsonl"))
    assert len(rows) == found["pairs"]["pairs"] > 10
    keys = {(row["person"], row["t"]) for row in read_jsonl(tmp_path / "reasons.jsonl")}
    assert {(row["person"], row["t"]) for row in rows} <= keys  # none of a validation person
    assert min(row["margin"] for row in rows) >= 2


def test_the_built_in_teacher_writes_without_mistakes_where_nothing_passed(tmp_path):
    # a teacher that makes a mistake every time
    dropped, alone = stage(tmp_path / "drop", "teacher.mistakes=1", "oracle.fallback=drop")
    found, mended = stage(tmp_path / "grounded", "teacher.mistakes=1", "oracle.fallback=grounded")
    assert dropped["fallback"] == dropped["fallback_chosen"] == 0
    assert found["fallback_chosen"] > 10 and len(mended) == len(alone) + found["fallback_chosen"]
    assert found["without"] == dropped["without"] - found["fallback_chosen"]
    candidates = [c for row in read_jsonl(tmp_path / "grounded" / "reasons.jsonl") for c in row["candidates"]]
    assert {c["planted"] is None for c in candidates if c["fallback"]} == {True}
    assert {c["planted"] is None for c in candidates if not c["fallback"]} == {False}
    assert {key: text for key, text in mended.items() if key in alone} == alone
