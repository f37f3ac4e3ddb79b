import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.ledger import main as command
from reasoning_occ.reasons.calls.estimate import estimate
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.records import Answer
from reasoning_occ.reasons.calls.request import Message, Reply, Request, Usage


def question(text: str = "Why?", **changed) -> Request:
    given = {"provider": "p", "model": "m", "system": "s", "messages": (Message("user", text),), "max_tokens": 10}
    return Request(**{**given, **changed})


ANSWER = Answer(Reply("Because.", "end", Usage(10, 5, 3, 2)), 0.25, 1.5, 2)


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def test_all_that_shapes_an_answer_is_in_its_key():
    changes = (
        {"text": "Why not?"},
        {"provider": "q"},
        {"model": "n"},
        {"system": "t"},
        {"max_tokens": 11},
        {"sampling": {"temperature": 0.5}},
        {"schema": {"type": "object"}},
        {"sample": 1},
        {"messages": (Message("user", "Why?"), Message("assistant", "No."), Message("user", "Why?"))},
    )
    keys = {question().key, *(question(**changed).key for changed in changes)}
    assert len(keys) == 1 + len(changes)
    one, other = ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0})
    assert question(sampling=one).key == question(sampling=other).key  # order shapes nothing


def test_a_key_stays_what_it_is_so_that_old_ledgers_serve():
    asked = question("Wären <das> zwei?", sampling={"temperature": 0.5}, schema={"type": "object"})
    assert asked.key == "d9a314a03c61df384875e2b58590912db1ae8b3c2ce3b085dba89331942c645e"


def test_what_is_recorded_is_answered_by_any_process(ledger):
    async def ask():
        assert await ledger.answer(question().key) is None
        assert await ledger.claim(question(), 60, 1.0, None) == "yours"
        assert await ledger.claim(question(), 60, 1.0, None) == "taken"
        await ledger.record(question().key, ANSWER)
        assert await ledger.claim(question(), 60, 1.0, None) == "taken"
        assert await ledger.spent() == 0.25

    asyncio.run(ask())
    other = Ledger(ledger.path)
    assert asyncio.run(other.answer(question().key)) == ANSWER
    (row,) = other.rows()
    assert json.loads(row["request"])["messages"] == [["user", "Why?"]] and row["usd"] == 0.25
    other.close()


def test_a_released_claim_is_free_and_a_lease_ends(ledger):
    async def ask():
        assert await ledger.claim(question(), 60, None, None) == "yours"
        await ledger.release(question().key)
        assert await ledger.claim(question(), -1, None, None) == "yours"  # over at once
        assert await ledger.claim(question(), 60, None, None) == "yours"
        await ledger.record(question().key, ANSWER)
        await ledger.release(question().key)  # an answer is never thrown away
        assert await ledger.answer(question().key) == ANSWER

    asyncio.run(ask())


def test_the_budget_counts_what_was_spent_and_what_is_under_way(ledger):
    async def ask():
        assert await ledger.claim(question("a"), 60, 0.6, 1.0) == "yours"
        assert await ledger.claim(question("b"), 60, 0.6, 1.0) == "over budget"
        await ledger.record(question("a").key, ANSWER)  # it cost 0.25 in the end
        assert await ledger.claim(question("b"), 60, 0.6, 1.0) == "yours"
        assert await ledger.claim(question("c"), 60, 0.2, 1.0) == "over budget"
        assert await ledger.claim(question("c"), 60, 0.1, 1.0) == "yours"

    asyncio.run(ask())


