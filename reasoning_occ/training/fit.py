"""Train a model on examples in a folder, going on from where an earlier start was cut off."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import Logger
from torch import nn

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.models.tree_attention.interface import fastest, tree_attention
from reasoning_occ.training.batches import Step, StepLoader, check_examples, plan, trees_of
from reasoning_occ.training.callbacks import Bar, Cost, Count, Keep, Record, Validate
from reasoning_occ.training.checkpoints import WholeCheckpointIO, newest
from reasoning_occ.training.compiled import compiled, worth_compiling
from reasoning_occ.training.group import Group, Place, Summing, together
from reasoning_occ.training.interrupt import Interrupt, Stopped
from reasoning_occ.training.module import CareerModule
from reasoning_occ.training.precision import set_precision
from reasoning_occ.training.recomputed import recomputed
from reasoning_occ.training.settings import TrainingSettings
from reasoning_occ.training.sharding import Sharing, check_torch, twin
from reasoning_occ.training.tree import Tree
from reasoning_occ.training.zero import Partitioning, check_deepspeed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training did: its steps, the step this start went on from (0: anew), losses on validation examples, and
    what all steps cost."""

    steps: int
    resumed_at: int
    valid: tuple[dict[str, float], ...]
    cost: Cost


@dataclass(frozen=True, slots=True)
class Job:
    """What each process of a training must know; fields as in `fit`."""

    model: nn.Module
    titles: TitleHead | None
    trees: list[Tree]
    steps: list[Step]
    examples_valid: list[Example]
    settings: TrainingSettings

    def parts(self, rank: int) -> tuple[CareerModule, StepLoader, Validate]:
        """What a process of that rank trains with."""
        chosen, model, titles = self.settings, self.model, self.titles
        shared = chosen.sharding != "none"
        if shared:
            check_sharding(chosen.sharding)
            set_precision(model, chosen.precision)  # first: a twin's parameters stand on the model's
            model, titles = twin(model, titles)
        module = CareerModule(model, chosen, len(self.steps), titles)
        if shared:
            module.bring_back()
        loader = StepLoader(self.trees, self.steps, chosen.shaping(), rank, chosen.devices, even=shared)
        return module, loader, Validate(self.examples_valid, self.settings)


def fit(
    model: nn.Module,
    examples_train: Sequence[Example],
    examples_valid: Sequence[Example],
    folder: Path,
    *,
    settings: TrainingSettings,
    logger: Logger | None,
    what: str = "training",
    callbacks: Sequence[Callback] = (),
    titles: TitleHead | None = None,
) -> Fitted:
    """Train `model` in place; checkpoints go to `folder`/checkpoints, and the newest readable one is gone on from.

    Args:
        model: a causal language model, with adapters or with all its weights to be learnt.
        examples_train: learnt from.
        examples_valid: of these a sample of `validate_examples`, fixed by the seed, is looked at every
            `validate_every` share of training; may be empty. Where their reasons were written knowing the answer
            (oracle reasons), the loss of the answer is that of a reader who was told: choose nothing by it.
        folder: of this training alone.
        settings: the `trainer` part of the configuration.
        logger: gets losses, learning rate and speed at every step; None for none.
        what: the progress bar's label.
        callbacks: more Lightning callbacks, called before a step's checkpoint is written.
        titles: a ranking head to train with the model, where examples name titles by number.

    Raises:
        UserError: there is nothing to learn from, an example has no target, the loss is not finite, the disk is
            full, or the folder's checkpoint is of another training.
        KeyboardInterrupt: Ctrl-C; a checkpoint of the last whole step was written before.
    """
    if not examples_train:
        raise UserError("There are no training examples: no transition of a training person is left.")
    check_examples([*examples_train, *examples_valid])
    trees = trees_of(examples_train, settings.micro_tokens)
    log.info(
        "%d examples in %d career trees: %d tokens as separate sequences, %d in trees",
        len(examples_train),
        len(trees),
        sum(tree.apart for tree in trees),
        sum(len(tree) for tree in trees),
    )
    steps = plan(
        trees,
        seed=settings.seed,
        epochs=settings.epochs,
        max_steps=settings.max_steps,
        batch=settings.batch,
        micro_tokens=settings.micro_tokens,
        ranks=settings.devices,
    )
    job = Job(model, titles, trees, steps, _sample(examples_valid, settings), settings)
    module, loader, validate = job.parts(0)
    done, cost = take_steps(
        module,
        loader,
        folder,
        rows=sum(map(len, steps)) // settings.devices,
        logger=logger,
        what=what,
        callbacks=[validate, *callbacks],
        job=job,
    )
    model.eval()  # of a model that was shared out `take_steps` knows the twin alone
    return Fitted(len(steps), done, tuple(validate.history), cost)


