"""Batches of calls through the real SDK to a real server on loopback; processes are really killed."""

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from provider_batches import Batches as Held
from provider_server import Fake, running

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.ledger import main
from reasoning_occ.reasons.calls.asker import Asker
from reasoning_occ.reasons.calls.batches import Batches, groups, progress
from reasoning_occ.reasons.calls.clerk import BudgetReached, Unanswered
from reasoning_occ.reasons.calls.desk import Desk
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.prices import Price, dearest
from reasoning_occ.reasons.calls.providers.anthropic import Anthropic
from reasoning_occ.reasons.calls.providers.anthropic_batches import AnthropicBatches, Look
from reasoning_occ.reasons.calls.request import Message, Reply, Request
from reasoning_occ.reasons.calls.submitted import Batch
from reasoning_occ.reasons.judges.anthropic_batch import AnthropicBatchJudge
from reasoning_occ.reasons.privacy import NEEDED
from reasoning_occ.reasons.types import CRITERIA, Case

PRICE = Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)
PAID = (100 * 3 + 20 * 15 + 50 * 0.3) / 1e6
"""US dollars of one answer of the server, asked for alone."""

STATES = ((1, 1200, 340, 12), (2, 300, 0, 0))


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-1")


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def question(number: int, **changed) -> Request:
    text = f"question {number}"
    given = {"provider": "anthropic", "model": "m-1", "system": "Be brief.", "messages": (Message("user", text),)}
    return Request(**{**given, "max_tokens": 30, **changed})


def questions(fake: Fake, count: int, first: int = 0) -> list[Request]:
    return [question(n, provider=f"anthropic {fake.url}") for n in range(first, first + count)]


def batches(ledger: Ledger, fake: Fake, **changed) -> Batches:
    given = {"price": PRICE, "at_once": 1000, "interval": 0.05, "deadline": 5.0, "budget": None}
    return Batches(AnthropicBatches(fake.url, 5.0), lambda: ledger, **{**given, **changed})


def alone(ledger: Ledger, fake: Fake) -> Asker:
    provider = Anthropic(fake.url, 5.0)
    return Asker(provider, lambda: ledger, price=PRICE, at_once=8, deadline=5.0, budget=None)


def spent(ledger: Ledger) -> float:
    return asyncio.run(ledger.spent())


def once(fake: Fake, count: int) -> bool:
    return fake.paid == Counter({f"question {n}": 1 for n in range(count)})


def test_many_calls_are_one_batch_at_half_the_price_and_then_known(ledger):
    told: list[str] = []
    with running(Fake(batches=Held(looks=3))) as fake:
        asked = questions(fake, 200)
        who = batches(ledger, fake)
        replies = who.ask_all([*asked, asked[0]], told.append)
        again = batches(ledger, fake)
        assert again.ask_all(asked) == replies[:200]
    assert [reply.text for reply in replies] == [f"You said: question {n}" for n in (*range(200), 0)]
    assert once(fake, 200) and len(fake.batches.all) == 1 and fake.met == Counter()
    assert (who.tally.asked, again.tally.known, again.tally.asked) == (200, 200, 0)
    assert spent(ledger) == pytest.approx(200 * PAID / 2) == pytest.approx(who.tally.spent)
    assert told[0].startswith("batch of 200: waited 0:00:") and told[-1].startswith("200 calls, $")


def test_progress_counts_all_batches_under_way():
    looks = [Look(str(n), 0.0, calls, done, failed, False, False) for n, calls, done, failed in STATES]
    one, other = (Batch(n, str(n), 100.0 * n, frozenset()) for n in (1, 2))
    assert progress([(one, looks[0])], 400.5) == "batch of 1,200: 340 done, 12 failed, waited 0:05:00"
    assert (
        progress([(one, looks[0]), (other, looks[1])], 160.0)
        == "2 batches of 1,500: 340 done, 12 failed, waited 0:01:00"
    )


