"""The tab *Runs*."""

from types import SimpleNamespace

import pytest

from reasoning_occ.app import runs


def test_what_rows_are_compared_with_is_worded_for_one_run_too(tmp_path, monkeypatch):
    gradio = pytest.importorskip("gradio", reason='needs gradio: pip install "reasoning-occ[app]"')
    monkeypatch.setattr(runs, "rows", lambda folder: ["joint"])
    monkeypatch.setattr(runs, "jobs", lambda folder: {"joint": folder})
    with gradio.Blocks() as page:
        runs.build(SimpleNamespace(run=tmp_path, runs=tmp_path))
    (against,) = [one for one in page.blocks.values() if getattr(one, "label", "") == "Compare every row with"]
    assert [shown for shown, _ in against.choices] == ["as the settings say", "joint"]
