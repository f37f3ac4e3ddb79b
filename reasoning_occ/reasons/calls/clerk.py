"""What everyone who asks has: a ledger, a tally, and an event loop in a thread of its own. How is left to each."""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.estimate import Estimate, estimate
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.prices import Price
from reasoning_occ.reasons.calls.records import Answer
from reasoning_occ.reasons.calls.request import Provider, Reply, Request
from reasoning_occ.reasons.types import Told

Found = TypeVar("Found")
_ENDING = 5.0
"""Seconds given to calls that are cancelled to release what they hold."""


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

    def count(self, answer: Answer) -> None:
        """One more answer was paid."""
        self.asked += 1
        self.spent += answer.usd or 0.0
        self.unpriced += answer.usd is None

    def __str__(self) -> str:
        """In a few words."""
        price = f"${self.spent:.2f}" + (f" and {self.unpriced:,} of unknown price" if self.unpriced else "")
        counts = {"known before": self.known, "failed attempts": self.failed, "without answer": self.given_up}
        return ", ".join([f"{self.asked:,} calls, {price}", *(f"{n:,} {what}" for what, n in counts.items() if n)])


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer in time; `why` is the last failure. It is not in the ledger: the next start asks again."""

    why: str


class Clerk(ABC):
    """Asks one provider for a teacher or a judge.

    Args:
        provider: who answers.
        ledger: opens the ledger in which answers are kept, at the first call.
        price: of the model; None if unknown.
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
        budget: float | None,
        replay: bool,
    ) -> None:
        if budget is not None and price is None:
            raise UserError(
                "budget_usd: this model's price is unknown, so no budget can be kept. Add it to conf/prices.yaml, "
                "or set budget_usd=null."
            )
        self.provider = provider.name
        self.tally = Tally()
        self._provider = provider
        self._open_ledger = ledger
        self._price = price
        self._budget = budget
        self._replay = replay
        self._loop: asyncio.AbstractEventLoop | None = None

    @cached_property
    def _ledger(self) -> Ledger:
        return self._open_ledger()

    def estimate(self, requests: Sequence[Request], ledger: Ledger | None, *, counts: bool) -> Estimate:
        """What these calls would cost; see `estimate.estimate`."""
        return estimate(requests, self._provider, self._price, ledger, counts=counts)

    def ask_all(self, requests: Sequence[Request], told: Told | None = None) -> list[Reply | Unanswered]:
        """The answers to many requests, in their order.

        Args:
            requests: equal ones are one call.
            told: hears how far the calls are.

        Raises:
            BudgetReached: some calls could have gone beyond the budget; all others were answered first.
            UserError: the provider refuses calls of this kind, can't be reached where that is needed, or would have to
                be asked where only the ledger may answer.
            KeyboardInterrupt: Ctrl-C; calls under way are given up, a batch at the provider is not.
        """
        if self._replay:
            return self._replayed(requests)
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="calls", daemon=True).start()
        ended = threading.Event()
        asked = asyncio.run_coroutine_threadsafe(self._whole(requests, told, ended), self._loop)
        try:
            return asked.result()
        except BaseException:
            asked.cancel()
            ended.wait(_ENDING)
            raise

    def _replayed(self, requests: Sequence[Request]) -> list[Reply | Unanswered]:
        replies = self._ledger.replies([request.key for request in requests])
        missing = [request for request in requests if request.key not in replies]
        if missing:
            raise UserError(
                f"replay: the ledger {self._ledger.path} has no answer of {missing[0].model} to {len(missing):,} "
                f"of {len(requests):,} questions, and nobody may be asked. Give the ledger that has them, or set "
                "calls.replay=false (for judge=replay: name the judge itself)."
            )
        self.tally.known += len(requests)
        return [replies[request.key] for request in requests]

    async def _whole(
        self, requests: Sequence[Request], told: Told | None, ended: threading.Event
    ) -> list[Reply | Unanswered]:
        try:
            return await self._all(requests, told)
        finally:
            await self._provider.close()
            ended.set()

    @abstractmethod
    async def _all(self, requests: Sequence[Request], told: Told | None) -> list[Reply | Unanswered]:
        """As `ask_all`, on the event loop."""


async def together(doing: Sequence[Coroutine[Any, Any, Found]]) -> list[Found]:
    """All results, in order; where one fails the others are cancelled, and have ended when the error is raised."""
    tasks = [asyncio.create_task(one) for one in doing]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