CLAIM = """
import asyncio, os, pathlib, signal, sys
sys.path.insert(0, sys.argv[2])
from test_ledger import question
from reasoning_occ.reasons.calls.estimate import estimate
from reasoning_occ.reasons.calls.ledger import Ledger
ledger = Ledger(pathlib.Path(sys.argv[1]))
print(asyncio.run(ledger.claim(question(), 3600, 0.9, 1.0)), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_claim_of_a_killed_process_is_taken_up_and_frees_its_money(ledger):
    command = [sys.executable, "-c", CLAIM, str(ledger.path), str(Path(__file__).parent)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL and killed.stdout == "yours\n"

    async def ask():
        assert await ledger.claim(question("another"), 60, 0.5, 1.0) == "yours"
        await ledger.release(question("another").key)
        assert await ledger.claim(question(), 60, 0.9, 1.0) == "yours"

    asyncio.run(ask())


def test_an_unusable_file_is_told_in_a_sentence(tmp_path):
    (tmp_path / "text").write_text("This is no ledger. " * 100)
    with pytest.raises(UserError, match=r"ledger.*text can't be used"):
        Ledger(tmp_path / "text")


def test_a_name_may_hold_what_means_something_in_an_address(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("half #1?50%20.sqlite")  # relative, as in a configuration
    ledger = Ledger(path)

    async def pay():
        assert await ledger.claim(question(), 60, 1.0, None) == "yours"
        await ledger.record(question().key, ANSWER)

    asyncio.run(pay())
    ledger.close()
    assert ledger.replies([question().key]) == {question().key: ANSWER.reply}
    assert ledger.mean_output("p", "m", schema=False) == 5 and [row["key"] for row in ledger.rows()] == [question().key]
    assert command(["stats", str(path)]) == 0 and "0.2500" in capsys.readouterr().out
    assert {file.name.removesuffix("-wal").removesuffix("-shm") for file in tmp_path.iterdir()} == {path.name}


def test_what_a_model_writes_as_a_teacher_is_told_from_what_it_writes_as_a_judge(ledger):
    """Output is estimated from earlier answers of the same kind."""
    form = {"type": "object"}

    async def fill():
        for text, schema, tokens in (("a", None, 60), ("b", None, 80), ("c", form, 9)):
            asked = question(text, schema=schema)
            assert await ledger.claim(asked, 60, None, None) == "yours"
            await ledger.record(asked.key, Answer(Reply("x", "end", Usage(output=tokens)), None, 1.0, 1))

    asyncio.run(fill())
    nobody = SimpleNamespace(name="p")
    for schema, mean in ((None, 70), (form, 9)):
        asked = [question("new", schema=schema), question("newer", schema=schema)]
        assert estimate(asked, nobody, None, ledger, counts=False).output == 2 * mean


def test_a_ledger_that_another_process_holds_is_not_taken_for_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("reasoning_occ.reasons.calls.ledger._PATIENCE", 0.2)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UserError, match=r"was held by another process for 0\.2 s") as told:
        asyncio.run(ledger.spent())
    assert "space" not in str(told.value)
    with pytest.raises(UserError, match="was held by another process"):
        Ledger(ledger.path)
    other.execute("ROLLBACK")
    other.close()
    assert asyncio.run(ledger.spent()) == 0.0
    ledger.close()


def test_a_full_disk_is_told_and_loses_no_earlier_answer(ledger):
    async def ask():
        await ledger.claim(question("a"), 60, None, None)
        await ledger.record(question("a").key, ANSWER)
        await ledger.do(lambda: ledger.db.execute("PRAGMA max_page_count = 1").fetchall())
        long = question("b" * 1_000_000)
        with pytest.raises(UserError, match="can't be written"):
            await ledger.claim(long, 60, None, None)
        assert await ledger.answer(question("a").key) == ANSWER

    asyncio.run(ask())


def test_a_torn_write_leaves_a_readable_ledger(tmp_path):
    """A copy of the files as a power cut would leave them, in the middle of a transaction."""
    ledger = Ledger(tmp_path / "ledger.sqlite")

    async def ask():
        await ledger.claim(question("a"), 60, None, None)
        await ledger.record(question("a").key, ANSWER)
        await ledger.claim(question("b"), 60, None, None)

    asyncio.run(ask())
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(ledger.path.read_bytes())
    log = Path(f"{ledger.path}-wal").read_bytes()
    Path(f"{copy}-wal").write_bytes(log[: len(log) - 100])
    ledger.close()
    found = Ledger(copy)
    assert asyncio.run(found.answer(question("a").key)) == ANSWER
    assert found.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found.close()


def test_owners_of_another_start_of_the_machine_are_gone(ledger, monkeypatch):
    asyncio.run(ledger.claim(question(), 3600, None, None))
    monkeypatch.setattr("reasoning_occ.reasons.calls.process._boot", lambda: "another")
    assert asyncio.run(ledger.claim(question(), 3600, None, None)) == "yours"
    with sqlite3.connect(ledger.path) as reader:
        assert reader.execute("SELECT count(*) FROM calls").fetchone() == (1,)
    assert os.getpid() == int(ledger.owner.split()[-2])


def test_an_operation_that_fails_harms_no_other(ledger):
    async def both():
        broken = ledger.do(lambda: ledger.db.execute("SELECT ?", (2**63,)).fetchone())
        whole = ledger.do(lambda: ledger.db.execute("SELECT 1").fetchone())
        return await asyncio.gather(broken, whole, return_exceptions=True)

    for _ in range(20):
        broken, whole = asyncio.run(both())
        assert isinstance(broken, OverflowError) and whole == (1,)


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE songs (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(UserError, match="is no ledger: it holds songs"):
        Ledger(path)
    assert path.read_bytes() == before
