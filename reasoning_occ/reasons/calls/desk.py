"""What all teachers and judges of a job share when they ask: one ledger, one budget, one rule of what may be sent."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.asker import Asker
from reasoning_occ.reasons.calls.batches import Batches
from reasoning_occ.reasons.calls.clerk import Clerk
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.prices import Prices, read_prices
from reasoning_occ.reasons.calls.providers.anthropic_batches import AnthropicBatches
from reasoning_occ.reasons.calls.request import Message, Provider, Request
from reasoning_occ.reasons.privacy import check_fields, on_this_machine


@dataclass(frozen=True, slots=True)
class Terms:
    """Which model is asked, and how.

    model: by the provider's name.
    base_url: the provider's address; None for its own.
    max_tokens: of an answer, what the model thinks before it included.
    at_once: most calls under way.
    timeout: seconds for one attempt.
    deadline: seconds for one call with all its attempts.
    parameters: of the provider, such as temperature or effort; those of None are left to the provider.
    replay: whether only the ledger answers, whatever the desk says; then no key is needed.
    """

    model: str
    base_url: str | None
    max_tokens: int
    at_once: int
    timeout: float
    deadline: float
    parameters: Mapping[str, float | str | None]
    replay: bool = False

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming it."""
        for name in ("max_tokens", "at_once", "timeout", "deadline"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
                raise UserError(f"{self.model}, {name}: expected a number above 0; got {value!r}.")
        if not isinstance(self.replay, bool):
            raise UserError(f"{self.model}, replay: expected true or false; got {self.replay!r}.")
        address = urlsplit(self.base_url or "")
        if address.username or address.password or address.query:
            raise UserError(
                f"{self.model}, base_url: expected an address without user, password or query, which would be kept in "
                "the ledger. A key comes from the environment."
            )

    def request(self, provider: str, system: str, user: str, schema: Mapping[str, Any] | None, sample: int) -> Request:
        """A call with one turn."""
        return Request(
            provider=provider,
            model=self.model,
            system=system,
            messages=(Message("user", user),),
            max_tokens=self.max_tokens,
            sampling={name: value for name, value in self.parameters.items() if value is not None},
            schema=schema,
            sample=sample,
        )


class Desk:
    """Where calls are made from.

    Args:
        ledger: the file; opened at the first call.
        prices: a price table.
        budget_usd: what all calls of the ledger together may cost; None: no limit.
        send: fields of a career that may leave the machine; see `privacy`.
        local_only: whether only servers on this machine may be asked.
        replay: whether only the ledger answers; then no key is needed.
        keys: whether providers' keys must be there.

    Raises:
        UserError: an unknown field, or a budget that is no number above 0.
    """

    def __init__(
        self,
        *,
        ledger: Path,
        prices: Path,
        budget_usd: float | None,
        send: Sequence[str],
        local_only: bool,
        replay: bool = False,
        keys: bool = True,
    ) -> None:
        check_fields(send)
        for name, value in {"privacy.local_only": local_only, "calls.replay": replay}.items():
            if not isinstance(value, bool):
                raise UserError(f"{name}: expected true or false; got '{value}'.")
        number = isinstance(budget_usd, int | float) and not isinstance(budget_usd, bool)
        if budget_usd is not None and not (number and budget_usd > 0):
            raise UserError(f"calls.budget_usd: expected a number above 0, or null; got {budget_usd!r}.")
        self.send = tuple(send)
        self._path = ledger
        self._prices = prices
        self._budget = budget_usd
        self._local_only = local_only
        self._replay = replay
        self._keys = keys and not replay

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened or made."""
        return Ledger(self._path)

    @cached_property
    def prices(self) -> Prices:
        """The price table.

        Raises:
            UserError: it can't be read.
        """
        return read_prices(self._prices)

    @property
    def has_ledger(self) -> bool:
        """Whether there is a ledger already; it is made when it is first opened."""
        return self._path.is_file()

    def asker(self, provider: Provider, terms: Terms, key: str | None) -> Clerk:
        """Asks a provider; nothing is connected before the first call.

        Args:
            provider: who is asked.
            terms: which model, and how.
            key: the environment variable that must hold the provider's key; None if none is needed.

        Raises:
            UserError: the address is not of this machine where only such may be asked, the key is missing, there is
                no ledger where only that may answer, or there is a budget but no known price.
        """
        self._check(provider, terms, key)
        return Asker(
            provider,
            lambda: self.ledger,
            price=self.prices.of(terms.model),
            at_once=terms.at_once,
            deadline=terms.deadline,
            budget=self._budget,
            replay=self._replay or terms.replay,
        )

    def batches(self, provider: AnthropicBatches, terms: Terms, key: str | None, interval: float) -> Clerk:
        """As `asker`, by batches.

        Args:
            provider: who is asked.
            terms: which model, and how; `at_once` is the most calls of a batch.
            key: as for `asker`.
            interval: seconds between two looks at a batch.

        Raises:
            UserError: as `asker`, or a value is out of range.
        """
        self._check(provider, terms, key)
        return Batches(
            provider,
            lambda: self.ledger,
            price=self.prices.of(terms.model),
            at_once=terms.at_once,
            interval=interval,
            deadline=terms.deadline,
            budget=self._budget,
            replay=self._replay or terms.replay,
        )

    def _check(self, provider: Provider, terms: Terms, key: str | None) -> None:
        if self._local_only and not on_this_machine(terms.base_url):
            raise UserError(
                f"privacy.local_only: {provider.name} is not on this machine. Choose a teacher and a judge "
                "that are, or set privacy.local_only=false."
            )
        if key is not None and self._keys and not terms.replay and not os.environ.get(key):
            raise UserError(
                f"{key} is not set: {provider.name} needs a key, and it is read from the environment alone. Set it "
                "there, or choose another teacher, judge or baseline."
            )
        if (self._replay or terms.replay) and not self.has_ledger:
            raise UserError(
                f"replay: there is no ledger {self._path} to answer for {terms.model}; give the one that holds the "
                "answers (calls.ledger), or set calls.replay=false (for judge=replay: name the judge itself)."
            )
