"""Asks a provider through the ledger: paced, tried again where that helps, within a budget, never twice."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.clerk import BudgetReached, Clerk, Unanswered, together
from reasoning_occ.reasons.calls.ledger import Claim, Ledger
from reasoning_occ.reasons.calls.pace import Pace, wait
from reasoning_occ.reasons.calls.prices import Price, dearest
from reasoning_occ.reasons.calls.records import Answer
from reasoning_occ.reasons.calls.request import CallError, Provider, Reply, Request
from reasoning_occ.reasons.types import Told

_RECENT = 200
"""Answers over which the rate is taken."""
_SILENT = 5
"""Calls without an answer, one after the other, after which nobody is asked any more; at least as many as are under
way at once, which all may have begun in the same bad moment."""
_LOOK_AGAIN = 0.5
"""Seconds between two looks for an answer that another process is asking for."""
log = logging.getLogger(__name__)


class Asker(Clerk):
    """One provider, asked by many at once.

    Args:
        provider: who answers.
        ledger: opens the ledger in which answers are kept, at the first call.
        price: of the model; None if unknown.
        at_once: most calls under way.
        deadline: seconds for one call with all its attempts.
        budget: US dollars for all calls of the ledger together; None: no limit.
        replay: see `Clerk`.

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
        super().__init__(provider, ledger, price=price, budget=budget, replay=replay)
        self._deadline = deadline
        self._pace = Pace(at_once)
        self._recent: deque[float] = deque(maxlen=_RECENT)  # when answers came, by the monotonic clock
        self._silent = 0  # calls without an answer since the last one with
        self._most_silent = max(_SILENT, at_once)
        self._under_way = 0
        self._ended = asyncio.Event()  # set when a call under way ends; then another takes its place

    async def _all(self, requests: Sequence[Request], told: Told | None) -> list[Reply | Unanswered]:
        keys = [request.key for request in requests]
        known = await self._ledger.answers(keys)
        self.tally.known += sum(key in known for key in keys)
        waiting = [request for key, request in zip(keys, requests, strict=True) if key not in known]
        # where one fails, the claims of the others are released
        asked = await together([self._one(request, told) for request in waiting])
        answered = iter([reply for reply in asked if reply is not None])
        if None in asked:
            raise BudgetReached
        return [known[key].reply if key in known else next(answered) for key in keys]

    async def _one(self, request: Request, told: Told | None) -> Reply | Unanswered | None:
        try:
            return await self.ask(request, told)
        except BudgetReached:
            return None  # a cheaper one may still fit, and those under way end in peace

    async def ask(self, request: Request, told: Told | None = None) -> Reply | Unanswered:
        """The answer to a request: from the ledger if it is there, else by a call.

        Raises:
            BudgetReached: the call could go beyond the budget, and no call under way can end cheaper than it might.
            UserError: the provider refuses calls of this kind, answers none of many, or this one is in a batch that
                was left behind.
        """
        key = request.key
        reserve = None if self._price is None else dearest(request, self._price)
        while True:
            async with self._pace.turn():
                claim = await self._within_budget(request, reserve)
                if claim == "over budget":
                    raise BudgetReached
                if claim == "left":
                    raise UserError(
                        f"Calls of this job to {request.provider} were sent as a batch that no job is waiting for. "
                        f"Collect it first: start once with anthropic_batch in place of anthropic."
                    )
                if claim == "yours":
                    return await self._asked(request, key, told)
            # somebody else asks, or has asked
            if (known := await self._ledger.answer(key)) is not None:
                self.tally.known += 1
                return known.reply
            await asyncio.sleep(_LOOK_AGAIN)

    async def _within_budget(self, request: Request, reserve: float | None) -> Claim:
        """As `_claim`; waits for calls under way, which mostly cost less than was held back for them."""
        while True:
            before = self._ended
            claim = await self._claim(request, reserve)
            if claim == "yours":
                self._under_way += 1
            if claim != "over budget" or (self._under_way == 0 and self._ended is before):
                return claim
            if self._ended is before:  # else one has ended since the claim was refused
                await before.wait()

    async def _claim(self, request: Request, reserve: float | None) -> Claim:
        """As `Ledger.claim`; a claim that comes when nobody waits for it any more is given up."""
        try:
            return await self._ledger.claim(request, 1.5 * self._deadline + 60, reserve, self._budget)
        except asyncio.CancelledError:
            await asyncio.shield(self._ledger.release(request.key))
            raise

    async def _asked(self, request: Request, key: str, told: Told | None) -> Reply | Unanswered:
        """Make the call that was claimed; the claim is recorded or released, whatever happens."""
        try:
            return await self._answered(request, key, told)
        finally:
            self._under_way -= 1
            self._ended.set()
            self._ended = asyncio.Event()

    async def _answered(self, request: Request, key: str, told: Told | None) -> Reply | Unanswered:
        began = time.monotonic()
        try:
            reply, attempts = await self._attempts(request, told)
        except CallError as error:
            await self._ledger.release(key)
            if error.kind == "refused":
                raise UserError(f"{request.provider} refuses {request.model}: {error}") from error
            self._given_up(request, error)
            return Unanswered(str(error))
        except BaseException:
            await asyncio.shield(self._ledger.release(key))
            raise
        usd = None if self._price is None else self._price.of(reply.usage)
        answer = Answer(reply, usd, time.monotonic() - began, attempts)
        # paid: recorded even where whoever asked has gone meanwhile
        await asyncio.shield(self._ledger.record(key, answer))
        self.tally.count(answer)
        self._recent.append(time.monotonic())
        self._silent = 0
        self._tell(told)
        return reply

    def _given_up(self, request: Request, error: CallError) -> None:
        self.tally.given_up += 1
        self._silent += 1
        log.warning("No answer within %g s, left out: %s", self._deadline, error)
        if self._silent >= self._most_silent:
            raise UserError(
                f"{request.provider} gave no answer to the last {self._silent} calls, for {self._deadline:g} s each "
                f"({error}). Start again when it does: answers that came are kept."
            ) from error

    def _tell(self, told: Told | None) -> None:
        if told is not None:
            told(f"{self.tally}{rate(self._recent)}")

    async def _attempts(self, request: Request, told: Told | None) -> tuple[Reply, int]:
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
                self._tell(told)
                if error.kind == "refused":
                    raise
                if error.kind == "overloaded":
                    self._pace.overloaded(began, error.retry_after)
                pause = wait(attempt, error.retry_after)
                if loop.time() + pause >= ends:
                    raise
            await asyncio.sleep(pause)


def rate(times: Sequence[float]) -> str:
    """How many answers came in a second or, where that is less than one, in a minute; nothing before there are two."""
    if len(times) < 2 or times[-1] <= times[0]:
        return ""
    a_second = (len(times) - 1) / (times[-1] - times[0])
    return f", {a_second:.1f}/s" if a_second >= 1 else f", {60 * a_second:.1f}/min"