def test_what_goes_over_the_wire_is_what_single_calls_send(ledger):
    schema = {"type": "object", "properties": {"score": {"type": "integer"}}}
    with running(Fake()) as fake:
        request = question(1, provider=f"anthropic {fake.url}", schema=schema, sampling={"temperature": 0.5})
        batches(ledger, fake).ask_all([request])
        alone(Ledger(ledger.path.with_name("other.sqlite")), fake).ask_all([request])
    sent = next(body for body in fake.bodies if "requests" in body)["requests"]
    single = next(body for body in fake.bodies if "messages" in body)
    assert sent == [{"custom_id": request.key, "params": single}]


def test_an_answer_serves_batches_and_single_calls(ledger):
    with running(Fake()) as fake:
        asked = questions(fake, 30)
        alone(ledger, fake).ask_all(asked[:10])
        batches(ledger, fake).ask_all(asked[:20])
        alone(ledger, fake).ask_all(asked)
    assert once(fake, 30) and [len(batch["calls"]) for batch in fake.batches.all] == [10]


def test_calls_are_sent_in_batches_of_so_many_and_so_large(ledger):
    with running(Fake()) as fake:
        batches(ledger, fake, at_once=40).ask_all(questions(fake, 100))
        assert [len(batch["calls"]) for batch in fake.batches.all] == [40, 40, 20] and once(fake, 100)
    some = {str(n): question(n) for n in range(10)}
    size = len(question(0).as_json())
    assert [len(group) for group in groups(some, 1000, 3 * size)] == [3, 3, 3, 1]
    assert [len(group) for group in groups(some, 1000, 1)] == [1] * 10
    with pytest.raises(UserError, match="a batch holds 10,000 calls at most"):
        batches(ledger, fake, at_once=10_001)
    with pytest.raises(UserError, match="interval: expected seconds above 0"):
        batches(ledger, fake, interval=0)


JOB = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it would be ignored
sys.path[:0] = sys.argv[1].split(":")
from test_batches import batches, questions
from provider_server import Fake
from reasoning_occ.reasons.calls.ledger import Ledger
ledger, fake = Ledger(pathlib.Path(sys.argv[2])), Fake(url=sys.argv[3])
who = batches(ledger, fake, at_once=50)
try:
    who.ask_all(questions(fake, 120))
except KeyboardInterrupt:
    print("stopped")
    sys.exit(1)
