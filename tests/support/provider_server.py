"""A server on loopback that speaks the Messages API, its batches and chat completions, with faults on demand.

Every byte goes through real sockets, so that the real SDKs are tested. A fault is drawn for each request from a plan.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from provider_batches import Batches

STATUS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    529: "Overloaded",
}
BATCHES = "/v1/messages/batches"
COUNT = "POST /v1/messages/count_tokens"
FAULTS = ("429", "529", "500", "drop", "half", "nonsense", "slow")


@dataclass
class Fake:
    """What the server does and saw.

    say: from the last user message, the answer's text.
    faults: share of requests that meet a fault of `kinds`.
    always: a fault for every request.
    latency: seconds before an answer.
    room: requests at once before it says 429; None: any number.
    tokens: what its counter says of every request.
    batches: what it holds of batches.
    mute: whether a batch is accepted without a word, until the connection ends.
    """

    say: Callable[[str], str] = lambda text: f"You said: {text[-40:]}"
    faults: float = 0.0
    kinds: tuple[str, ...] = FAULTS
    always: str | None = None
    latency: float = 0.0
    room: int | None = None
    retry_after: str | None = None
    tokens: int = 1000
    seed: int = 0
    batches: Batches = field(default_factory=Batches)
    mute: bool = False
    url: str = ""
    paid: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    most: int = 0
    under_way: int = 0

    def __post_init__(self) -> None:
        self._draw = Random(self.seed)

    def fault(self) -> str | None:
        """What befalls the next request."""
        if self.always is not None:
            return self.always
        return self._draw.choice(self.kinds) if self._draw.random() < self.faults else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open between requests."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = head[0].split(" ")
                if not await self._one(f"{method} {path}", headers, body, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> bool:
        asked = json.loads(body or b"{}")
        self.bodies.append(asked)
        self.headers.append(headers)
        self.at.append(time.monotonic())
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            fault = "429" if self.room is not None and self.under_way > self.room else self.fault()
            if fault:
                self.met[fault] += 1
            if fault == "drop":
                return False
            if fault and fault.isdigit():
                status = int(fault)
                more = {"retry-after": self.retry_after} if self.retry_after and status == 429 else {}
                await _send(writer, status, {"error": {"message": f"this is a {status}", "type": "error"}}, more)
                return True
            await asyncio.sleep(self.latency + (0.3 if fault == "slow" else 0.0))
            if fault == "broken":
                await _send(writer, 200, '{"content": [{"type": "text", "te')
                return True
            if fault == "nonsense":
                await _send(writer, 200, {"unexpected": True})
                return True
            whole = self._answer(path, asked)
            if whole is None:
                await _send(writer, 404, {"error": {"message": "there is no such batch", "type": "not_found_error"}})
                return True
            if self.mute and path == f"POST {BATCHES}":
                await asyncio.sleep(60)
            if fault == "half":
                writer.write(_head(200, len(whole), {}) + whole[: len(whole) // 2].encode())
                await writer.drain()
                return False
            if "messages" in asked and path != COUNT:
                self.paid[asked["messages"][-1]["content"]] += 1
            await _send(writer, 200, whole)
            return True
        finally:
            self.under_way -= 1

    def _answer(self, path: str, asked: dict[str, Any]) -> str | None:
        if path == COUNT:
            return json.dumps({"input_tokens": self.tokens})
        if path == f"POST {BATCHES}":
            return json.dumps(self.batches.accept(asked, self.paid))
        if path.startswith(f"GET {BATCHES}"):
            found = self.batches.get(path.removeprefix(f"GET {BATCHES}").partition("?")[0], self.say, _message)
            return found if found is None or isinstance(found, str) else json.dumps(found)
        answer = _message if path.startswith("POST /v1/messages") else _completion
        return json.dumps(answer(asked, self.say(asked["messages"][-1]["content"])))


def _message(asked: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 50},
    }


def _completion(asked: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": asked["model"],
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 150,
            "completion_tokens": 20,
            "total_tokens": 170,
            "prompt_tokens_details": {"cached_tokens": 50},
        },
    }


def _head(status: int, length: int, more: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {STATUS[status]}", "content-type: application/json", f"content-length: {length}"]
    return ("\r\n".join([*lines, *(f"{k}: {v}" for k, v in more.items())]) + "\r\n\r\n").encode()


async def _send(writer: asyncio.StreamWriter, status: int, body: Any, more: dict[str, str] | None = None) -> None:
    text = (body if isinstance(body, str) else json.dumps(body)).encode()
    writer.write(_head(status, len(text), more or {}) + text)
    await writer.drain()


@contextmanager
def running(fake: Fake) -> Iterator[Fake]:
    """The server in a thread of its own, on a free port of 127.0.0.1; it stops with the block."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(fake.serve, "127.0.0.1", 0, backlog=1024)
        fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
