"""Batches in the ledger: what was sent, what is not collected yet, and who sees to it.

A batch is *intended* before the provider hears of it, *accepted* once the provider's id for it is known, and
*collected* when its results are in the ledger, all at once. Until then its calls can be claimed by nobody, and another
process sees to it where the one that sent it is gone.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.ledger import BATCH, Claim, Ledger, orphaned
from reasoning_occ.reasons.calls.records import Answer
from reasoning_occ.reasons.calls.request import Request


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that is not collected yet.

    number: in this ledger.
    id: the provider's; None while it isn't known whether the provider accepted the batch.
    intended: when, in seconds since the epoch.
    keys: of its calls.
    """

    number: int
    id: str | None
    intended: float
    keys: frozenset[str]


class Submitted:
    """The batches of one provider in a ledger.

    Args:
        ledger: the file.
        provider: its name.
        lease: seconds after the last sign of life, after which others may see to a batch of this process.
    """

    def __init__(self, ledger: Ledger, provider: str, lease: float) -> None:
        self._ledger = ledger
        self._provider = provider
        self._lease = lease

    async def intend(
        self, requests: Mapping[str, Request], reserves: Mapping[str, float], budget: float | None
    ) -> tuple[Batch | None, dict[str, Claim]]:
        """Claim calls for a batch that is about to be sent.

        Args:
            requests: by their keys.
            reserves: US dollars that each may cost at most; empty if unknown.
            budget: see `Ledger.claim`.

        Returns:
            The batch of those that may be asked, None if there are none; and for each of the others why not.
        """
        return await self._ledger.do(lambda: self._intend(requests, reserves, budget))

    def _intend(
        self, requests: Mapping[str, Request], reserves: Mapping[str, float], budget: float | None
    ) -> tuple[Batch | None, dict[str, Claim]]:
        now = time.time()
        inserted = self._ledger.db.execute(
            "INSERT INTO batches (provider, intended, owner, lease) VALUES (?, ?, ?, ?)",
            (self._provider, now, self._ledger.owner, now + self._lease),
        )
        number = int(inserted.lastrowid or 0)
        left = math.inf if budget is None else budget - self._ledger.committed(now)
        refused: dict[str, Claim] = {}
        for key, request in requests.items():
            reserve = reserves.get(key)
            if (held := self._ledger.held(key, now)) is not None:
                refused[key] = held
            elif (reserve or 0.0) > left:
                refused[key] = "over budget"
            else:
                self._ledger.hold(key, request, f"{BATCH}{number}", math.inf, reserve)
                left -= reserve or 0.0
        if len(refused) == len(requests):
            self._ledger.db.execute("DELETE FROM batches WHERE number = ?", (number,))
            return None, refused
        return Batch(number, None, now, frozenset(requests.keys() - refused.keys())), refused

    async def accepted(self, batch: Batch, name: str) -> None:
        """Keep the provider's id of a batch."""
        await self._ledger.do(
            lambda: self._ledger.db.execute("UPDATE batches SET id = ? WHERE number = ?", (name, batch.number))
        )

    async def withdraw(self, batch: Batch) -> None:
        """Forget a batch that the provider did not accept; its calls are free again."""
        await self._ledger.do(lambda: self._forget(batch.number))

    def _forget(self, number: int) -> None:
        self._ledger.db.execute("DELETE FROM calls WHERE owner = ?", (f"{BATCH}{number}",))
        self._ledger.db.execute("DELETE FROM batches WHERE number = ?", (number,))

    async def left_behind(self) -> list[Batch]:
        """Batches that no process sees to; from now on this one does."""
        return await self._ledger.do(self._take_over)

    def _take_over(self) -> list[Batch]:
        now = time.time()
        waiting = self._ledger.db.execute(
            "SELECT number, id, intended, owner, lease FROM batches WHERE provider = ? AND collected IS NULL",
            (self._provider,),
        ).fetchall()
        found = [
            Batch(number, name, intended, self._keys(number))
            for number, name, intended, owner, lease in waiting
            if orphaned(owner, lease, now)
        ]
        for batch in found:
            self._see_to(batch.number)
        return found

    def _keys(self, number: int) -> frozenset[str]:
        rows = self._ledger.db.execute("SELECT key FROM calls WHERE owner = ?", (f"{BATCH}{number}",))
        return frozenset(key for (key,) in rows)

    async def renew(self, batch: Batch) -> None:
        """A sign of life: this process goes on seeing to a batch."""
        await self._ledger.do(lambda: self._see_to(batch.number))

    def _see_to(self, number: int) -> None:
        self._ledger.db.execute(
            "UPDATE batches SET owner = ?, lease = ? WHERE number = ?",
            (self._ledger.owner, time.time() + self._lease, number),
        )

    def leave(self, batches: Sequence[Batch]) -> None:
        """This process sees to these no more. Does not wait: it may be ending."""
        for batch in batches:
            self._ledger.later(
                lambda number=batch.number: self._ledger.db.execute(
                    "UPDATE batches SET owner = NULL WHERE number = ? AND owner = ?", (number, self._ledger.owner)
                )
            )

    async def collected(self, batch: Batch, answers: Mapping[str, Answer]) -> bool:
        """Keep a batch's answers, and free its other calls.

        Returns:
            Whether it was not collected before.
        """
        return await self._ledger.do(lambda: self._collected(batch.number, answers))

    def _collected(self, number: int, answers: Mapping[str, Answer]) -> bool:
        done = self._ledger.db.execute(
            "UPDATE batches SET collected = ?, owner = NULL WHERE number = ? AND collected IS NULL",
            (time.time(), number),
        )
        if done.rowcount == 0:
            return False
        for key, answer in answers.items():
            self._ledger.keep(key, answer)
        self._ledger.db.execute("DELETE FROM calls WHERE owner = ?", (f"{BATCH}{number}",))
        return True

    async def known(self) -> set[str]:
        """The provider's ids of all batches of this ledger, collected ones too."""
        rows = await self._ledger.do(
            lambda: self._ledger.db.execute("SELECT id FROM batches WHERE id IS NOT NULL").fetchall()
        )
        return {name for (name,) in rows}


