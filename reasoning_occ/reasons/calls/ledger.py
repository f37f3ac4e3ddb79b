"""The ledger: one row a call, in SQLite, shared by all processes of a study.

A call is first *claimed*, then asked, then *recorded*. Whoever finds a claim of another living process waits for its
answer instead of asking too. A claim whose process is gone, or whose lease is over, may be taken up by anyone; so
kill -9 loses at most the answers that were on their way. A row is on the disk before anybody reads its answer.
Calls that were sent as a batch are claimed by the batch, whose process may go, until its results were read; see
`submitted.py`.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal, TypeVar

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.process import lives, this_process
from reasoning_occ.reasons.calls.records import ANSWER, Answer, Records, answer_of
from reasoning_occ.reasons.calls.request import Request

_TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    request TEXT NOT NULL,
    owner TEXT,              -- of a claim: a process, or # and a batch's number; NULL once answered
    lease REAL,              -- when a claim ends, seconds since the epoch
    reserved REAL,           -- US dollars that the answer may cost at most; NULL if unknown
    text TEXT, stop TEXT,    -- the answer; NULL until it came
    input INTEGER, output INTEGER, cache_read INTEGER, cache_write INTEGER,
    usd REAL,                -- NULL where the price is unknown
    seconds REAL, attempts INTEGER, answered_at REAL
);
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    intended REAL NOT NULL,  -- when, seconds since the epoch; on the disk before the provider hears of the batch
    id TEXT,                 -- the provider's; NULL until its acceptance is known
    owner TEXT,              -- the process that sees to it; NULL if none does
    lease REAL NOT NULL,     -- when others may see to it
    collected REAL           -- when its results were read; NULL until then
);
CREATE INDEX IF NOT EXISTS claims ON calls (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS money (spent REAL NOT NULL);
INSERT INTO money SELECT 0.0 WHERE NOT EXISTS (SELECT 1 FROM money);
"""
Found = TypeVar("Found")
_AT_ONCE = 256
"""Operations that one transaction takes together, so that many answers wait for one write to the disk."""
_PATIENCE = 60.0
"""Seconds to wait for another process that writes."""
Claim = Literal["yours", "taken", "left", "over budget"]
BATCH = "#"
"""What the owner of calls that were sent as a batch begins with, as no process does."""