print(who.tally.asked, who.tally.known)
"""


def job(ledger: Ledger, fake: Fake) -> subprocess.Popen:
    here = Path(__file__).parent
    command = [sys.executable, "-c", JOB, f"{here}:{here.parents[1] / 'support'}", str(ledger.path), fake.url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def until(happened: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < 60
        time.sleep(0.01)


def left(ledger: Ledger) -> list[tuple[str | None, float | None]]:
    return asyncio.run(ledger.do(lambda: ledger.db.execute("SELECT id, collected FROM batches").fetchall()))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_what_was_sent_is_collected_by_the_next_start(how, ledger):
    with running(Fake(batches=Held(held=True))) as fake:
        killed = job(ledger, fake)
        until(lambda: len(fake.batches.all) == 3 and sum(batch["looks"] for batch in fake.batches.all) >= 4)
        killed.send_signal(how)
        killed.communicate(timeout=60)
        assert [collected for _, collected in left(ledger)] == [None] * 3 and not list(ledger.rows())
        with pytest.raises(UserError, match="sent as a batch that no job is waiting for"):
            alone(ledger, fake).ask_all(questions(fake, 1))
        fake.batches.held = False
        who = batches(ledger, fake)
        replies = who.ask_all(questions(fake, 130))
    assert all(isinstance(reply, Reply) for reply in replies) and once(fake, 130)
    assert [len(batch["calls"]) for batch in fake.batches.all] == [50, 50, 20, 10]
    assert (who.tally.asked, who.tally.known) == (130, 0) and spent(ledger) == pytest.approx(130 * PAID / 2)


def test_a_batch_accepted_in_the_moment_of_a_kill_is_found_again(ledger):
    with running(Fake(mute=True)) as fake:
        killed = job(ledger, fake)
        until(lambda: len(fake.batches.all) == 1)
        killed.kill()
        killed.communicate(timeout=60)
        assert left(ledger) == [(None, None)]
        fake.mute = False
        # sent by others since, and as large as the one that is missing
        other = Ledger(ledger.path.with_name("other.sqlite"))
        batches(other, fake).ask_all(questions(fake, 50, first=1000))
        again = job(ledger, fake)
        assert again.communicate(timeout=60)[0] == "120 0\n"
    assert [len(batch["calls"]) for batch in fake.batches.all] == [50, 50, 50, 20]
    assert max(fake.paid.values()) == 1 and len(fake.paid) == 170
    assert len(list(ledger.rows())) == 120 and len({name for name, _ in left(ledger)}) == 3


def test_a_batch_that_never_came_there_is_sent_anew(ledger):
    with running(Fake(always="drop")) as fake:
        with pytest.raises(UserError, match=r"can't be asked about batches since 0.3 s"):
            batches(ledger, fake, deadline=0.3).ask_all(questions(fake, 10))
        assert left(ledger) == [(None, None)]
        fake.always = None
        assert len(batches(ledger, fake).ask_all(questions(fake, 10))) == 10
    assert once(fake, 10) and len(left(ledger)) == 1


def test_two_processes_send_a_call_once(ledger):
    with running(Fake(batches=Held(looks=5))) as fake:
        jobs = [job(ledger, fake) for _ in range(2)]
        counts = [tuple(map(int, one.communicate(timeout=60)[0].split())) for one in jobs]
    assert once(fake, 120) and sum(asked for asked, _ in counts) == 120
    assert all(sum(count) == 120 for count in counts) and spent(ledger) == pytest.approx(120 * PAID / 2)


def test_faults_of_every_kind_pay_nothing_twice(ledger, monkeypatch):
    monkeypatch.setattr("reasoning_occ.reasons.calls.pace._FIRST_WAIT", 0.01)
    with running(Fake(faults=0.4, seed=3, batches=Held(looks=3))) as fake:
        who = batches(ledger, fake, at_once=25, deadline=120.0)
        replies = who.ask_all(questions(fake, 200))
    assert all(isinstance(reply, Reply) for reply in replies) and once(fake, 200) and len(fake.batches.all) == 8
    assert who.tally.failed > 10 and len(fake.met) >= 5


def test_calls_that_ended_without_an_answer_are_told_and_asked_by_the_next_start(ledger):
    fates = {"question 1": "expired", "question 2": "canceled", "question 3": "overloaded_error"}
    with running(Fake(batches=Held(fate=lambda text: fates.get(text, "succeeded")))) as fake:
        who = batches(ledger, fake)
        found = who.ask_all(questions(fake, 5))
        assert [isinstance(reply, Unanswered) for reply in found] == [False, True, True, True, False]
        assert "expired" in found[1].why and "canceled" in found[2].why and "overloaded_error" in found[3].why
        assert who.tally.given_up == 3 and len(list(ledger.rows())) == 2
        fates.clear()
        assert all(isinstance(reply, Reply) for reply in batches(ledger, fake).ask_all(questions(fake, 5)))
    assert once(fake, 5)


def test_a_refused_call_stops_the_job_and_the_others_are_kept(ledger):
    fates = {"question 1": "invalid_request_error"}
    with running(Fake(batches=Held(fate=lambda text: fates.get(text, "succeeded")))) as fake:
        with pytest.raises(UserError, match=r"refuses .*: invalid_request_error: this is a invalid_request_error"):
            batches(ledger, fake).ask_all(questions(fake, 5))
        assert len(list(ledger.rows())) == 4
        fates.clear()
        batches(ledger, fake).ask_all(questions(fake, 5))
    assert once(fake, 5)
    with running(Fake(always="401")) as fake:
        with pytest.raises(UserError, match="refuses m-1: 401: this is a 401"):
            batches(ledger, fake).ask_all(questions(fake, 5))
        assert len(fake.at) == 1 and len([name for name, _ in left(ledger) if name is None]) == 0


def test_results_that_are_no_longer_kept_free_their_calls(ledger):
    with running(Fake(batches=Held(gone=True))) as fake:
        found = batches(ledger, fake).ask_all(questions(fake, 3))
        assert all(isinstance(reply, Unanswered) for reply in found)
        fake.batches.gone = False
        assert all(isinstance(reply, Reply) for reply in batches(ledger, fake).ask_all(questions(fake, 3)))


def test_a_batch_that_the_provider_has_lost_is_given_up_by_a_command(ledger, capsys):
    with running(Fake(batches=Held(held=True))) as fake:
        killed = job(ledger, fake)
        until(lambda: len(fake.batches.all) == 3 and sum(batch["looks"] for batch in fake.batches.all) >= 4)
        assert main(["prune", str(ledger.path), "--batch", "msgbatch_1"]) == 1
        assert "A job is waiting for batch msgbatch_1" in capsys.readouterr().err
        killed.kill()
        killed.communicate(timeout=60)
        lost = fake.batches.all.pop(0)
        fake.batches.held = False
        with pytest.raises(UserError, match=rf"404.* prune {ledger.path} --batch msgbatch_1"):
            batches(ledger, fake).ask_all(questions(fake, 120))
        assert main(["stats", str(ledger.path)]) == 0
        assert "Batch msgbatch_1 of 50 calls was sent and is not collected yet" in capsys.readouterr().out
        assert main(["prune", str(ledger.path), "--batch", "msgbatch_9"]) == 1
        assert "waits for no batch msgbatch_9; it waits for: msgbatch_1" in capsys.readouterr().err
        assert main(["prune", str(ledger.path), "--batch", "msgbatch_1"]) == 0
        assert "its 50 calls will be asked and paid anew" in capsys.readouterr().out
        assert len(batches(ledger, fake).ask_all(questions(fake, 120))) == 120
    twice = {str(call["params"]["messages"][-1]["content"]) for call in lost["calls"]}
    assert {text for text, count in fake.paid.items() if count == 2} == twice


def test_the_budget_is_kept_at_half_the_price_and_used_up(ledger):
    with running(Fake()) as fake:
        dear = dearest(questions(fake, 1)[0], PRICE) / 2
        who = batches(ledger, fake, budget=20.5 * dear)
        with pytest.raises(BudgetReached):
            who.ask_all(questions(fake, 300))
    sizes = [len(batch["calls"]) for batch in fake.batches.all]
    assert sizes[0] == 20 and sum(sizes) == who.tally.asked == len(list(ledger.rows())) > 20
    assert 19.5 * dear < spent(ledger) <= 20.5 * dear
    with pytest.raises(UserError, match="price is unknown"):
        batches(ledger, fake, price=None, budget=1.0)


def test_a_judge_scores_by_batches(tiny_taxonomy, tmp_path):
    prices = CONF / "prices.yaml"
    desk = Desk(ledger=tmp_path / "l.sqlite", prices=prices, budget_usd=1.0, send=NEEDED, local_only=True)
    case = Case(Career(Person("1", 1950), (), (Job("d", Date(1970)),)), "They drove.", "p")
    terms = {"model": "claude-sonnet-5-5", "max_tokens": 50, "at_once": 100, "timeout": 5.0, "deadline": 5.0}
    with running(Fake(say=lambda prompt: '{"justification": "Fine.", "errors": [], "score": 4}')) as fake:
        judge = AnthropicBatchJudge(
            tiny_taxonomy, desk, interval=0.05, base_url=fake.url, parameters={"effort": "low"}, **terms
        )
        (verdict,) = judge.judge_all([case])
    assert [verdict.scores[criterion].value for criterion in CRITERIA] == [4, 4, 4]
    assert [len(batch["calls"]) for batch in fake.batches.all] == [3]
