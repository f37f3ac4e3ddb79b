"""From the command's words to a page that is served until Ctrl-C."""

import os
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from reasoning_occ.app.__main__ import Words
    from reasoning_occ.app.opened import Opened

HOST = "127.0.0.1"
_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SHARE": "False",
}
_OTHERS = ("GRADIO_ALLOWED_PATHS", "GRADIO_ROOT_PATH", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_MCP_SERVER")


def serve(words: "Words") -> None:
    """Open the run and serve the page until Ctrl-C or SIGTERM.

    Raises:
        UserError: gradio is missing, the port is taken, or the run can't be used.
    """
    _free(words.port)
    _gradio()
    from reasoning_occ.app.opened import opened

    # as Ctrl-C, so that what gradio wrote goes with the page
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = opened(words)
    with served(run, words.port) as address:
        print(f"Open {address} in a browser. Ctrl-C ends it.", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print("\nStopped.", file=sys.stderr)


@contextmanager
def served(run: "Opened", port: int) -> Iterator[str]:
    """The page while it is served; gives its address. What gradio puts into files meanwhile goes when it ends."""
    with TemporaryDirectory(prefix="reasoning_occ-page-") as scratch:
        os.environ.update(_QUIET, GRADIO_TEMP_DIR=scratch)
        for name in _OTHERS:
            os.environ.pop(name, None)
        from reasoning_occ.app.gate import Gate
        from reasoning_occ.app.page import head, page, theme

        found = page(run)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, address, _ = found.launch(
                server_name=HOST,
                server_port=port,
                share=False,
                inbrowser=False,
                prevent_thread_lock=True,
                quiet=True,
                show_error=False,
                allowed_paths=[],
                max_file_size=1,
                max_threads=8,
                state_session_capacity=20,
                footer_links=[],
                run_history=False,
                enable_monitoring=False,
                ssr_mode=False,
                pwa=False,
                mcp_server=False,
                strict_cors=True,
                theme=theme(),
                head=head(),
                app_kwargs={
                    "middleware": [_middleware(Gate)],
                    "docs_url": None,
                    "redoc_url": None,
                    "openapi_url": None,
                },
            )
        try:
            yield address.rstrip("/")
        finally:
            found.close(verbose=False)
            run.recommender.close()


def _middleware(gate: type) -> object:
    from starlette.middleware import Middleware

    return Middleware(gate)


def _free(port: int) -> None:
    """Nothing, where nobody listens on the port."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise UserError(
                f"port: {port} can't be used ({error.strerror}). Name another one, such as port={port + 1}."
            ) from error


def _gradio() -> None:
    """Nothing, where gradio is installed; it isn't read in yet, which takes seconds."""
    if find_spec("gradio") is None:
        raise UserError('The page needs gradio: pip install "reasoning-occ[app]".')