class Ledger(Records):
    """A ledger file, opened or made.

    All who use it must be on one machine, and the file on a disk of that machine: SQLite's write-ahead log (WAL) is
    shared through memory, which no network file system offers.

    Args:
        path: the SQLite file; `-wal` and `-shm` files lie beside it while it is in use.

    Raises:
        UserError: the file is no ledger or can't be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.owner = this_process()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            tables = {name for (name,) in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables and "calls" not in tables:
                raise UserError(f"{path} is no ledger: it holds {', '.join(sorted(tables))}. Give another file.")
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.Error) and _locked(error):
                raise self._told(error) from error
            raise UserError(f"The ledger {path} can't be used: {error}. Give another file (calls.ledger).") from error
        self._waiting: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """End the writing thread, once all that waits is written."""
        self._waiting.put(None)
        self._writer.join()
        self.db.close()

    async def answer(self, key: str) -> Answer | None:
        """The answer to a request, None where there is none yet."""
        return await self.do(lambda: self._answer(key))

    async def answers(self, keys: Collection[str]) -> dict[str, Answer]:
        """The answers that are there, of many requests, by their keys."""
        return await self.do(lambda: {key: found for key in keys if (found := self._answer(key)) is not None})

    async def claim(self, request: Request, seconds: float, reserve: float | None, budget: float | None) -> Claim:
        """Ask for the right to make a call.

        Args:
            request: the call.
            seconds: how long it can take at most; the claim ends after that.
            reserve: US dollars that it may cost at most, None if unknown.
            budget: what all calls of this ledger together may cost, answered ones and those under way; None: no limit.

        Returns:
            "yours": make the call, then `record` or `release` it. "taken": another process is asking, or the answer
            came meanwhile; look for it. "left": it was sent in a batch that no process sees to. "over budget": the
            call would go beyond the budget.
        """
        return await self.do(lambda: self._claim(request, seconds, reserve, budget))

    async def record(self, key: str, answer: Answer) -> None:
        """Keep the answer to a claimed call; it is on the disk when this returns."""
        await self.do(lambda: self.keep(key, answer))

    async def release(self, key: str) -> None:
        """Give up a claim of this process: there was no answer."""
        await self.do(
            lambda: self.db.execute("DELETE FROM calls WHERE key = ? AND owner = ?", (key, self.owner)) and None
        )

    async def spent(self) -> float:
        """US dollars of all answers whose price is known."""
        return await self.do(lambda: float(self.db.execute("SELECT spent FROM money").fetchone()[0]))

    async def do(self, operation: Callable[[], Found]) -> Found:
        """Run an operation on `db` in the next transaction; what it did is on the disk when this returns."""
        return await asyncio.wrap_future(self.later(operation))

    def later(self, operation: Callable[[], Found]) -> "Future[Found]":
        """As `do`, without waiting."""
        done: Future[Found] = Future()
        self._waiting.put((operation, done))
        return done

    def _write(self) -> None:
        """The writing thread: takes what waits, in one transaction."""
        ends = False
        while not ends:
            batch = [self._waiting.get()]
            while len(batch) < _AT_ONCE:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            ends = None in batch
            self._transact([one for one in batch if one is not None])

    def _transact(self, batch: list[tuple[Callable[[], Any], "Future[Any]"]]) -> None:
        try:
            self.db.execute("BEGIN IMMEDIATE")
            results = [operation() for operation, _ in batch]
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            self._back()
            told = self._told(error)
            for _, done in batch:
                _settle(done, error=told)
            return
        except Exception as error:  # of one operation, such as a number too large: the others shall not suffer
            self._back()
            if len(batch) == 1:
                _settle(batch[0][1], error=error)
            else:
                for one in batch:
                    self._transact([one])
            return
        for (_, done), result in zip(batch, results, strict=True):
            _settle(done, result)

    def _told(self, error: sqlite3.Error) -> UserError:
        if _locked(error):
            return UserError(
                f"The ledger {self.path} was held by another process for {_PATIENCE:g} s. End what writes to it for so "
                "long, or look whether it lies on a network file system, and start again; nothing is lost."
            )
        return UserError(f"The ledger {self.path} can't be written: {error}. Free some space; nothing is lost.")

    def _back(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _answer(self, key: str) -> Answer | None:
        row = self.db.execute(f"SELECT {ANSWER} FROM calls WHERE key = ? AND stop IS NOT NULL", (key,)).fetchone()
        return None if row is None else answer_of(row)

    def _claim(self, request: Request, seconds: float, reserve: float | None, budget: float | None) -> Claim:
        key, now = request.key, time.time()
        if (held := self.held(key, now)) is not None:
            return held
        if budget is not None and self.committed(now) + (reserve or 0.0) > budget:
            return "over budget"
        self.hold(key, request, self.owner, now + seconds, reserve)
        return "yours"

    def held(self, key: str, now: float) -> Literal["taken", "left"] | None:
        """Whether a call is answered or claimed by others, as `claim` says it; an operation for `do`."""
        row = self.db.execute("SELECT owner, lease, stop FROM calls WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        owner, lease, stop = row
        if stop is not None:
            return "taken"
        if owner.startswith(BATCH):
            number = int(owner.removeprefix(BATCH))
            owner, lease = self.db.execute("SELECT owner, lease FROM batches WHERE number = ?", (number,)).fetchone()
            return "left" if orphaned(owner, lease, now) else "taken"
        return None if orphaned(owner, lease, now) else "taken"

    def hold(self, key: str, request: Request, owner: str, lease: float, reserve: float | None) -> None:
        """Claim a call that nobody holds; an operation for `do`."""
        self.db.execute(
            "INSERT OR REPLACE INTO calls (key, provider, model, request, owner, lease, reserved) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, request.provider, request.model, request.as_json(), owner, lease, reserve),
        )

    def committed(self, now: float) -> float:
        """US dollars spent, and what calls under way may still cost; an operation for `do`."""
        rows = self.db.execute("SELECT owner, lease, reserved FROM calls WHERE owner IS NOT NULL").fetchall()
        living = {owner: owner.startswith(BATCH) or lives(owner) for owner in {owner for owner, _, _ in rows}}
        under_way = sum(reserved or 0.0 for owner, lease, reserved in rows if lease > now and living[owner])
        return float(self.db.execute("SELECT spent FROM money").fetchone()[0]) + under_way

    def keep(self, key: str, answer: Answer) -> None:
        """As `record`; an operation for `do`."""
        usage = answer.reply.usage
        # an answer that came after its lease was over may find one in its place; it was paid for all the same
        self.db.execute("UPDATE money SET spent = spent + ?", (answer.usd or 0.0,))
        self.db.execute(
            "UPDATE calls SET owner = NULL, lease = NULL, reserved = NULL, text = ?, stop = ?, input = ?, output = ?, "
            "cache_read = ?, cache_write = ?, usd = ?, seconds = ?, attempts = ?, answered_at = ? "
            "WHERE key = ? AND stop IS NULL",
            (
                answer.reply.text,
                answer.reply.stop,
                *(usage.input, usage.output, usage.cache_read, usage.cache_write),
                *(answer.usd, answer.seconds, answer.attempts, time.time(), key),
            ),
        )

    def forget(self, model: str) -> int:
        """Remove all answers of a model; what they cost stays spent. Returns how many."""
        try:
            return self.db.execute("DELETE FROM calls WHERE model = ? AND stop IS NOT NULL", (model,)).rowcount
        except sqlite3.Error as error:
            raise UserError(f"The ledger {self.path} can't be written: {error}.") from error


def _locked(error: sqlite3.Error) -> bool:
    # the low byte is the kind of error, those above it say more
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _settle(done: "Future[Any]", result: Any = None, error: Exception | None = None) -> None:
    if done.set_running_or_notify_cancel():  # false where whoever waited was cancelled
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)


def orphaned(owner: str | None, lease: float, now: float) -> bool:
    """Whether nobody sees any more to what a process had claimed until `lease`."""
    return owner is None or lease <= now or not lives(owner)
