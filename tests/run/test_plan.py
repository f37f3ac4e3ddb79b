"""The plan of a job against what the job then asks of a real server on loopback."""

import asyncio
import json

import pytest
from hydra import compose, initialize_config_dir
from provider_server import Fake, running

from reasoning_occ.asking import shown
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.making import oracle_reasons
from reasoning_occ.plan import main
from reasoning_occ.planning import lines
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.task import load

WHOLE = f"privacy.send=[{','.join(FIELDS)}]"


def say(prompt: str) -> str:
    if "Write the reason." in prompt:
        return f"They went on as {len(prompt)} letters tell, and may go on so or go back."
    return json.dumps({"justification": "Fine.", "errors": [], "score": 4})


def words(fake: Fake, folder, *more: str) -> list[str]:
    return [
        "data.people=30",
        f"calls.ledger={folder / 'ledger.sqlite'}",
        "judge=anthropic",
        f"judge.base_url={fake.url}",
        *more,
    ]


def job(given: list[str]):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", given)


@pytest.fixture
def key(monkeypatch, nls):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")


@pytest.mark.slow
def test_what_is_planned_is_what_is_asked(tmp_path, key):
    with running(Fake(say=say)) as fake:
        cfg = job(words(fake, tmp_path))
        (planned,) = lines(cfg, counts=True)
        assert sum(fake.paid.values()) == 0 and not (tmp_path / "ledger.sqlite").exists()
        task = load(cfg)
        oracle_reasons(cfg, task, tmp_path, task.train, task.valid)
        assert sum(fake.paid.values()) == planned.estimate.calls > 300
        (again,) = lines(cfg, counts=True)
    assert (planned.who, planned.assumed, planned.estimate.known) == ("judge", 0, 0)
    assert planned.estimate.counted == 20 and planned.estimate.input == pytest.approx(
        1000 * planned.estimate.calls, rel=0.3
    )
    assert planned.estimate.output is None and planned.estimate.likely_usd is None
    assert again.estimate.known == again.estimate.calls and again.estimate.most_usd == 0
    assert again.estimate.output == 0 and again.estimate.likely_usd == 0


def test_reasons_that_are_not_written_yet_are_assumed(tmp_path, key):
    with running(Fake(say=say)) as fake:
        more = ("teacher=anthropic", f"teacher.base_url={fake.url}", "teacher.candidates=2", WHOLE)
        teacher, judge, test = lines(job(words(fake, tmp_path, *more)), counts=False)
        task = load(job(words(fake, tmp_path)))
    moves = len(task.train) + len(task.valid)
    assert teacher.estimate.calls == 2 * moves and (teacher.assumed, teacher.estimate.counted) == (0, 0)
    assert judge.estimate.calls == judge.assumed == 3 * 2 * moves
    assert test.who == "judge, for test people" and test.estimate.calls == 3 * len(task.test)
    assert fake.at == []


def test_a_judge_inside_a_panel_is_found_and_needs_no_key(tmp_path, monkeypatch, nls):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    more = ["judge=panel", "judge.members.local=null", "+judge@judge.members.third=anthropic", "data.people=30"]
    (found,) = lines(job([*more, f"calls.ledger={tmp_path / 'none.sqlite'}"]), counts=True)
    assert (found.who, found.estimate.counted) == ("judge.members.third", 0) and found.estimate.calls > 300


def test_a_batch_costs_half(tmp_path, nls):
    given = ["data.people=30", f"calls.ledger={tmp_path / 'none.sqlite'}"]
    (single,), (batch,) = (
        lines(job([*given, f"judge={judge}", "judge.parameters.effort=low", "judge.max_tokens=500"]), counts=False)
        for judge in ("anthropic", "anthropic_batch")
    )
    assert batch.estimate.most_usd == pytest.approx(single.estimate.most_usd / 2)


def test_the_command_prints_a_table_and_what_the_budget_has_left(tmp_path, key, capsys):
    with running(Fake(say=say)) as fake:
        given = words(fake, tmp_path, "calls.budget_usd=2", "oracle.retries=1")
        assert main(["--no-count", *given]) == 0
        told = capsys.readouterr().out
        assert (
            "estimated" in told and "at most" in told and "$2.00 of it are left" in told and "oracle.retries=1" in told
        )
        assert main(["--no-count", *words(fake, tmp_path, "judge.model=nobody")]) == 0
        assert "unknown" in capsys.readouterr().out
    assert fake.at == []


