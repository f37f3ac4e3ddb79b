"""Any server of OpenAI's chat completions (vLLM, llama.cpp, Ollama, `transformers serve`), by the `openai` SDK."""

import os
from functools import cached_property
from typing import Any

from reasoning_occ.reasons.calls.prices import estimated, estimated_input
from reasoning_occ.reasons.calls.providers.anthropic import call_error
from reasoning_occ.reasons.calls.request import CallError, Reply, Request, Stop, Usage
from reasoning_occ.reasons.privacy import on_this_machine

KEY = "OPENAI_API_KEY"
"""The environment variable that holds the key."""
OWN = "https://api.openai.com/v1"
"""The provider's own address."""
_STOPS: dict[str, Stop] = {"stop": "end", "length": "length", "content_filter": "refusal"}


class OpenAI:
    """Answers by chat completions. The key comes from the environment alone; own servers need none.

    Args:
        base_url: the server's address, ending in /v1; None for OpenAI's own.
        timeout: seconds for one attempt.
        limit: the server's name for the most tokens of an answer ("max_tokens", for newer models of OpenAI
            "max_completion_tokens").
    """

    def __init__(self, base_url: str | None, timeout: float, limit: str) -> None:
        self.name = f"openai {base_url}" if base_url else "openai"
        self._base_url = base_url
        self._timeout = timeout
        self._limit = limit

    @cached_property
    def _client(self) -> Any:
        import openai  # takes seconds: not before the first call

        return openai.AsyncOpenAI(
            api_key=os.environ.get(KEY) or "none",
            base_url=self._base_url or OWN,  # named, or a variable of the environment would choose another unseen
            max_retries=0,
            timeout=self._timeout,
            http_client=openai.DefaultAioHttpClient(
                timeout=self._timeout, trust_env=not on_this_machine(self._base_url)
            ),
        )

    async def ask(self, request: Request) -> Reply:
        """One call; see `Provider`."""
        import openai

        given: dict[str, Any] = {self._limit: request.max_tokens, **request.sampling}
        if request.schema is not None:
            form = {"name": "answer", "schema": dict(request.schema), "strict": True}
            given["response_format"] = {"type": "json_schema", "json_schema": form}
        messages: list[Any] = [{"role": "system", "content": request.system}]
        messages += [{"role": message.role, "content": message.text} for message in request.messages]
        try:
            done = await self._client.chat.completions.create(model=request.model, messages=messages, **given)
        except openai.APIError as error:
            raise call_error(error) from error
        except ValueError as error:
            raise CallError("again", f"the reply is no JSON ({error})") from error
        return _reply(done, request)

    async def close(self) -> None:
        """End the connections; the next call opens new ones."""
        if (client := self.__dict__.pop("_client", None)) is not None:
            await client.close()

    async def count(self, request: Request) -> int | None:
        """There is no counter."""
        return None


def key(base_url: str | None) -> str | None:
    """The environment variable that must be set: none for an own server."""
    return None if base_url else KEY


def _reply(done: Any, request: Request) -> Reply:
    try:
        choice = done.choices[0]
        refusal = getattr(choice.message, "refusal", None)
        stop: Stop = "refusal" if refusal else _STOPS.get(choice.finish_reason, "other")
        text = choice.message.content or refusal or ""
        used = done.usage
        if used is None:  # some servers don't count: estimated, for an answer is not asked for twice
            return Reply(text, stop, Usage(input=estimated_input(request), output=estimated(text)))
        details = getattr(used, "prompt_tokens_details", None)
        cached = int(getattr(details, "cached_tokens", None) or 0)
        usage = Usage(input=int(used.prompt_tokens) - cached, output=int(used.completion_tokens), cache_read=cached)
        return Reply(text, stop, usage)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise CallError("again", f"the reply is no chat completion ({error})") from error
