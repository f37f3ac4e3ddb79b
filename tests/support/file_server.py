"""A server on loopback that has one file, knows ranges and versions of it, and fails as it is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What it has and does.

    content, etag, modified: the file's version; "" where it names none.
    cuts: for the first requests, after how many bytes each connection ends; None: it doesn't.
    statuses: for the first requests, what each is answered with in place of the file; None: the file.
    longer: how many bytes more than it sends it says there are.
    sized: whether it says how many there are. ranges: whether it knows parts.
    wait: seconds before every 64 KiB.
    asked: headers of each request, and its answer's status.
    """

    content: bytes = b""
    etag: str = '"one"'
    modified: str = ""
    cuts: list[int | None] = field(default_factory=list)
    statuses: list[int | None] = field(default_factory=list)
    longer: int = 0
    sized: bool = True
    ranges: bool = True
    wait: float = 0.0
    url: str = ""
    asked: list[tuple[dict[str, str], int]] = field(default_factory=list)

    @property
    def parts(self) -> list[tuple[str | None, int]]:
        """Of each request the range it asked for, and its answer's status."""
        return [(headers.get("Range"), status) for headers, status in self.asked]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        headers = dict(handler.headers.items())
        status = self.statuses.pop(0) if self.statuses else None
        cut = self.cuts.pop(0) if self.cuts else None
        begin = 0
        if status is None:
            same = headers.get("If-Range", "") in ("", self.etag, self.modified)
            wanted = headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
            begin = int(wanted) if self.ranges and same else 0
        self.asked.append((headers, status or (206 if begin else 200)))
        handler.send_response(self.asked[-1][1])
        body = b"" if status else self.content[begin:]
        if begin:
            total = len(self.content) + self.longer
            handler.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
        for name, value in (("ETag", self.etag), ("Last-Modified", self.modified)):
            if value:
                handler.send_header(name, value)
        if self.sized:
            handler.send_header("Content-Length", str(len(body) + self.longer))
        handler.end_headers()
        body = body[:cut]
        for start in range(0, len(body), 1 << 16):
            time.sleep(self.wait)
            handler.wfile.write(body[start : start + (1 << 16)])


@contextmanager
def serving(server: FileServer) -> Iterator[FileServer]:
    """Run it on a free port, told in its `url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                server.answer(self)
            except (BrokenPipeError, ConnectionResetError):  # who asked was killed
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}/files/db_0_0_text.zip"
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