@pytest.mark.slow
def test_the_budget_is_compared_with_all_that_may_be_asked(tmp_path, nls, capsys):
    """Further rounds, a stand-in's reasons and repairs, each of which may come on top."""
    table = tmp_path / "prices.yaml"
    table.write_text("date: 2031-02\nmodels:\n  m: {input: 1, output: 10, cache_read: 0.1, cache_write: 2}\n")
    given = [
        *("data.people=30", f"calls.ledger={tmp_path / 'none.sqlite'}", f"calls.prices={table}"),
        *("judge=openai", "judge.model=m", "calls.budget_usd=100"),
    ]

    def of(*more: str):
        (line,) = lines(job([*given, *more]), counts=False)
        return line

    once = of()
    e = once.estimate
    assert e.most_usd == pytest.approx((2 * e.input + 10 * 500 * e.calls) / 1e6)  # written to the cache: dearer
    assert once.most_usd == e.most_usd and (once.more, once.repairs) == (0, False)
    # reasons of test people are written and judged too where they are read
    oracle = of("inference.reason=oracle", "inference.allow_oracle=true")
    assert oracle.estimate.calls > e.calls and oracle.assumed >= once.assumed
    moves = of("oracle.fallback=grounded").more / (3 * 4)
    assert of("oracle.retries=2").more == 2 * 3 * 4 * moves >= 2 * e.calls
    twice = of("oracle.retries=1").most_usd
    assert twice >= 2 * e.most_usd
    mended = of("judge.schema=false")
    repaired = mended.most_usd
    # an answer is part of the next question
    assert repaired == pytest.approx(2 * mended.estimate.most_usd + 2 * 500 * e.calls / 1e6)
    for more, most, why in (
        ("oracle.retries=1", twice, "oracle.retries=1"),
        ("oracle.fallback=grounded", of("oracle.fallback=grounded").most_usd, "oracle.fallback=grounded"),
        ("judge.schema=false", repaired, "judge.schema=false"),
    ):
        for budget, told in ((0.99 * most, "maybe not enough"), (1.01 * most, "left, enough by")):
            assert main(["--no-count", *given, more, f"calls.budget_usd={budget}"]) == 0
            printed = " ".join(capsys.readouterr().out.split())
            assert told in printed and why in printed and "Prices are those of 2031-02" in printed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "both are of this machine"),
        (["method=direct"], "learns from no reasons"),
        (["judge=antropic"], "known: anthropic"),
        (["judge=openai"], "judge.model: no value given"),
    ],
)
def test_what_has_no_plan_is_told(given, message, capsys):
    assert main(given) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("how", [["calls.replay=true"], ["judge=replay"]])
def test_a_replay_asks_nobody(how, tmp_path, key, monkeypatch):
    with running(Fake(say=say)) as fake:
        cfg = job(words(fake, tmp_path))
        task = load(cfg)
        (tmp_path / "first").mkdir()
        oracle_reasons(cfg, task, tmp_path / "first", task.train, task.valid)
        # what jobs share is found by whoever wants the same, and nobody is asked
        oracle_reasons(cfg, task, tmp_path / "shared", task.train, task.valid)
        assert (tmp_path / "shared" / "reasons.jsonl").read_bytes() == (
            tmp_path / "first" / "reasons.jsonl"
        ).read_bytes()
        paid, url = sum(fake.paid.values()), fake.url
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    replayed = job([*words(Fake(url=url), tmp_path), *how])
    replayed.stages = str(tmp_path / "other stages")
    (tmp_path / "second").mkdir()
    oracle_reasons(replayed, task, tmp_path / "second", task.train, task.valid)
    first, second = (tmp_path / name / "reasons.jsonl" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes() and paid > 300
    ledger = Ledger(tmp_path / "ledger.sqlite")
    row = next(ledger.rows())
    asyncio.run(ledger.do(lambda: ledger.db.execute("DELETE FROM calls WHERE key = ?", (row["key"],)) and None))
    ledger.close()
    (tmp_path / "third").mkdir()
    replayed.stages = str(tmp_path / "more stages")
    with pytest.raises(UserError, match=r"replay: the ledger .* has no answer of claude"):
        oracle_reasons(replayed, task, tmp_path / "third", task.train, task.valid)


@pytest.mark.parametrize(
    "elsewhere", [["teacher=anthropic"], ["judge=anthropic"], ["judge=panel", "+judge@judge.members.third=anthropic"]]
)
def test_where_one_is_elsewhere_both_see_only_what_may_be_sent(elsewhere, nls):
    transitions = [t for career in nls.careers[:40] for t in career.transitions()]
    assert any(job.facts.hours is not None for t in transitions for job in t.history.jobs)
    for t in shown(job(elsewhere), transitions):
        assert all(one.facts.hours is None and not one.facts.region for one in t.history.jobs)
    assert shown(job([]), transitions) == tuple(transitions)
