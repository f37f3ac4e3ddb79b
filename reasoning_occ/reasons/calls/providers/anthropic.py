"""The Messages API through the `anthropic` SDK."""

import os
import time
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from reasoning_occ.reasons.calls.request import CallError, Kind, Reply, Request, Stop, Usage
from reasoning_occ.reasons.privacy import on_this_machine

KEY = "ANTHROPIC_API_KEY"
"""The environment variable that holds the key."""
OWN = "https://api.anthropic.com"
"""The provider's own address."""
_STOPS: dict[str, Stop] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class Anthropic:
    """Answers by the Messages API. The key comes from the environment alone.

    Args:
        base_url: another address than the provider's own; None for that.
        timeout: seconds for one attempt.
    """

    def __init__(self, base_url: str | None, timeout: float) -> None:
        self.name = f"anthropic {base_url}" if base_url else "anthropic"
        self._base_url = base_url
        self._timeout = timeout

    @cached_property
    def _client(self) -> Any:
        import anthropic  # takes seconds: not before the first call

        return anthropic.AsyncAnthropic(
            base_url=self._base_url or OWN,  # named, or a variable of the environment would choose another unseen
            max_retries=0,  # attempts are this project's own, so that they are counted, paced and told
            timeout=self._timeout,
            # of the two that the SDK has, the one that takes half the processor's time where many calls are under way
            # what is meant for this machine must not go to a proxy that the environment names
            http_client=anthropic.DefaultAioHttpClient(
                timeout=self._timeout, trust_env=not on_this_machine(self._base_url)
            ),
        )

    async def ask(self, request: Request) -> Reply:
        """One call; see `Provider`."""
        import anthropic

        # not messages.create: it checks every field both ways, which takes longer than all else that a call does here
        try:
            answer = await self._client.post("/v1/messages", body=body(request), cast_to=object)
        except anthropic.APIError as error:
            raise call_error(error) from error
        except ValueError as error:
            raise CallError("again", f"the reply is no JSON ({error})") from error
        return reply_of(answer)

    async def close(self) -> None:
        """End the connections; the next call opens new ones."""
        if (client := self.__dict__.pop("_client", None)) is not None:
            await client.close()

    async def count(self, request: Request) -> int | None:
        """Input tokens by the provider's own counter; None without a key."""
        import anthropic

        if not os.environ.get(KEY):
            return None
        given = {k: v for k, v in parameters(request).items() if k not in ("max_tokens", "extra_body")}
        try:
            return (await self._client.messages.count_tokens(**given)).input_tokens
        except anthropic.APIError as error:
            raise call_error(error) from error


def parameters(request: Request) -> dict[str, Any]:
    """A request as the SDK's arguments. The system text is marked for the provider's cache."""
    given: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": [{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
    }
    output: dict[str, Any] = {}
    if request.schema is not None:
        output["format"] = {"type": "json_schema", "schema": dict(request.schema)}
    if "effort" in request.sampling:
        output["effort"] = request.sampling["effort"]
    if output:
        given["output_config"] = output
    # newer models take no temperature, and the SDK has no argument for it
    if others := {name: value for name, value in request.sampling.items() if name != "effort"}:
        given["extra_body"] = others
    return given


def body(request: Request) -> dict[str, Any]:
    """A request as JSON on the wire."""
    given = parameters(request)
    return given | given.pop("extra_body", {})


def reply_of(message: Any) -> Reply:
    """A message, as it is in JSON, as a reply.

    Raises:
        CallError: the server sent something that is no message.
    """
    try:
        text = "".join(block["text"] for block in message["content"] if block["type"] == "text")
        used = message["usage"]
        usage = Usage(
            input=int(used["input_tokens"]),
            output=int(used["output_tokens"]),
            cache_read=int(used.get("cache_read_input_tokens") or 0),
            cache_write=int(used.get("cache_creation_input_tokens") or 0),
        )
        return Reply(text, _STOPS.get(message["stop_reason"], "other"), usage)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CallError("again", f"the reply is no message ({error})") from error


def call_error(error: Any) -> CallError:
    """What an error of either SDK means for the next attempt (both come from one generator and look alike)."""
    response = getattr(error, "response", None)
    status: int | None = getattr(error, "status_code", None)
    # a reply that broke off or is no JSON counts as no reply
    if status is None or response is None or status < 400:
        return CallError("again", str(error) or type(error).__name__)
    kind: Kind = "refused"
    if getattr(error, "code", None) == "insufficient_quota":
        pass  # it comes as 429, and waiting does not fill an account
    elif status in (429, 503, 529):
        kind = "overloaded"
    elif status in (408, 409) or status >= 500:
        kind = "again"
    return CallError(kind, f"{status}: {_words(error)}", _seconds(response.headers.get("retry-after")))


def _words(error: Any) -> str:
    """The provider's own message, where its body has one."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    words = inner.get("message") if isinstance(inner, dict) else None
    return str(words or error)[:500]


def _seconds(header: str | None) -> float | None:
    """Seconds that a `retry-after` asks to wait, in either of its forms (RFC 9110): a number, or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None  # neither: the usual back-off does
