"""status.json: how far a run is, for the run itself and for tables."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from reasoning_occ.files import write_json
from reasoning_occ.identity import plain, scoring_version
from reasoning_occ.report.jobs import STOPPED

SHOWN_ONLY = ("against", "people_shown")
"""Of `evaluation`, what tables and pages read from the configuration each time; no figure depends on it."""


class Status:
    """status.json: which stage a run is in since when, whether it is done, what stopped it, whether it can go on."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "status.json"
        self._stage, self._since = "check", _now()

    def finished_as(self, cfg: DictConfig) -> bool:
        """Whether all figures are on disk, scored as `cfg.evaluation` wants them and by this version of the metrics."""
        if not self.path.is_file():
            return False
        known = json.loads(self.path.read_text(encoding="utf-8"))
        # a file of an earlier version has no `scoring`
        return bool(known["done"]) and (known["evaluation"], known.get("scoring")) == _scored_as(cfg)

    def stage(self, name: str) -> None:
        """The stage that begins now."""
        self._stage, self._since = name, _now()
        self._write(resumable=True)

    def done(self, cfg: DictConfig) -> None:
        """Every figure is on disk."""
        evaluation, scoring = _scored_as(cfg)
        self._write(done=True, evaluation=evaluation, scoring=scoring)

    def failed(self, error: BaseException) -> None:
        """What stopped the run. What was wrong from the start can't go on; the rest the same command takes up."""
        told = STOPPED if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
        self._write(resumable=self._stage not in ("check", "load"), error=told)

    def _write(self, **known: Any) -> None:
        blank = {"stage": self._stage, "since": self._since, "done": False, "resumable": False, "error": None}
        write_json(self.path, blank | {"evaluation": None, "scoring": None} | known)


def _scored_as(cfg: DictConfig) -> tuple[dict[str, Any], str]:
    choice = plain(cfg, "evaluation")
    return {key: value for key, value in choice.items() if key not in SHOWN_ONLY}, scoring_version()


def _now() -> str:
    """This second, in the machine's time with its distance from UTC."""
    return datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
