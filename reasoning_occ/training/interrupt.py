"""Ctrl-C and SIGTERM that are obeyed at the end of a step, so that no step is left half taken."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from reasoning_occ.progress import console


class Stopped(Exception):
    """A stop was asked for and everything is saved. (Lightning turns a KeyboardInterrupt into an exit.)"""


class Interrupt:
    """While entered, the first Ctrl-C (or SIGTERM, by which schedulers stop a job) only asks for a stop; a second one
    stops at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interrupt":
        # signals can be caught in the main thread only; elsewhere Ctrl-C stays what it is
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in self.SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        for each in self.SIGNALS:
            signal.signal(each, signal.default_int_handler)
        console.print("Stopping after this step; everything is saved then. Ctrl-C again stops at once.")

    def obey(self) -> None:
        """End the training.

        Raises:
            Stopped: always.
        """
        raise Stopped