def take_steps(
    module: CareerModule,
    loader: StepLoader,
    folder: Path,
    *,
    rows: int,
    logger: Logger | None,
    what: str,
    callbacks: Sequence[Callback],
    job: Job | None = None,
) -> tuple[int, Cost]:
    """Take all steps of a plan that the newest readable checkpoint in `folder` does not hold; leaves the model in
    evaluation mode.

    Args:
        module: its model is trained in place.
        loader: goes through the plan.
        folder: checkpoints go to `folder`/checkpoints.
        rows: of the whole plan, of those that go through this process.
        logger, what, callbacks: as in `fit`.
        job: for the processes that train along; None: this one trains alone, whatever `trainer.devices` says.

    Returns:
        The step that this start went on from (0: anew), and what all steps cost.

    Raises:
        UserError, KeyboardInterrupt: as `fit`.
    """
    count = Count()
    found = newest(folder / "checkpoints")
    done = found[1]["global_step"] if found else 0
    if found and done >= len(loader):
        _take_up(module, loader, [count, *callbacks], found[1])
        return len(loader), count.cost
    checkpoint = found[0] if found else None
    del found  # as large as all that learns, thrice
    with (
        Interrupt() as interrupt,
        together((job, folder, checkpoint), job.settings.devices if job else 1, folder) as group,
    ):
        # rows of the whole plan, those done too: what was cut off goes on as it began, or last digits would differ
        _take(
            module, loader, folder, rows, checkpoint, interrupt, group, logger, [count, Record(), *callbacks, Bar(what)]
        )
    module.model.eval()
    return done, count.cost


def help_train(given: tuple[Job, Path, Path | None], group: Group) -> None:
    """Take part in a training that another process leads: no bar, no log, no checkpoint is written here."""
    job, folder, checkpoint = given
    module, loader, validate = job.parts(group.rank)
    rows = sum(map(len, job.steps)) // group.size
    with suppress(KeyboardInterrupt):  # rank 0 was asked to stop
        _take(module, loader, folder, rows, checkpoint, Interrupt(), group, None, [Count(), validate])


def _take(
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
    module.model.train()
    keep = Keep(folder / "checkpoints", module.chosen.checkpoint_minutes, interrupt)
    trainer = _trainer(folder, logger, [*callbacks, keep], group, module.chosen)
    _run(trainer, module, loader, rows, checkpoint)


def _sample(examples: Sequence[Example], settings: TrainingSettings) -> list[Example]:
    """At most `validate_examples` of them, in their order; which ones depends on the seed and their number alone."""
    few = min(settings.validate_examples, len(examples))
    chosen = np.random.default_rng(settings.seed).choice(len(examples), few, replace=False)
    return [examples[number] for number in sorted(chosen.tolist())]


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


def _take_up(
    module: CareerModule, loader: StepLoader, callbacks: Sequence[Callback], checkpoint: dict[str, Any]
) -> None:
    """What a finished training left."""
    loader.load_state_dict(checkpoint["loops"]["fit_loop"]["state_dict"]["combined_loader"][0])
    module.load_state_dict(checkpoint["state_dict"])
    for callback in callbacks:
        if callback.state_key in checkpoint["callbacks"]:
            callback.load_state_dict(checkpoint["callbacks"][callback.state_key])
    module.model.eval()


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
