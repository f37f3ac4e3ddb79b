"""One pass of Lightning's Trainer through a plan: how it is set up for the devices at hand, and what runs around it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import Logger

from reasoning_occ.errors import UserError
from reasoning_occ.models.tree_attention.interface import fastest, tree_attention
from reasoning_occ.training.batches import StepLoader
from reasoning_occ.training.callbacks import Keep
from reasoning_occ.training.checkpoints import WholeCheckpointIO
from reasoning_occ.training.compiled import compiled, worth_compiling
from reasoning_occ.training.group import Group, Place, Summing
from reasoning_occ.training.interrupt import Interrupt, Stopped
from reasoning_occ.training.module import CareerModule
from reasoning_occ.training.recomputed import recomputed
from reasoning_occ.training.settings import TrainingSettings
from reasoning_occ.training.sharding import Sharing, check_torch
from reasoning_occ.training.zero import Partitioning, check_deepspeed

log = logging.getLogger(__name__)


def go_through(
    module: CareerModule,
    loader: StepLoader,
    folder: Path,
    rows: int,
    checkpoint: Path | None,
    interrupt: Interrupt,
    group: Group | None,
    logger: Logger | None,
    callbacks: list[Callback],
) -> None:
    """Take the steps of a plan that a checkpoint does not hold.

    Args:
        module: its model is trained in place.
        loader: goes through the plan.
        folder: checkpoints go to `folder`/checkpoints.
        rows: of the whole plan, of those that go through this process.
        checkpoint: gone on from; None: anew.
        interrupt: asked at each step whether to stop.
        group: of the processes that train along; None: this one trains alone.
        logger: gets figures at every step; None for none.
        callbacks: called in this order, the one that writes checkpoints last.

    Raises:
        UserError: attention can't be computed as `trainer.attention` says, or the disk is full.
        KeyboardInterrupt: it was stopped; a checkpoint of the last whole step was written before.
    """
    module.model.train()
    keep = Keep(folder / "checkpoints", module.chosen.checkpoint_minutes, interrupt)
    trainer = _trainer(folder, logger, [*callbacks, keep], group, module.chosen)
    _run(trainer, module, loader, rows, checkpoint)


def _trainer(
    folder: Path, logger: Logger | None, callbacks: list[Callback], group: Group | None, chosen: TrainingSettings
) -> Trainer:
    several: dict[str, Any] = {"devices": 1}
    if group:
        kind = "cuda" if torch.cuda.is_available() else "cpu"
        several = {"devices": group.size, "accelerator": kind, "strategy": _strategy(group, chosen)}
    with _quiet():
        return Trainer(
            **several,
            max_epochs=1,  # the plan holds all epochs; one long epoch resumes anywhere by the same path
            logger=logger or False,
            log_every_n_steps=1,
            callbacks=callbacks,
            plugins=[WholeCheckpointIO()],
            default_root_dir=folder,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )


def _strategy(group: Group, chosen: TrainingSettings) -> Summing:
    place = Place(group)
    if chosen.sharding == "zero2":
        return Partitioning(chosen.clip, cluster_environment=place)
    return (Sharing if chosen.sharding == "full" else Summing)(cluster_environment=place)


def check_sharding(sharding: str) -> None:
    """Refuse what the libraries of this machine can't do.

    Raises:
        UserError: torch can't sum the gradients of a model that is shared out, or there is no DeepSpeed that can.
    """
    if sharding == "full":
        check_torch()
    if sharding == "zero2":
        check_deepspeed()


def _run(trainer: Trainer, module: CareerModule, loader: StepLoader, rows: int, checkpoint: Path | None) -> None:
    if checkpoint:
        log.info("Going on from %s", checkpoint)
    try:
        device = trainer.strategy.root_device
        way = attention_way(module.chosen, device)
        compile_, why = worth_compiling(module.chosen.compile, rows, device)
        if module.chosen.sharding == "full":
            compile_, why = False, "their weights are shared out"
        log.info("Layers are compiled at the first step (%s)" if compile_ else "Layers are not compiled (%s)", why)
        with _quiet(), tree_attention(module.model, way), ExitStack() as changes:
            if compile_:
                changes.enter_context(compiled(module.model))
            if module.chosen.gradient_checkpointing:  # around what is compiled
                changes.enter_context(recomputed(module.model))
            trainer.fit(module, loader, ckpt_path=checkpoint, weights_only=True)
    except (Stopped, SystemExit) as stop:  # SystemExit: how Lightning ends at a KeyboardInterrupt
        raise KeyboardInterrupt from stop


def attention_way(chosen: TrainingSettings, device: torch.device) -> str:
    """How attention over career trees is computed there.

    Raises:
        UserError: the way that was chosen can't train on this device or in this precision.
    """
    way = fastest(device) if chosen.attention == "auto" else chosen.attention
    if way in ("flex", "varlen") and device.type != "cuda":
        raise UserError(f"trainer.attention={way}: trains on a CUDA GPU only, and this is {device}; use auto or cpu.")
    if way == "varlen" and chosen.precision == "fp32":
        raise UserError(
            "trainer.attention=varlen: its kernel computes in bf16 only, and trainer.precision is fp32; "
            "use trainer.attention=flex or trainer.precision=bf16."
        )
    return way


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's remarks on devices, workers and its own products, and torch's on what DeepSpeed calls; errors
    still come through."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\.")
            warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\.distributed\.c10d_logger")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
