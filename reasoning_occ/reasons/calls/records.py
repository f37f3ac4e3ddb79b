"""What a ledger holds, for those who only read it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reasoning_occ.reasons.calls.request import Reply, Usage

ANSWER = "text, stop, input, output, cache_read, cache_write, usd, seconds, attempts"
"""Columns of a call that hold its answer; `answer_of` reads them."""
_AT_ONCE = 256
"""Keys in one question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with what it cost. usd: None where the price is unknown. attempts: calls made for it, failed ones too."""

    reply: Reply
    usd: float | None
    seconds: float
    attempts: int


def answer_of(row: tuple[Any, ...]) -> Answer:
    """The columns of `ANSWER` as an answer."""
    text, stop, *tokens, usd, seconds, attempts = row
    return Answer(Reply(text, stop, Usage(*tokens)), usd, seconds, attempts)


class Records:
    """Answered calls of a ledger file that is there.

    Args:
        path: the SQLite file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these requests are answered."""
        return set(self.replies(keys))

    def replies(self, keys: Sequence[str]) -> dict[str, Reply]:
        """The replies to those of these requests that are answered."""
        found: dict[str, Reply] = {}
        with self._reader() as reader:
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f"SELECT key, {ANSWER} FROM calls WHERE stop IS NOT NULL AND key IN ({marks})"
                found |= {key: answer_of(tuple(row)).reply for key, *row in reader.execute(query, some)}
        return found

    def mean_output(self, provider: str, model: str, *, schema: bool) -> float | None:
        """Tokens that a model wrote to a call on average; None where it has answered none.

        Args:
            provider: by its name in requests.
            model: by the provider's name.
            schema: whether calls with a JSON schema are meant (judges have one) or those without (teachers).
        """
        with self._reader() as reader:
            query = (
                "SELECT avg(output) FROM calls WHERE provider = ? AND model = ? AND stop IS NOT NULL "
                "AND (json_extract(request, '$.schema') IS NOT NULL) = ?"
            )
            return reader.execute(query, (provider, model, schema)).fetchone()[0]

    def totals(self) -> list[dict[str, Any]]:
        """Answered calls by provider and model: how many, of how many the price is known, tokens, US dollars, and
        the mean seconds and attempts of a call."""
        sums = (
            "count(*) AS calls, count(usd) AS priced, sum(input + cache_read + cache_write) AS input, "
            "sum(cache_read) AS cached, sum(output) AS output, total(usd) AS usd, "
            "avg(seconds) AS seconds, avg(attempts) AS attempts"
        )
        with self._reader() as reader:
            reader.row_factory = sqlite3.Row
            found = reader.execute(
                f"SELECT provider, model, {sums} FROM calls WHERE stop IS NOT NULL GROUP BY provider, model"
            )
            return [dict(row) for row in found]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every answered call, oldest first, as plain values; `request` is JSON text."""
        with self._reader() as reader:
            reader.row_factory = sqlite3.Row
            names = f"key, provider, model, request, {ANSWER}, answered_at"
            for row in reader.execute(f"SELECT {names} FROM calls WHERE stop IS NOT NULL ORDER BY answered_at, key"):
                yield dict(row)

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """A connection that can't write, closed at the end."""
        # as_uri, for a path may hold what means something in an address: #, ? or %
        reader = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            yield reader
        finally:
            reader.close()
