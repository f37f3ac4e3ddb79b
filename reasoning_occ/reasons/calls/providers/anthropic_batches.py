"""The Message Batches API through the `anthropic` SDK: many calls in one, answered within a day at half the price."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from reasoning_occ.reasons.calls.providers.anthropic import Anthropic, body, call_error, reply_of
from reasoning_occ.reasons.calls.request import CallError, Reply, Request

SHARE = 0.5
"""Of the usual price."""
_REFUSED = (
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "billing_error",
)


@dataclass(frozen=True, slots=True)
class Look:
    """How far a batch is.

    created: by the provider's clock, in seconds since the epoch.
    done, failed: of `calls`; the provider may count them only at the end.
    kept: whether its results are still there.
    """

    id: str
    created: float
    calls: int
    done: int
    failed: int
    ended: bool
    kept: bool


class AnthropicBatches(Anthropic):
    """Batches at the provider. In requests it has the same name as for single calls, so that an answer serves both."""

    async def submit(self, requests: Mapping[str, Request]) -> str:
        """Send a batch.

        Args:
            requests: by their keys, by which results are told apart.

        Returns:
            The provider's id of it.

        Raises:
            CallError: "refused" and "overloaded": it was not accepted; "again": it may have been.
        """
        given = [{"custom_id": key, "params": body(request)} for key, request in requests.items()]
        async with _errors():
            return _look(await self._client.messages.batches.create(requests=given)).id

    async def look(self, name: str) -> Look:
        """How far a batch is.

        Raises:
            CallError: it can't be told.
        """
        async with _errors():
            return _look(await self._client.messages.batches.retrieve(name))

    async def since(self, when: float) -> list[Look]:
        """All batches created after a time, in seconds since the epoch, whoever sent them.

        Raises:
            CallError: they can't be told.
        """
        found: list[Look] = []
        async with _errors():
            async for batch in self._client.messages.batches.list(limit=100):  # the newest comes first
                look = _look(batch)
                if look.created < when:
                    break
                found.append(look)
        return found

    async def results(self, name: str) -> dict[str, Reply | CallError]:
        """What became of each call of a batch that has ended, by its key.

        Raises:
            CallError: the results could not be read to their end.
        """
        async with _errors():
            return {
                line.custom_id: _result(line.result) async for line in await self._client.messages.batches.results(name)
            }


def _look(batch: Any) -> Look:
    counts = batch.request_counts
    failed = counts.errored + counts.expired + counts.canceled
    return Look(
        id=str(batch.id),
        created=batch.created_at.timestamp(),
        calls=counts.processing + counts.succeeded + failed,
        done=counts.succeeded,
        failed=failed,
        ended=batch.processing_status == "ended",
        kept=batch.results_url is not None,
    )


def _result(result: Any) -> Reply | CallError:
    if result.type == "succeeded":
        try:
            return reply_of(result.message.to_dict())
        except CallError as error:
            return error
    if result.type == "errored":
        error = result.error.error
        return CallError("refused" if error.type in _REFUSED else "again", f"{error.type}: {error.message}")
    return CallError("again", f"in its batch it was {result.type}")


@asynccontextmanager
async def _errors() -> AsyncIterator[None]:
    """Errors of the SDK, of the connection below it and of what came over it, as `CallError`."""
    import anthropic

    try:
        yield
    except anthropic.APIError as error:
        raise call_error(error) from error
    except Exception as error:
        # a stream that breaks off raises errors of the library below the SDK, which is another in each of its versions
        raise CallError("again", f"the reply is not what a batch answers ({error!r})") from error
