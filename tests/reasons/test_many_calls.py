"""Five thousand calls of a judge to a server that fails at every fifth: each is answered, and paid, once."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from provider_server import FAULTS, Fake, running

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.reasons.calls import pace
from reasoning_occ.reasons.calls.asker import Asker
from reasoning_occ.reasons.calls.desk import Terms
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.providers.anthropic import Anthropic
from reasoning_occ.reasons.judges.llm import LLMJudge
from reasoning_occ.reasons.privacy import NEEDED
from reasoning_occ.reasons.types import CRITERIA, Case, Verdict

REASONS = 1667
CALLS = REASONS * len(CRITERIA)
AT_ONCE = 32


def say(prompt: str) -> str:
    """A score that depends on the reason, by its number; every hundredth reply is none."""
    number = int(re.search(r"Reason (\d+)\.", prompt)[1])
    return json.dumps({"justification": str(number), "errors": [], "score": 1 + number % 5}) if number % 100 else "No."


def verdicts(ledger: Ledger, url: str) -> list[Verdict]:
    """The judge's word on as many reasons as make five thousand calls."""
    pace._FIRST_WAIT = 0.01
    taxonomy = Taxonomy("two", [Occupation("d", "Bus drivers"), Occupation("p", "Pilots")], {})
    terms = Terms("m", url, 300, at_once=AT_ONCE, timeout=10.0, deadline=60.0, parameters={})
    asker = Asker(Anthropic(url, 10.0), lambda: ledger, price=None, at_once=AT_ONCE, deadline=60.0, budget=None)
    judge = LLMJudge(taxonomy, asker, terms, send=NEEDED, repair=False)
    history = Career(Person("1", 1950), (), (Job("d", Date(1970)),))
    return judge.judge_all([Case(history, f"Reason {n}.", "p") for n in range(REASONS)])


def values(verdict: Verdict) -> Mapping[str, int | None]:
    return {criterion: verdict.scores[criterion].value for criterion in CRITERIA}


def check(found: list[Verdict], ledger: Ledger) -> None:
    """Every reason has its own scores, or is unscored where the judge gave none."""
    assert [values(verdict) for verdict in found] == [
        dict.fromkeys(CRITERIA, 1 + n % 5 if n % 100 else None) for n in range(REASONS)
    ]
    assert sum(1 for _ in ledger.rows()) == CALLS


JOB = """
import pathlib, sys
sys.path[:0] = sys.argv[1].split(":")
from test_many_calls import verdicts
from reasoning_occ.reasons.calls.ledger import Ledger
verdicts(Ledger(pathlib.Path(sys.argv[2])), sys.argv[3])
"""


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_five_thousand_calls_with_faults_are_answered_and_paid_once(killed, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-1")
    monkeypatch.setattr(pace, "_FIRST_WAIT", 0.01)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    lost = 0
    with running(Fake(say=say, faults=0.2, seed=1)) as fake:
        if killed:
            here = Path(__file__).parent
            folders = f"{here}:{here.parent / 'support'}"
            job = subprocess.Popen([sys.executable, "-c", JOB, folders, str(ledger.path), fake.url])
            began = time.monotonic()
            while sum(fake.paid.values()) < CALLS // 2 and time.monotonic() - began < 120:
                time.sleep(0.01)
            job.kill()
            job.wait(60)
            while fake.under_way:
                time.sleep(0.01)
            lost = sum(fake.paid.values()) - sum(1 for _ in ledger.rows())
            assert CALLS // 2 - AT_ONCE <= sum(1 for _ in ledger.rows()) < CALLS and 0 <= lost <= AT_ONCE
        check(verdicts(ledger, fake.url), ledger)
    assert len(fake.paid) == CALLS and sum(fake.paid.values()) == CALLS + lost and set(fake.met) == set(FAULTS)
    ledger.close()
