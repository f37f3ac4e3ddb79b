import io
import time

import pytest
from rich.console import Console

from reasoning_occ import progress


@pytest.fixture
def log(monkeypatch):
    """Standard error as a file."""
    file = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=file, width=80))
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.05)
    return file


def test_a_log_shows_life_while_one_step_lasts(log):
    with progress.bar() as display:
        display.add_task("Training [x]", total=3000, completed=100, note="loss 1.0")
        time.sleep(0.3)
        assert log.getvalue().splitlines()[0] == "Training [x]: 100/3000, loss 1.0, left --:--"
    told = log.getvalue()
    time.sleep(0.2)
    assert log.getvalue() == told


def test_nothing_is_cut_off_at_80_columns(log):
    with progress.bar() as display:
        task = display.add_task("Ranking occupations", total=3000, note="loss 12.079, 19282 tokens/s")
        display.update(task, completed=3000)
    line = log.getvalue().rstrip().splitlines()[-1]
    assert len(line) <= 80 and "━━━━━━━" in line
    assert "3000/3000" in line and "19282 tokens/s took 00:00" in line and "…" not in line


def test_track_yields_what_it_is_given(log):
    assert list(progress.track("abc", "letters", 3)) == ["a", "b", "c"]
    assert "3/3" in log.getvalue()
