import os
import signal
import subprocess
import sys

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.files import cache
from reasoning_occ.models.store import build


def test_the_cache_is_where_the_environment_says(own_cache, monkeypatch):
    assert cache() == own_cache
    monkeypatch.delenv("REASONING_OCC_CACHE")
    assert cache().parts[-2:] == (".cache", "reasoning_occ")


def test_a_folder_appears_whole_and_replaces_an_older_one(tmp_path):
    place = tmp_path / "model"
    build(place, lambda folder: (folder / "old").write_text("1") and None)
    build(place, lambda folder: (folder / "new").write_text("2") and None)
    assert [f.name for f in place.iterdir()] == ["new"]
    assert [f.name for f in tmp_path.iterdir()] == ["model"]


def test_a_failed_build_leaves_nothing_and_keeps_the_older_folder(tmp_path):
    place = tmp_path / "model"
    build(place, lambda folder: (folder / "old").write_text("1") and None)

    def full(folder):
        (folder / "half").write_text("2")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left on device"):
        build(place, full)
    assert [f.name for f in place.iterdir()] == ["old"]
    assert [f.name for f in tmp_path.iterdir()] == ["model"]


def test_what_two_processes_build_alike_is_there_once_and_never_taken_away(tmp_path):
    place = tmp_path / "model"

    def slow(folder):  # another process is done first
        place.mkdir()
        (place / "first").write_text("1")
        (folder / "second").write_text("1")

    build(place, slow, over=False)
    assert [f.name for f in place.iterdir()] == ["first"]
    assert [f.name for f in tmp_path.iterdir()] == ["model"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="Could not write"):
        build(tmp_path / "file", lambda folder: (folder / "new").write_text("2") and None, over=False)


def test_what_a_killed_build_left_is_never_trusted_and_swept_by_the_next(tmp_path):
    place = tmp_path / "model"
    script = (
        "import os, signal, pathlib, sys\n"
        "from reasoning_occ.models.store import build\n"
        "def fill(folder):\n"
        "    (folder / 'half').write_text('1')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "build(pathlib.Path(sys.argv[1]), fill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(place)], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not place.exists() and len(list(tmp_path.iterdir())) == 1
    build(place, lambda folder: (folder / "whole").write_text("2") and None)
    assert [f.name for f in place.iterdir()] == ["whole"]
    assert [f.name for f in tmp_path.iterdir()] == ["model"]
