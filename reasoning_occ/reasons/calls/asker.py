"""Asks a provider through the ledger: paced, tried again where that helps, within a budget, never twice."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.estimate import Estimate, estimate
from reasoning_occ.reasons.calls.ledger import Answer, Ledger
from reasoning_occ.reasons.calls.pace import Pace, wait
from reasoning_occ.reasons.calls.prices import Price, dearest
from reasoning_occ.reasons.calls.request import CallError, Provider, Reply, Request
from reasoning_occ.reasons.types import Told

_LOOK_AGAIN = 0.5
"""Seconds between two looks for an answer that another process is asking for."""
log = logging.getLogger(__name__)


class BudgetReached(Exception):
    """The next call could go beyond the budget; what was answered is in the ledger."""


@dataclass(slots=True)
class Tally:
    """What happened so far in this process. spent: by this process; unpriced: answers whose price is unknown."""

    asked: int = 0
    known: int = 0
    failed: int = 0
    given_up: int = 0
    spent: float = 0.0
    unpriced: int = 0

    def __str__(self) -> str:
        """In a few words."""
        price = f"${self.spent:.2f}" + (f" and {self.unpriced:,} of unknown price" if self.unpriced else "")
        counts = {"known before": self.known, "failed attempts": self.failed, "without answer": self.given_up}
        return ", ".join([f"{self.asked:,} calls, {price}", *(f"{n:,} {what}" for what, n in counts.items() if n)])


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer within the deadline; `why` is the last failure. It is not in the ledger: the next start asks again."""

    why: str


class Asker:
    """One provider, asked by many at once.

    Args:
        provider: who answers.
        ledger: opens the ledger in which answers are kept, at the first call.
        price: of the model; None if unknown.
        at_once: most calls under way.
        deadline: seconds for one call with all its attempts.
        budget: US dollars for all calls of the ledger together; None: no limit.
        replay: whether only the ledger answers, and what it has no answer to is an error.

    Raises:
        UserError: there is a budget but no known price.
    """

    def __init__(
        self,
        provider: Provider,
        ledger: Callable[[], Ledger],
        *,
        price: Price | None,
        at_once: int,
        deadline: float,
        budget: float | None,
        replay: bool = False,
    ) -> None:
        if budget is not None and price is None:
            raise UserError(
                "budget_usd: this model's price is unknown, so no budget can be kept. Add it to conf/prices.yaml, "
                "or set budget_usd=null."
            )
        self.tally = Tally()
        self._provider = provider
        self._open_ledger = ledger
        self._price = price
        self._deadline = deadline
        self._budget = budget
        self._replay = replay
        self._pace = Pace(at_once)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def provider(self) -> str:
        """Its name, as requests to it have it."""
        return self._provider.name

    @cached_property
    def _ledger(self) -> Ledger:
        return self._open_ledger()

    def estimate(self, requests: Sequence[Request], ledger: Ledger | None, *, counts: bool) -> Estimate:
        """What these calls would cost; see `estimate.estimate`."""
        return estimate(requests, self._provider, self._price, ledger, counts=counts)

    def ask_all(self, requests: Sequence[Request], told: Told | None = None) -> list[Reply | Unanswered]:
        """The answers to many requests, in their order; a refused call cancels the others.

        Raises:
            BudgetReached: some calls could have gone beyond the budget; all others were answered first.
            UserError: as `ask`.
            KeyboardInterrupt: Ctrl-C; calls under way are given up.
        """
        if self._loop is None:
            # one for all times: the SDKs' connections belong to the loop that opened them
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="calls", daemon=True).start()
        asked = asyncio.run_coroutine_threadsafe(self._all(requests, told), self._loop)
        try:
            return asked.result()
        except BaseException:
            asked.cancel()
            raise

    async def _all(self, requests: Sequence[Request], told: Told | None) -> list[Reply | Unanswered]:
        tasks = [asyncio.create_task(self._one(request, told)) for request in requests]
        try:
            replies = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)  # claims are released
            raise
        answered = [reply for reply in replies if reply is not None]
        if len(answered) < len(replies):
            raise BudgetReached
        return answered

    async def _one(self, request: Request, told: Told | None) -> Reply | Unanswered | None:
        try:
            reply = await self.ask(request)
        except BudgetReached:
            return None  # a cheaper one may still fit, and those under way end in peace
        if told is not None:
            told(str(self.tally))
        return reply

    async def ask(self, request: Request) -> Reply | Unanswered:
        """The answer to a request: from the ledger if it is there, else by a call.

        Raises:
            BudgetReached: the call could go beyond the budget.
            UserError: the provider refuses calls of this kind, or the ledger has no answer and nobody may be asked.
        """
        key = request.key
        reserve = None if self._price is None else dearest(request, self._price)
        while True:
            if (known := await self._ledger.answer(key)) is not None:
                self.tally.known += 1
                return known.reply
            if self._replay:
                raise UserError(
                    f"calls.replay: the ledger {self._ledger.path} has no answer of {request.model} to a question of "
                    "this job, and nobody may be asked. Give the ledger that has it, or set calls.replay=false."
                )
            async with self._pace.turn():
                claim = await self._ledger.claim(request, 1.5 * self._deadline + 60, reserve, self._budget)
                if claim == "over budget":
                    raise BudgetReached
                if claim == "yours":
                    return await self._asked(request)
            await asyncio.sleep(_LOOK_AGAIN)

    async def _asked(self, request: Request) -> Reply | Unanswered:
        """Make the call that was claimed; the claim is recorded or released, whatever happens."""
        began = time.monotonic()
        try:
            reply, attempts = await self._attempts(request)
        except CallError as error:
            await self._ledger.release(request.key)
            if error.kind == "refused":
                raise UserError(f"{request.provider} refuses {request.model}: {error}") from error
            self.tally.given_up += 1
            log.warning("No answer within %g s, left out: %s", self._deadline, error)
            return Unanswered(str(error))
        except BaseException:
            await asyncio.shield(self._ledger.release(request.key))
            raise
        usd = None if self._price is None else self._price.of(reply.usage)
        answer = Answer(reply, usd, time.monotonic() - began, attempts)
        # paid: recorded even where whoever asked has gone meanwhile
        await asyncio.shield(self._ledger.record(request.key, answer))
        self.tally.asked += 1
        self.tally.spent += usd or 0.0
        self.tally.unpriced += usd is None
        return reply

    async def _attempts(self, request: Request) -> tuple[Reply, int]:
        """Try until there is an answer, the provider refuses, or the deadline is over."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._deadline
        attempt = 0
        while True:
            attempt += 1
            began = loop.time()
            try:
                async with asyncio.timeout_at(ends):
                    reply = await self._provider.ask(request)
                self._pace.went_well()
                return reply, attempt
            except TimeoutError as error:
                raise CallError("again", f"no answer within {self._deadline:g} s") from error
            except CallError as error:
                self.tally.failed += 1
                if error.kind == "refused":
                    raise
                if error.kind == "overloaded":
                    self._pace.overloaded(began, error.retry_after)
                pause = wait(attempt, error.retry_after)
                if loop.time() + pause >= ends:
                    raise
            await asyncio.sleep(pause)
