"""How many calls may be under way at once, and how long to wait before one is tried again."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0


class Pace:
    """Lets a limited number of calls be under way; the limit halves when the provider is overloaded and grows back.

    Growth is by one for every round of calls that went well (as TCP does it), so a provider's true limit is found and
    kept to.

    Args:
        most: calls at once at most, at least 1.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._resumes = 0.0  # no call starts before, by the event loop's clock
        self._halved = float("-inf")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a call may start; it is under way inside."""
        loop = asyncio.get_running_loop()
        while self._under_way >= int(self.limit):
            turn = loop.create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()  # the turn was given and won't be used
                raise
        self._under_way += 1
        try:
            while (wait := self._resumes - loop.time()) > 0:
                await asyncio.sleep(wait)
            yield
        finally:
            self._under_way -= 1
            self._wake()

    def went_well(self) -> None:
        """A call was answered."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def overloaded(self, began: float, retry_after: float | None) -> None:
        """A call that began at `began` (the event loop's clock) was sent away.

        Calls that were under way together are one sign: they halve the limit once.
        """
        now = asyncio.get_running_loop().time()
        if began >= self._halved:
            self.limit = max(1.0, self.limit / 2)
            self._halved = now
        if retry_after:
            self._resumes = max(self._resumes, now + min(retry_after, _LONGEST_WAIT))

    def _wake(self) -> None:
        free = int(self.limit) - self._under_way
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1


def wait(attempt: int, retry_after: float | None) -> float:
    """Seconds to wait after the failed attempt of that number (from 1): doubling, with full jitter.

    A provider's own `retry_after` is the least, with a little jitter so that not all come back at once.
    """
    backoff = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt))  # jitter decides no result
    return backoff if retry_after is None else retry_after + random.uniform(0, 0.1 * retry_after + 0.05)
