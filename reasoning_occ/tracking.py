"""Where training curves and final figures go: metrics.csv in the run's folder, or Weights & Biases."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf

from reasoning_occ.config import SWEEP
from reasoning_occ.errors import UserError
from reasoning_occ.files import whole
from reasoning_occ.identity import without_paths

COLUMNS: tuple[str, ...] = (
    "step", "loss", "loss_reason", "loss_answer", "valid_loss", "valid_loss_reason", "valid_loss_answer",
    "learning_rate", "gradient_norm", "tokens_per_second", "transitions_per_second",
)  # fmt: skip

PREFERENCE_COLUMNS: tuple[str, ...] = (
    "step", "loss", "loss_preference", "loss_sft", "logp_chosen", "logp_rejected", "reward_chosen", "reward_rejected",
    "reward_margin", "reward_accuracy", "kl", "learning_rate", "gradient_norm", "tokens_per_second", "pairs_per_second",
)  # fmt: skip
"""Of preference training; training/preference_loss.py says what they are."""

PREFER = "prefer"
"""The stage of preference training: its steps count from 0 again, so it has a log of its own."""


class CsvLog(Logger):
    """metrics.csv, one row a step. After a resume, rows from beyond the checkpoint are replaced."""

    def __init__(self, path: Path, columns: Sequence[str] = COLUMNS) -> None:
        super().__init__()
        self._path = path
        self._columns = columns
        self._begun = False

    @property
    def name(self) -> str:
        """Lightning's name for a logger's folder."""
        return ""

    @property
    def version(self) -> str:
        """Lightning's name for a logger's subfolder."""
        return ""

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """The configuration lies in .hydra/config.yaml already."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add a row."""
        row = {"step": step, **{k: v for k, v in metrics.items() if k in self._columns}}
        if len(row) == 1:
            return
        if not self._begun:
            self._begin(step or 0)
        try:
            with open(self._path, "a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, self._columns).writerow(row)
        except OSError as error:
            raise UserError(f"Could not write {self._path}: {error.strerror or error}. Free some space.") from error

    def _begin(self, step: int) -> None:
        old: list[dict[str, str]] = []
        if self._path.is_file():
            with open(self._path, newline="", encoding="utf-8") as file:
                old = [row for row in csv.DictReader(file) if _before(row, step)]
        with whole(self._path) as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(old)
        self._begun = True


def _before(row: Mapping[str, str], step: int) -> bool:
    """Whether a row was written before step `step` was taken; validation after step 20 and step 20 share a number."""
    if not (row["step"] or "").isdigit():
        return False  # torn by a kill
    return int(row["step"]) < step + bool(row.get("valid_loss"))


@contextmanager
def tracker(cfg: DictConfig, folder: Path, stage: str, place: Path | None = None) -> Iterator[Logger]:
    """The logger of one stage; finished when the block ends, whatever ends it.

    metrics.csv (of preference training preference.csv) lies in `place`, the folder of a stage that jobs share; without
    one in the run's.

    For Weights & Biases a sweep is a group, a stage a job type. Figures and the configuration are sent, careers and
    reasons never.

    Raises:
        UserError: the logger's kind is unknown, or Weights & Biases can't be reached.
    """
    if cfg.logger.kind == "csv":
        name, columns = ("preference.csv", PREFERENCE_COLUMNS) if stage == PREFER else ("metrics.csv", COLUMNS)
        yield CsvLog((place or folder) / name, columns)
        return
    if cfg.logger.kind != "wandb":
        raise UserError(f"logger: expected csv or wandb, got '{cfg.logger.kind}'.")
    import wandb
    from lightning.pytorch.loggers import WandbLogger

    try:
        run = wandb.init(
            project=cfg.logger.project,
            entity=cfg.logger.entity,
            dir=folder,
            id=f"{folder.name}-{stage}",
            name=f"{folder.name}-{stage}",
            group=os.environ.get(SWEEP, folder.name),
            job_type=stage,
            resume="allow",
            config=shown_config(cfg),
            settings=wandb.Settings(disable_code=True, disable_git=True, x_disable_machine_info=True, console="off"),
        )
    except wandb.Error as error:
        raise UserError(
            f"logger=wandb: {error}. Log in with WANDB_API_KEY, or set WANDB_MODE=offline to keep the log here."
        ) from error
    try:
        yield WandbLogger(experiment=run)
    finally:
        run.finish()


def shown_config(cfg: DictConfig) -> dict[str, Any]:
    """The configuration without the paths of this machine. Interpolations stay as written."""
    private = ("output", "sweeps", "stages", "data_dir", "hydra")
    values: Any = OmegaConf.to_container(OmegaConf.masked_copy(cfg, [str(k) for k in cfg if k not in private]))
    values["split"].pop("test_file")
    return without_paths(values)
