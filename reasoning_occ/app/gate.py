"""What stands before gradio's own server: only what the page needs gets through.

Gradio serves files, takes uploads, and fetches addresses that it is asked for (`/file=`, `/upload`, `/proxy=`); the
page uses none of that, so none of it can be reached. A name other than this machine's is refused, so that no other
site can have the browser ask in its name (DNS rebinding), and the browser itself is told to ask nobody else.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Messages = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Messages, Send], Awaitable[None]]

LARGEST = 8_000_000
"""Bytes of a request; the page's own are below it, since the browser cuts what is longer than a career."""
_READ = re.compile(
    r"/|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/(assets|static|svelte)/[\w./-]+"
    r"|/gradio_api/(info/?|startup-events|theme\.css|app_id/?|user/?|login_check/?|queue/data|heartbeat/\w+)"
)
_SENT = re.compile(r"/gradio_api/(queue/join|cancel|reset)/?")
_HERE = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?")
_HEADERS = [
    # gradio compiles its templates in the browser and styles elements, so both must be allowed
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
        b"base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


class Gate:
    """ASGI middleware; refuses with 403 what is not the page's, 413 what is too large."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Messages, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        status = refused(scope)
        if status:
            await _refuse(send, status)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in _HEADERS}
                kept = [pair for pair in message.get("headers", ()) if bytes(pair[0]).lower() not in ours]
                message = {**message, "headers": [*kept, *_HEADERS]}
            await send(message)

        await self._app(scope, _bounded(receive), with_headers)


def refused(scope: Scope) -> int:
    """The status with which a request is refused; 0 where it may go on."""
    headers = {bytes(name).lower(): bytes(value).decode("latin-1") for name, value in scope.get("headers", ())}
    if scope["type"] != "http" or not _HERE.fullmatch(headers.get(b"host", "")):
        return 403
    allowed = {"GET": _READ, "HEAD": _READ, "POST": _SENT}.get(scope["method"])
    path = scope["path"]
    if allowed is None or not allowed.fullmatch(path) or ".." in path or "//" in path:
        return 403
    length = headers.get(b"content-length", "0")
    if not length.isdigit() or int(length) > LARGEST:
        return 413
    return 403 if scope["method"] == "POST" and not _is_own(headers) else 0


def _is_own(headers: MutableMapping[bytes, str]) -> bool:
    """Whether a page of this server's asks: browsers name the asking site, and no other may send JSON unasked."""
    asking = headers.get(b"origin")
    is_json = headers.get(b"content-type", "").partition(";")[0].strip() == "application/json"
    return is_json and (asking is None or _HERE.fullmatch(asking.removeprefix("http://")) is not None)


def _bounded(receive: Messages) -> Messages:
    """The same request, cut off where it is longer than it said or may be."""
    seen = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return message if seen <= LARGEST else {"type": "http.disconnect"}

    return bounded


async def _refuse(send: Send, status: int) -> None:
    words = b"This page does not serve that." if status == 403 else b"That is too large for a career."
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(words)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words})
