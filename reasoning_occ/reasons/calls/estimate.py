"""What calls would cost, before any is made."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.prices import Price, estimated_input
from reasoning_occ.reasons.calls.request import CallError, Provider, Request, Usage

COUNTED = 20
"""Calls that a provider is asked to count; the tokens of all are taken from these."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls of one kind.

    calls: all that are needed. known: of these, how many the ledger answers. input: tokens of the others together.
    counted: on how many calls the provider counted them; 0: they are estimated from the text's length. output: tokens
    likely to be written, by what the model wrote to earlier calls of this kind; None before there are any.
    most_output: tokens that may be written at most. whole_input, whole_output: as `input` and `most_output`, of all
    calls, those that are known too. price: of a token; None: unknown.
    """

    calls: int
    known: int
    input: int
    counted: int
    output: int | None
    most_output: int
    whole_input: int
    whole_output: int
    price: Price | None

    @property
    def likely_usd(self) -> float | None:
        """What the calls that are not in the ledger would cost; None where price or output are unknown."""
        return None if self.price is None or self.output is None else self.price.of(Usage(self.input, self.output))

    @property
    def most_usd(self) -> float | None:
        """What they cost at most: every answer is as long as it may be, and the input is billed the dearest way; None
        where the price is unknown."""
        return None if self.price is None else self.price.most(self.input, self.most_output)


def estimate(
    requests: Sequence[Request], provider: Provider, price: Price | None, ledger: Ledger | None, *, counts: bool
) -> Estimate:
    """Look in the ledger for what is known, and estimate the rest.

    Args:
        requests: the calls; equal ones are one.
        provider: who would be asked.
        price: of the model; None if unknown.
        ledger: what was asked so far; None: nothing.
        counts: whether the provider may be asked to count tokens, which costs nothing but takes a key and a network.
    """
    by_key = {request.key: request for request in requests}
    known = set() if ledger is None else ledger.known(list(by_key))
    rest = [request for key, request in by_key.items() if key not in known]
    sample = rest[:: max(1, len(rest) // COUNTED)][:COUNTED]
    found = asyncio.run(_counted(provider, sample)) if counts and sample else []
    share = sum(found) / sum(map(estimated_input, sample)) if found else 1.0
    mean = None
    if ledger is not None and requests:
        first = requests[0]
        mean = ledger.mean_output(provider.name, first.model, schema=first.schema is not None)
    return Estimate(
        calls=len(by_key),
        known=len(known),
        input=round(share * sum(map(estimated_input, rest))),
        counted=len(found),
        output=None if mean is None else round(mean * len(rest)),
        most_output=sum(request.max_tokens for request in rest),
        whole_input=round(share * sum(map(estimated_input, by_key.values()))),
        whole_output=sum(request.max_tokens for request in by_key.values()),
        price=price,
    )


async def _counted(provider: Provider, sample: Sequence[Request]) -> list[int]:
    """Tokens of each, by the provider's counter; empty where it has none, or can't be asked."""
    try:
        found = await asyncio.gather(*(provider.count(request) for request in sample))
    except CallError:
        return []
    finally:
        await provider.close()
    return [] if any(tokens is None for tokens in found) else [tokens or 0 for tokens in found]
