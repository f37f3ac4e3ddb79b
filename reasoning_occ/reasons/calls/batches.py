"""Asks by batches: sends them, waits for their end, which may take a day, and reads their results into the ledger.

A process may go at any time. What it has sent is collected by the next one, which first of all looks for batches that
nobody sees to. Where it isn't known whether the provider accepted a batch, as after a kill in that very moment, the
provider's own list is searched for it before its calls may be sent again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TypeVar

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.clerk import BudgetReached, Clerk, Unanswered, together
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.pace import wait
from reasoning_occ.reasons.calls.prices import Price, dearest
from reasoning_occ.reasons.calls.providers.anthropic_batches import SHARE, AnthropicBatches, Look
from reasoning_occ.reasons.calls.records import Answer
from reasoning_occ.reasons.calls.request import CallError, Reply, Request
from reasoning_occ.reasons.calls.submitted import Batch, Submitted
from reasoning_occ.reasons.types import Told

MOST = 10_000
"""Calls of one batch."""
_BYTES = 64 * 2**20
"""Of one batch; the provider takes up to 256 MB."""
_SKEW = 600.0
"""Seconds by which the provider's clock may be behind this one."""
Found = TypeVar("Found")


class Batches(Clerk):
    """One provider, asked by batches at half the price.

    Args:
        provider: who answers.
        ledger: opens the ledger in which answers are kept, at the first call.
        price: of the model for single calls; None if unknown.
        at_once: most calls of one batch.
        interval: seconds between two looks at a batch.
        deadline: seconds for the provider to answer when a batch is sent, looked at or read, with all attempts.
        budget: US dollars for all calls of the ledger together; None: no limit.
        replay: see `Clerk`.

    Raises:
        UserError: there is a budget but no known price, or `at_once` or `interval` is out of range.
    """

    def __init__(
        self,
        provider: AnthropicBatches,
        ledger: Callable[[], Ledger],
        *,
        price: Price | None,
        at_once: int,
        interval: float,
        deadline: float,
        budget: float | None,
        replay: bool = False,
    ) -> None:
        half = None if price is None else price.times(SHARE)
        super().__init__(provider, ledger, price=half, budget=budget, replay=replay)
        if at_once > MOST:
            raise UserError(f"at_once: a batch holds {MOST:,} calls at most; got {at_once}.")
        if not isinstance(interval, int | float) or isinstance(interval, bool) or not interval > 0:
            raise UserError(f"interval: expected seconds above 0 between two looks at a batch; got {interval!r}.")
        self._api = provider
        self._at_once = at_once
        self._interval = interval
        self._deadline = deadline
        self._looks: dict[int, tuple[Batch, Look]] = {}

    @cached_property
    def _submitted(self) -> Submitted:
        return Submitted(self._ledger, self.provider, 3 * self._interval + 1.5 * self._deadline + 60)

    async def _all(self, requests: Sequence[Request], told: Told | None) -> list[Reply | Unanswered]:
        wanted = {request.key: request for request in requests}
        got: dict[str, Reply | Unanswered] = {}
        mine: list[Batch] = []
        try:
            while True:
                found = await self._submitted.left_behind()
                mine += found
                await together([self._left_behind(batch, told) for batch in found])
                known = await self._ledger.answers(wanted.keys() - got.keys())
                self.tally.known += len(known.keys() - frozenset[str]().union(*(batch.keys for batch in mine)))
                got |= {key: answer.reply for key, answer in known.items()}
                missing = {key: request for key, request in wanted.items() if key not in got}
                if not missing:
                    return [got[request.key] for request in requests]
                sent, held = await self._send(missing, mine, told)
                for failed in await together([self._collect(batch, told) for batch in sent]):
                    got |= failed
                # what was reserved and not spent may be enough for some of the others
                if not sent and set(held.values()) == {"over budget"}:
                    raise BudgetReached
                if not sent:
                    await asyncio.sleep(self._interval)  # others are asking
        finally:
            self._looks.clear()
            self._submitted.leave(mine)

    async def _send(
        self, missing: Mapping[str, Request], mine: list[Batch], told: Told | None
    ) -> tuple[list[Batch], dict[str, str]]:
        """Send what may be asked, one batch after the other; says of the rest why not."""
        sent: list[Batch] = []
        held: dict[str, str] = {}
        for group in groups(missing, self._at_once, _BYTES):
            reserves = {} if self._price is None else {k: dearest(r, self._price) for k, r in group.items()}
            batch, refused = await self._submitted.intend(group, reserves, self._budget)
            held |= refused
            if batch is not None:
                mine.append(batch)
                asked = {key: request for key, request in group.items() if key in batch.keys}
                sent.append(await self._send_one(batch, asked, told))
        return sent, held

    async def _send_one(self, batch: Batch, requests: Mapping[str, Request], told: Told | None) -> Batch:
        """Have a batch accepted; tried again where it was not, or the provider's list doesn't hold it."""
        doubtful = False

        async def attempt() -> str:
            nonlocal doubtful
            if doubtful and (found := await self._find(batch, told)) is not None:
                return found
            try:
                return await self._api.submit(requests)
            except CallError as error:
                doubtful = doubtful or error.kind == "again"
                if error.kind == "refused" and not doubtful:
                    await self._submitted.withdraw(batch)
                raise

        return await self._accepted(batch, await self._insist(attempt, next(iter(requests.values())).model))

    async def _accepted(self, batch: Batch, name: str) -> Batch:
        await self._submitted.accepted(batch, name)
        return replace(batch, id=name)

    async def _left_behind(self, batch: Batch, told: Told | None) -> None:
        """Collect a batch that was left behind, or forget it if the provider never got it."""
        if batch.id is None:
            found = await self._find(batch, told)
            if found is None:
                await self._submitted.withdraw(batch)
                return
            batch = await self._accepted(batch, found)
        await self._collect(batch, told)

    async def _find(self, batch: Batch, told: Told | None) -> str | None:
        """The provider's id of a batch that may have been accepted; None if it was not.

        Only results say whose a batch is, so one that may be ours is waited for.
        """
        known = await self._submitted.known()
        for look in await self._insist(lambda: self._api.since(batch.intended - _SKEW)):
            if look.id not in known and look.calls == len(batch.keys):
                maybe = replace(batch, id=look.id)
                if (await self._ended(maybe, told)).kept and (await self._results(maybe)).keys() == batch.keys:
                    return look.id
        return None

    async def _ended(self, batch: Batch, told: Told | None) -> Look:
        """Wait for a batch's end."""
        while True:
            look = await self._insist_of(batch, lambda: self._api.look(str(batch.id)))
            await self._submitted.renew(batch)
            if look.ended:
                self._looks.pop(batch.number, None)
                return look
            self._looks[batch.number] = (batch, look)
            if told is not None:
                told(progress(self._looks.values(), time.time()))
            await asyncio.sleep(self._interval)

    async def _results(self, batch: Batch) -> dict[str, Reply | CallError]:
        return await self._insist_of(batch, lambda: self._api.results(str(batch.id)))

    async def _collect(self, batch: Batch, told: Told | None) -> dict[str, Unanswered]:
        """Wait for a batch's end and keep its answers; says of its other calls why they have none.

        Raises:
            UserError: the provider refuses some of its calls; the others' answers are kept.
        """
        look = await self._ended(batch, told)
        results = await self._results(batch) if look.kept else {}
        took = time.time() - batch.intended
        answers = {
            key: Answer(reply, None if self._price is None else self._price.of(reply.usage), took, 1)
            for key, reply in results.items()
            if isinstance(reply, Reply) and key in batch.keys
        }
        errors = {key: found for key, found in results.items() if isinstance(found, CallError)}
        if await self._submitted.collected(batch, answers):
            for answer in answers.values():
                self.tally.count(answer)
            self.tally.given_up += len(batch.keys) - len(answers)
        if told is not None:
            told(str(self.tally))
        for error in errors.values():
            if error.kind == "refused":
                raise UserError(f"{self.provider} refuses calls of a batch: {error}") from error
        return {
            key: Unanswered(str(errors.get(key, "it is not among the results of its batch")))
            for key in batch.keys - answers.keys()
        }

    async def _insist_of(self, batch: Batch, call: Callable[[], Awaitable[Found]]) -> Found:
        """Call the provider about a batch of its own until it answers; errors as `_insist`."""
        return await self._insist(
            call,
            f"a question about batch {batch.id}",
            f" If it has that batch no more, give it up, and its calls will be asked and paid anew: "
            f"python -m reasoning_occ.ledger prune {self._ledger.path} --batch {batch.id}",
        )

    async def _insist(
        self, call: Callable[[], Awaitable[Found]], what: str = "a question about batches", hint: str = ""
    ) -> Found:
        """Call the provider until it answers.

        Raises:
            UserError: it refuses, or does not answer within the deadline.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._deadline
        attempt = 0
        while True:
            attempt += 1
            try:
                return await call()
            except CallError as error:
                self.tally.failed += 1
                if error.kind == "refused":
                    raise UserError(f"{self.provider} refuses {what}: {error}.{hint}") from error
                pause = wait(attempt, error.retry_after)
                if loop.time() + pause >= ends:
                    raise UserError(
                        f"{self.provider} can't be asked about batches since {self._deadline:g} s: {error}. Batches "
                        "that it has are collected by the next start."
                    ) from error
            await asyncio.sleep(pause)


def groups(requests: Mapping[str, Request], calls: int, size: int) -> Iterator[dict[str, Request]]:
    """Requests in groups of so many calls and bytes at most; one that is larger alone is a group."""
    group: dict[str, Request] = {}
    held = 0
    for key, request in requests.items():
        one = len(request.as_json().encode())
        if group and (len(group) == calls or held + one > size):
            yield group
            group, held = {}, 0
        group[key] = request
        held += one
    if group:
        yield group


def progress(looks: Collection[tuple[Batch, Look]], now: float) -> str:
    """How far batches are at a time (seconds since the epoch), in a few words."""
    counts = {
        "done": sum(look.done for _, look in looks),
        "failed": sum(look.failed for _, look in looks),
    }
    name = "batch" if len(looks) == 1 else f"{len(looks)} batches"
    waited = timedelta(seconds=int(now - min(batch.intended for batch, _ in looks)))
    parts = [*(f"{n:,} {what}" for what, n in counts.items() if n), f"waited {waited}"]
    return f"{name} of {sum(look.calls for _, look in looks):,}: {', '.join(parts)}"