def waiting(ledger: Ledger) -> dict[str, int]:
    """Batches of a ledger that are not collected yet: the provider's id of each, and how many calls it has."""
    rows = ledger.db.execute(
        "SELECT batches.id, count(*) FROM batches JOIN calls ON calls.owner = ? || batches.number "
        "WHERE batches.id IS NOT NULL GROUP BY batches.number ORDER BY batches.number",
        (BATCH,),
    )
    return dict(rows.fetchall())


async def give_up(ledger: Ledger, name: str) -> int:
    """Forget a batch that its provider has no more; its calls are free to be asked, and paid, anew.

    Args:
        ledger: the file.
        name: the provider's id.

    Returns:
        How many calls it has.

    Raises:
        UserError: no such batch is waited for, or a job is seeing to it.
    """
    return await ledger.do(lambda: _give_up(ledger, name))


def _give_up(ledger: Ledger, name: str) -> int:
    row = ledger.db.execute(
        "SELECT number, owner, lease FROM batches WHERE id = ? AND collected IS NULL", (name,)
    ).fetchone()
    if row is None:
        known = ", ".join(waiting(ledger)) or "none"
        raise UserError(f"The ledger {ledger.path} waits for no batch {name}; it waits for: {known}.")
    number, owner, lease = row
    if not orphaned(owner, lease, time.time()):
        raise UserError(f"A job is waiting for batch {name}. End it first.")
    ledger.db.execute("DELETE FROM batches WHERE number = ?", (number,))
    return ledger.db.execute("DELETE FROM calls WHERE owner = ?", (f"{BATCH}{number}",)).rowcount
