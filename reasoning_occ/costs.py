"""cost.json: what a job cost, stage by stage; of a stage that several jobs share each tells the whole."""

import json
import time
from pathlib import Path
from typing import Any

from reasoning_occ.files import write_json

FILE = "cost.json"
_EVERY = 5.0
"""Seconds between two looks at the clock that are put on record."""


def read(folder: Path) -> dict[str, Any]:
    """What is on record in a folder: `seconds` by stage, and what else was noted."""
    path = folder / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"seconds": {}}


def note(folder: Path, seconds: dict[str, float], **figures: int) -> None:
    """Put figures on record, in the place of those of the same names.

    Args:
        folder: of a run or of a stage.
        seconds: by stage.
        figures: `transitions_seen`, `tokens_seen`, `trained_parameters`.
    """
    known = read(folder)
    write_json(folder / FILE, {**known, **figures, "seconds": {**known["seconds"], **seconds}})


class Meter:
    """Adds the seconds that a block takes to those of a stage, which may take several starts.

    A kill loses what came after the last `lap`.

    Args:
        folder: of a run or of a stage; None: nothing is put on record.
        stage: whose seconds they are.
    """

    def __init__(self, folder: Path | None, stage: str) -> None:
        self._folder = folder
        self._stage = stage
        self._began = 0.0

    def __enter__(self) -> "Meter":
        self._began = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self._keep()

    def lap(self) -> None:
        """Put the seconds so far on record, now and then."""
        if time.perf_counter() - self._began > _EVERY:
            self._keep()

    def _keep(self) -> None:
        if self._folder is None:
            return
        now = time.perf_counter()
        earlier = read(self._folder)["seconds"].get(self._stage, 0.0)
        note(self._folder, {self._stage: earlier + now - self._began})
        self._began = now
