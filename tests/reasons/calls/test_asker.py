"""Calls through the real SDKs to a real server on loopback, which fails in the ways that providers fail."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import openai
import pytest
from provider_server import FAULTS, Fake, running

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.asker import Asker, rate
from reasoning_occ.reasons.calls.clerk import BudgetReached, Unanswered
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.prices import Price, dearest
from reasoning_occ.reasons.calls.providers.anthropic import Anthropic, call_error
from reasoning_occ.reasons.calls.providers.openai import OpenAI
from reasoning_occ.reasons.calls.request import Message, Reply, Request, Usage

PRICE = Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-2")


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def question(number: int, **changed) -> Request:
    text = f"question {number}"
    given = {"provider": "p", "model": "m-1", "system": "Be brief.", "messages": (Message("user", text),)}
    return Request(**{**given, "max_tokens": 30, **changed})


def provider(kind: str, fake: Fake, timeout: float = 5.0):
    if kind == "anthropic":
        return Anthropic(fake.url, timeout)
    return OpenAI(f"{fake.url}/v1", timeout, limit="max_tokens")


def asker(ledger: Ledger, who, **changed) -> Asker:
    return Asker(who, lambda: ledger, **{"price": PRICE, "at_once": 16, "deadline": 30.0, "budget": None, **changed})


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_an_answer_is_asked_once_and_then_known(kind, ledger):
    with running(Fake()) as fake:
        one = asker(ledger, provider(kind, fake))
        assert one.ask_all([question(1)])[0] == Reply("You said: question 1", "end", Usage(100, 20, 50, 0))
        again = asker(ledger, provider(kind, fake))
        assert again.ask_all([question(1)])[0].text == "You said: question 1"
    assert fake.paid == Counter({"question 1": 1})
    assert (one.tally.asked, again.tally.known) == (1, 1)
    assert one.tally.spent == pytest.approx((100 * 3 + 20 * 15 + 50 * 0.3) / 1e6)
    assert "sk-secret" not in "".join(str(row) for row in ledger.rows())


def test_what_goes_over_the_wire(ledger):
    schema = {"type": "object", "properties": {"score": {"type": "integer"}}}
    with running(Fake()) as fake:
        for kind in ("anthropic", "openai"):
            request = question(1, provider=kind, schema=schema, sampling={"temperature": 0.5})
            asker(ledger, provider(kind, fake)).ask_all([request])
        asker(ledger, provider("anthropic", fake)).ask_all([question(2)])
    messages, completions, plain = fake.bodies
    assert "output_config" not in plain and "temperature" not in plain
    assert messages["system"] == [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    assert messages["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert messages["temperature"] == completions["temperature"] == 0.5
    assert completions["messages"][0] == {"role": "system", "content": "Be brief."}
    assert completions["response_format"]["json_schema"]["schema"] == schema
    assert [h["authorization"] for h in fake.headers[:2]] == ["Bearer sk-secret-1", "Bearer sk-secret-2"]


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_with_every_fifth_call_failing_each_is_answered_and_paid_once(kind, ledger, monkeypatch):
    monkeypatch.setattr("reasoning_occ.reasons.calls.pace._FIRST_WAIT", 0.01)
    requests = [question(n) for n in range(400)]
    with running(Fake(faults=0.2, latency=0.005)) as fake:
        who = asker(ledger, provider(kind, fake))
        replies = who.ask_all(requests)
    assert [reply.text for reply in replies] == [f"You said: question {n}" for n in range(400)]
    assert set(fake.met) == set(FAULTS)
    assert len(fake.paid) == 400 and max(fake.paid.values()) == 1
    assert who.tally.asked == 400 and who.tally.failed == sum(fake.met.values()) - fake.met["slow"]
    assert max(row["attempts"] for row in ledger.rows()) > 1


def test_the_same_question_at_the_same_moment_is_one_call(ledger):
    with running(Fake(latency=0.2)) as fake:
        replies = asker(ledger, provider("anthropic", fake)).ask_all([question(1)] * 10)
    assert fake.paid == Counter({"question 1": 1}) and len({reply.text for reply in replies}) == 1


JOB = """
import asyncio, pathlib, sys
sys.path[:0] = sys.argv[1].split(":")
from test_asker import asker, provider, question
from provider_server import Fake
from reasoning_occ.reasons.calls.ledger import Ledger
ledger = Ledger(pathlib.Path(sys.argv[2]))
who = asker(ledger, provider("anthropic", Fake(url=sys.argv[3])))
who.ask_all([question(n) for n in range(int(sys.argv[4]))])
print(who.tally.asked)
"""


def job(ledger: Ledger, fake: Fake, calls: int) -> subprocess.Popen:
    here = Path(__file__).parent
    folder = f"{here}:{here.parents[1] / 'support'}"
    command = [sys.executable, "-c", JOB, folder, str(ledger.path), fake.url, str(calls)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_share_the_work_and_pay_once(ledger):
    with running(Fake(latency=0.02)) as fake:
        jobs = [job(ledger, fake, 200) for _ in range(2)]
        asked = [int(one.communicate(timeout=120)[0]) for one in jobs]
    assert all(one.returncode == 0 for one in jobs) and sum(asked) == 200
    assert len(fake.paid) == 200 and max(fake.paid.values()) == 1


def test_kill_loses_no_more_than_the_calls_under_way(ledger):
    with running(Fake(latency=0.05)) as fake:
        killed = job(ledger, fake, 300)
        began = time.monotonic()
        while sum(fake.paid.values()) < 80 and time.monotonic() - began < 60:
            time.sleep(0.01)
        killed.kill()
        killed.communicate(timeout=60)
        kept = len(list(ledger.rows()))
        assert kept >= 80 - 16
        again = job(ledger, fake, 300)
        assert int(again.communicate(timeout=120)[0]) == 300 - kept
    assert len(fake.paid) == 300 and sum(fake.paid.values()) <= 300 + 16


def test_an_overloaded_server_is_asked_with_fewer_calls_at_once_and_not_too_early(ledger, monkeypatch):
    monkeypatch.setattr("reasoning_occ.reasons.calls.pace._FIRST_WAIT", 0.01)
    with running(Fake(latency=0.02, room=4)) as fake:
        who = asker(ledger, provider("anthropic", fake), at_once=64)
        replies = who.ask_all([question(n) for n in range(300)])
    assert all(isinstance(reply, Reply) for reply in replies)
    assert who._pace.limit < 16
    assert fake.met["429"] < 300  # without a limit that adapts, most calls would be sent away again and again


def in_four_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=4), usegmt=True)  # its fractions of a second are lost


@pytest.mark.parametrize(("after", "least", "most"), [(lambda: "2", 2.0, 2.6), (in_four_seconds, 2.8, 4.8)])
def test_a_provider_is_left_alone_for_as_long_as_it_asks(ledger, after, least, most):
    with running(Fake(always="429", retry_after=after())) as fake:
        who = asker(ledger, provider("anthropic", fake), deadline=least + 2.0)
        assert isinstance(who.ask_all([question(1)])[0], Unanswered)
    assert least <= fake.at[1] - fake.at[0] < most


@pytest.mark.parametrize("status", ["400", "401", "403", "404"])
@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_a_refused_call_stops_the_job_with_the_providers_words(kind, status, ledger):
    with running(Fake(always=status)) as fake:
        with pytest.raises(UserError, match=f"p refuses m-1: {status}: this is a {status}"):
            asker(ledger, provider(kind, fake)).ask_all([question(1)])[0]
        assert len(fake.at) == 1
        fake.always = None
        assert asker(ledger, provider(kind, fake)).ask_all([question(1)])[0].stop == "end"  # no claim is left


@pytest.mark.parametrize("fault", ["drop", "half", "nonsense", "500", "slow"])
@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_a_call_ends_at_its_deadline(kind, fault, ledger):
    with running(Fake(always=fault, latency=0.0 if fault != "slow" else 30.0)) as fake:
        who = asker(ledger, provider(kind, fake), deadline=1.0)
        began = time.monotonic()
        reply = who.ask_all([question(1)])[0]
    assert isinstance(reply, Unanswered) and reply.why and time.monotonic() - began < 3.0
    assert who.tally.given_up == 1 and not list(ledger.rows())


def test_the_budget_is_never_passed(ledger):
    dear = dearest(question(0), PRICE)
    with running(Fake(latency=0.01)) as fake:
        who = asker(ledger, provider("anthropic", fake), budget=20 * dear)

        with pytest.raises(BudgetReached):
            who.ask_all([question(n) for n in range(300)])
    assert who.tally.asked == len(list(ledger.rows())) == sum(fake.paid.values()) > 20
    assert 19 * dear < asyncio.run(ledger.spent()) <= 20 * dear  # no call more would have fit
    with pytest.raises(UserError, match="price is unknown"):
        asker(ledger, provider("anthropic", fake), price=None, budget=1.0)


def test_a_job_that_costs_less_than_the_budget_is_not_stopped_by_what_is_held_back(ledger):
    dear, paid = dearest(question(0, max_tokens=3000), PRICE), (100 * 3 + 20 * 15 + 50 * 0.3) / 1e6
    budget = 80 * paid + 1.5 * dear
    assert 3 * dear > budget  # so no more than two calls can be under way
    with running(Fake(latency=0.02)) as fake:
        who = asker(ledger, provider("anthropic", fake), at_once=64, budget=budget)
        replies = who.ask_all([question(n, max_tokens=3000) for n in range(80)])
    assert all(isinstance(reply, Reply) for reply in replies) and sum(fake.paid.values()) == 80


def test_a_server_that_answers_nothing_is_left_alone_and_its_failures_are_told(ledger):
    told: list[str] = []
    with running(Fake(always="500")) as fake:
        who = asker(ledger, provider("anthropic", fake), at_once=2, deadline=0.3)
        with pytest.raises(UserError, match=r"gave no answer to the last 5 calls, for 0\.3 s each \(500"):
            who.ask_all([question(n) for n in range(50)], told.append)
        assert who.tally.given_up < 8 and "failed attempts" in told[0]
        fake.always = None
        assert len(asker(ledger, provider("anthropic", fake)).ask_all([question(n) for n in range(50)])) == 50


def test_an_empty_account_is_a_refusal_though_it_comes_as_overload():
    request = httpx.Request("POST", "http://127.0.0.1")
    for code, kind in (("insufficient_quota", "refused"), ("rate_limit_exceeded", "overloaded")):
        body = {"message": "no more", "code": code}
        error = openai.RateLimitError("no more", response=httpx.Response(429, request=request), body=body)
        assert call_error(error).kind == kind


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_what_is_meant_for_this_machine_goes_to_no_proxy(kind, ledger, monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running(Fake()) as proxy, running(Fake()) as fake:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert asker(ledger, provider(kind, fake)).ask_all([question(1)])[0].text == "You said: question 1"
    assert len(fake.at) == 1 and not proxy.at


def test_a_cancelled_call_leaves_no_claim(ledger):
    async def cut():
        task = asyncio.create_task(who.ask(question(1)))
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await ledger.claim(question(1), 60, None, None)

    with running(Fake(latency=5.0)) as fake:
        who = asker(ledger, provider("anthropic", fake))
        assert asyncio.run(cut()) == "yours"
    assert fake.at


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_a_reply_that_is_no_json_is_asked_for_again(kind, ledger):
    with running(Fake(always="broken")) as fake:
        (reply,) = asker(ledger, provider(kind, fake), deadline=1.5).ask_all([question(1)])
        assert isinstance(reply, Unanswered) and len(fake.at) > 1
        fake.always = None
        assert asker(ledger, provider(kind, fake)).ask_all([question(1)])[0].text == "You said: question 1"


def test_a_refused_job_leaves_no_claim_behind(ledger):
    with running(Fake(always="401")) as fake:
        with pytest.raises(UserError, match="refuses"):
            asker(ledger, provider("anthropic", fake), at_once=8).ask_all([question(n) for n in range(40)])
        owners = asyncio.run(ledger.do(lambda: ledger.db.execute("SELECT key FROM calls").fetchall()))
    assert owners == []


def test_the_rate_is_told_by_the_last_answers():
    assert (rate([]), rate([5.0]), rate([5.0, 5.0])) == ("", "", "")
    assert rate([0.0, 0.5, 1.0, 2.0]) == ", 1.5/s" and rate([0.0, 100.0, 120.0]) == ", 1.0/min"
