"""Work that jobs share: oracle reasons, adapters, reasons written at test time.

A stage's folder is named by all that its result depends on and by nothing else. So a job finds what another one has
made, and one that was cut off what it had; where two want the same at once, the second waits for the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig

from reasoning_occ.asking import reads_model
from reasoning_occ.config import learns_own_reasons, learns_reasons
from reasoning_occ.files import alone
from reasoning_occ.identity import content, digest, shaping
from reasoning_occ.progress import console

Name = Literal["oracle", "own", "learn", "prefer", "write"]

# what comes after a stage, or beside it, and so doesn't count
_AFTER: dict[Name, tuple[str, ...]] = {
    "oracle": ("inference", "evaluation", "preference", "method", "baseline", "ranking", "seed"),
    "own": ("inference", "evaluation", "preference"),
    "learn": ("inference", "evaluation", "preference"),
    "prefer": ("inference", "evaluation"),
    "write": ("inference", "evaluation"),
}
_REASONS = ("teacher", "judge", "oracle", "privacy")
_WRITING = ("max_reason_tokens", "temperature", "precision")


class Stages:
    """The folders of one job's stages, in `cfg.stages`.

    Args:
        cfg: the job.
    """

    def __init__(self, cfg: DictConfig) -> None:
        self._cfg = cfg

    @contextmanager
    def at(self, name: Name) -> Iterator[Path]:
        """The folder of a stage, held by this process alone; another job that works there is waited for.

        Raises:
            UserError: the folder can't be written, or what the job reads can't be read.
        """
        folder = Path(self._cfg.stages) / f"{name}-{digest(self._parts(name))}"
        with alone(folder, lambda: console.print(f"Another job works in {folder}: waiting for it.", soft_wrap=True)):
            yield folder

    def _parts(self, name: Name) -> dict[str, Any]:
        cfg = self._cfg
        without = {*_AFTER[name]}
        sums, reads = dict(self._content), False
        if name == "oracle":
            without.add("trainer")
            if not (reads := any(reads_model(node) for node in (cfg.teacher, cfg.judge))):
                without |= {"model", "debug"}
                sums.pop("weights", None)
        elif not learns_reasons(cfg):
            without |= set(_REASONS)
        parts = shaping(cfg, (str(key) for key in cfg if str(key) not in without))
        if name == "oracle" and reads:
            parts["precision"] = cfg.trainer.precision  # in which its weights are read
        if name == "write":
            parts["inference"] = {key: cfg.inference[key] for key in _WRITING}
            parts |= {"part": "valid"} if cfg.evaluation.part == "valid" else {}
        elif name != "oracle" and learns_own_reasons(cfg):
            parts["inference"] = {key: cfg.inference[key] for key in ("max_reason_tokens", "precision")}
        if name == "own":
            parts["method"].pop("own_reasons")  # a smaller share is among a larger one
        return {**parts, "stage": name, "checksums": sums}

    @cached_property
    def _content(self) -> dict[str, str]:
        return content(self._cfg)
