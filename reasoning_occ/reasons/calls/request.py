"""What is asked of a language model and what comes back, whoever the provider is."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

Stop = Literal["end", "length", "refusal", "other"]


class Message(NamedTuple):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True)
class Request:
    """Everything that shapes an answer; two equal requests are one call.

    Args:
        provider: who is asked, with the address where it is not the provider's own ("openai http://127.0.0.1:8000/v1").
        model: by the provider's name.
        system: instructions, equal for many requests, so that a provider can cache them.
        messages: the conversation, the user's turn last.
        max_tokens: of the answer.
        sampling: parameters by the provider's names, such as temperature or effort; empty for the provider's own.
        schema: JSON schema that the answer must follow; None for free text.
        sample: tells apart several answers to one question.
    """

    provider: str
    model: str
    system: str
    messages: tuple[Message, ...]
    max_tokens: int
    sampling: Mapping[str, float | str] = field(default_factory=dict)
    schema: Mapping[str, Any] | None = None
    sample: int = 0

    def as_json(self) -> str:
        """The request as canonical JSON: equal requests give equal text."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that shapes the answer, worked out once."""
        return hashlib.sha256(self.as_json().encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a call was billed for. `cache_*` are not part of `input`."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered: its text as it came, why it stopped, and the tokens."""

    text: str
    stop: Stop
    usage: Usage

    def __post_init__(self) -> None:
        """Halves of characters (lone surrogates), which JSON can carry and no file can hold, become question marks."""
        object.__setattr__(self, "text", self.text.encode("utf-8", "replace").decode())


Kind = Literal["overloaded", "again", "refused"]


class CallError(Exception):
    """A call without an answer.

    Args:
        kind: "overloaded": ask again, later and with fewer calls at once; "again": ask again; "refused": the provider
            will not answer this or any like it (a wrong key, an unknown model, a malformed request).
        message: the provider's own words.
        retry_after: seconds that the provider asks to wait.
    """

    def __init__(self, kind: Kind, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after


class Provider(Protocol):
    """Someone who answers requests. name: names it in requests, with its address where that is not its own."""

    name: str

    async def ask(self, request: Request) -> Reply:
        """One call, without attempts of its own.

        Raises:
            CallError: there is no answer.
        """
        ...

    async def close(self) -> None:
        """End the connections; the next call opens new ones."""
        ...

    async def count(self, request: Request) -> int | None:
        """Input tokens by the provider's own counter; None where it has none."""
        ...
