"""What happens between two optimiser steps: the bar moves, validation, checkpoints, a stop that was asked for.

All of it happens at the end of a step, in this order and nowhere else, so that every checkpoint is taken at a
moment from which Lightning resumes exactly.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from rich.progress import TaskID

from reasoning_occ.language.example import Example, Segment
from reasoning_occ.progress import bar
from reasoning_occ.training.batches import all_rows, trees_of
from reasoning_occ.training.checkpoints import forget_old, path_of
from reasoning_occ.training.group import rank, summed, told
from reasoning_occ.training.interrupt import Interrupt
from reasoning_occ.training.module import CareerModule
from reasoning_occ.training.settings import TrainingSettings

log = logging.getLogger(__name__)


class Cost(NamedTuple):
    """What a training cost: transitions and tokens that went through the model, seconds of its steps.

    A transition counts once an epoch; a token that a person's transitions share counts once an epoch.
    """

    transitions: int
    tokens: int
    seconds: float


class Bar(Callback):
    """Steps done and time left, with the loss and the speed of the last step."""

    def __init__(self, what: str) -> None:
        self._display = bar()
        self._what = what
        self._task: TaskID | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin where a resumed training begins."""
        assert isinstance(pl_module, CareerModule)
        self._task = self._display.add_task(
            self._what, total=pl_module.total_steps, completed=trainer.global_step, note=""
        )
        self._display.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """One step more."""
        assert self._task is not None
        seen = trainer.callback_metrics
        assert isinstance(pl_module, CareerModule)
        unit = pl_module.unit
        note = f"loss {float(seen['loss']):.3f}, {float(seen[f'{unit}_per_second']):.1f} {unit}/s"
        self._display.update(self._task, completed=trainer.global_step, note=note)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Leave the terminal as it was."""
        self._display.stop()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leave the terminal as it was."""
        self._display.stop()


class Record(Callback):
    """A step's figures go to the loggers before anything counts the step as done, so that a kill loses no row."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Steps are numbered from 0."""
        assert isinstance(pl_module, CareerModule)
        for logger in trainer.loggers:
            logger.log_metrics(pl_module.figures, step=trainer.global_step - 1)


class Count(Callback):
    """What the steps so far have cost, those before a cut too."""

    def __init__(self) -> None:
        self.cost = Cost(0, 0, 0.0)
        self._began = 0.0

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """A step begins."""
        self._began = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called before validation and checkpoints, which are not counted; the wait for a compiler is."""
        seen = torch.tensor(
            [sum(row.transitions for row in batch), sum(row.tokens for row in batch)], device=pl_module.device
        )
        transitions, tokens = summed(seen).tolist()
        self.cost = Cost(
            self.cost.transitions + transitions,
            self.cost.tokens + tokens,
            self.cost.seconds + time.perf_counter() - self._began,
        )

    def state_dict(self) -> dict[str, Any]:
        """The cost so far."""
        return self.cost._asdict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the cost so far."""
        self.cost = Cost(**state_dict)


class Validate(Callback):
    """Losses on validation examples, every share of training and at its end; kept in `history`.

    `valid_loss_answer` is measured after the reasons that the examples hold. Oracle reasons were written knowing the
    answer, so there it is far below what the model's own reasons would give, and no guide to choose anything by.
    """

    def __init__(self, examples: Sequence[Example], settings: TrainingSettings) -> None:
        self.history: list[dict[str, float]] = []
        self._rows = all_rows(trees_of(examples, settings.micro_tokens), settings.micro_tokens)
        self._every = settings.validate_every
        told = any((example.segments == Segment.REASON).any() for example in examples)
        self._whose = "validation people, answers after given reasons" if told else "validation people"

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Validate when a share of training has just been completed."""
        assert isinstance(pl_module, CareerModule)
        step, total = trainer.global_step, pl_module.total_steps
        if not self._rows or not self._due(step, total):
            return
        losses = {f"valid_{name}": value for name, value in pl_module.evaluate(self._rows).items()}
        self.history.append({"step": step, **losses})
        for logger in trainer.loggers:
            logger.log_metrics(losses, step=step)
        shown = ", ".join(f"{name.removeprefix('valid_')} {value:.3f}" for name, value in losses.items())
        log.info("Step %d of %d, on %s: %s", step, total, self._whose, shown)

    def _due(self, step: int, total: int) -> bool:
        return step == total or int(step / total / self._every) > int((step - 1) / total / self._every)

    def state_dict(self) -> dict[str, Any]:
        """The losses so far."""
        return {"history": self.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the losses so far."""
        self.history = state_dict["history"]


class Keep(Callback):
    """A checkpoint every few minutes, at the end, and when a stop was asked for; of several processes the first decides
    and writes."""

    def __init__(self, folder: Path, minutes: float, interrupt: Interrupt) -> None:
        self._folder = folder
        self._seconds = 60 * minutes
        self._interrupt = interrupt
        self._saved = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save when due. A stop is obeyed here, between two steps, when all state is of one step."""
        assert isinstance(pl_module, CareerModule)
        asked, due = told((self._interrupt.asked, time.monotonic() - self._saved >= self._seconds))
        if asked or due or trainer.global_step == pl_module.total_steps:
            trainer.save_checkpoint(path_of(self._folder, trainer.global_step), weights_only=False)
            if rank() == 0:
                forget_old(self._folder)
            self._saved = time.monotonic()
            log.info("Checkpoint after step %d of %d", trainer.global_step, pl_module.total_steps)
        if asked:
            self._interrupt.obey()
