"""Where training curves and final figures go: metrics.csv in the run's folder, or Weights & Biases."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig

from reasoning_occ.config import SWEEP, learns_reasons, recommender_node
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.prediction_file import read
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.files import whole
from reasoning_occ.identity import short_name
from reasoning_occ.logged import COLUMNS, NAMES, PREFER, PREFERENCE_COLUMNS, figures, names
from reasoning_occ.login import UNSENT, log_in
from reasoning_occ.progress import console
from reasoning_occ.report.jobs import METRICS_FILE, read_object
from reasoning_occ.shown import shown_config

LEARNT = ("adapter", "model", "generator/adapter", "predictor/adapter")
"""Where in a job's folder what it learnt can lie."""
LOG_IN = "Log in with WANDB_API_KEY or `wandb login`, or set WANDB_MODE=offline to keep the log here."
BEST = 5
"""Titles of a row in a table of predictions."""


class _Log(Logger):
    """What Lightning asks of a logger beside figures."""

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
        """Each place has the configuration already."""


class CsvLog(_Log):
    """metrics.csv, one row a step. After a resume, rows from beyond the checkpoint are replaced."""

    def __init__(self, path: Path, columns: Sequence[str] = COLUMNS) -> None:
        super().__init__()
        self._path = path
        self._columns = columns
        self._begun = False

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


class WandbLog(_Log):
    """One stage's curves in the job's W&B run, under the stage's name and over the stage's own steps."""

    def __init__(self, run: Any, stage: str) -> None:
        super().__init__()
        self._run = run
        self._stage = stage
        run.define_metric(f"{stage}/*", step_metric=f"{stage}/step")

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add a row."""
        self._run.log({f"{self._stage}/{name}": value for name, value in {**metrics, "step": step}.items()})


@contextmanager
def tracker(cfg: DictConfig, folder: Path, stage: str, place: Path | None = None) -> Iterator[Logger]:
    """The logger of one stage. metrics.csv (of preference training preference.csv) lies in `place`, the folder of a
    stage that jobs share; without one in the run's.

    Raises:
        UserError: the logger's kind is unknown, or Weights & Biases can't be reached.
    """
    if cfg.logger.kind == "csv":
        name, columns = ("preference.csv", PREFERENCE_COLUMNS) if stage == PREFER else ("metrics.csv", COLUMNS)
        yield CsvLog((place or folder) / name, columns)
    elif cfg.logger.kind == "wandb":
        yield WandbLog(wandb_run(cfg, folder), stage)
    else:
        raise UserError(f"logger: expected csv or wandb, got '{cfg.logger.kind}'.")


@contextmanager
def tracked(folder: Path) -> Iterator[None]:
    """A job in its folder: the W&B run that a stage opened within it ends with it, as failed if the job failed."""
    failed = True
    try:
        yield
        failed = False
    finally:
        import wandb

        if wandb.run is not None and _is_of(wandb.run, folder):
            wandb.run.finish(exit_code=int(failed))


def _is_of(run: Any, folder: Path) -> bool:
    """Whether an open run is the job's. W&B's agent chooses the run itself and starts one job a process."""
    return run.id == folder.name or run.sweep_id is not None


def check_login() -> None:
    """Find that nobody is logged in to Weights & Biases before anything is paid; asks nothing at a terminal.

    Raises:
        UserError: there is no key, it is not taken, or the server can't be reached.
    """
    import wandb

    if wandb.run is not None or wandb.setup().settings.mode in UNSENT:
        return
    log_in("logger=wandb", LOG_IN)


def wandb_run(cfg: DictConfig, folder: Path) -> Any:
    """The job's one run on Weights & Biases, opened when it is first asked for; a job that goes on is in the same run.
    Under W&B's agent it is the agent's, whose id, project and entity count.

    A sweep is a group; recommender, data, and for a method its model and judge are tags. Figures and the configuration
    are sent, careers and reasons only by `send_results`.

    Raises:
        UserError: Weights & Biases can't be reached.
    """
    import wandb

    if wandb.run is not None and _is_of(wandb.run, folder):
        return wandb.run
    try:
        return wandb.init(
            project=cfg.logger.project,
            entity=cfg.logger.entity,
            dir=folder,
            id=folder.name,
            name=folder.name,
            group=os.environ.get(SWEEP),
            tags=tags(cfg),
            resume="allow",
            config={**shown_config(cfg), NAMES: names(cfg)},
            settings=wandb.Settings(disable_code=True, disable_git=True, x_disable_machine_info=True, console="off"),
        )
    except wandb.Error as error:
        raise UserError(f"logger=wandb: {str(error).rstrip('.')}. {LOG_IN}") from error


def tags(cfg: DictConfig) -> list[str]:
    """Recommender and data; of a method the model too, and the judge where it learns from reasons."""
    found = [short_name(recommender_node(cfg)), str(cfg.data.name)]
    if cfg.get("baseline") is None:
        found.append(str(cfg.model.name))
    return [*found, short_name(cfg.judge)] if learns_reasons(cfg) else found


def send_late(cfg: DictConfig, folder: Path) -> None:
    """Send the figures of a job whose run on Weights & Biases lacks them, out of its files, and say so.

    Raises:
        UserError: Weights & Biases can't be reached, or a file can't be read.
    """
    import wandb

    if wandb.setup().settings.mode == "disabled":
        return
    console.print("This job was finished before: its figures are sent now, its curves are not.")
    check_login()
    with tracked(folder):
        send_results(cfg, folder, read_object(folder / METRICS_FILE), read(folder / "predictions.jsonl"))


def send_results(cfg: DictConfig, folder: Path, scored: Mapping[str, Any], found: Sequence[Prediction]) -> None:
    """A job's figures to its W&B run, if it has one; and what else `logger` asks for.

    Args:
        cfg, folder: the job.
        scored: what metrics.json says of each metric: value, n and interval.
        found: sent only with `logger.tables`, without ids and histories.

    Raises:
        UserError: Weights & Biases can't be reached.
    """
    if cfg.logger.kind != "wandb":
        return
    import wandb

    run = wandb_run(cfg, folder)
    run.summary.update(figures(folder, scored))
    if cfg.logger.tables:
        rows = [[p.truth_title, p.rank, p.reason, *(f"{t} ({share:.3f})" for t, share in p.top[:BEST])] for p in found]
        width = max(map(len, rows), default=0)
        columns: Any = ["truth", "rank", "reason", *(f"title {number}" for number in range(1, width - 2))]
        run.log({"predictions": wandb.Table(columns=columns, data=[row + [""] * (width - len(row)) for row in rows])})
    for place in LEARNT if cfg.logger.artifact else ():
        if (folder / place).is_dir():
            artifact = wandb.Artifact(f"{folder.name}-{place}".replace("/", "-"), type="model")
            artifact.add_dir(str(folder / place))
            run.log_artifact(artifact)
