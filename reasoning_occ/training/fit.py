"""Train a model on examples in a folder, going on from where an earlier start was cut off."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import Callback
from lightning.pytorch.loggers import Logger
from torch import nn

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.training.batches import Step, StepLoader, check_examples, plan, trees_of
from reasoning_occ.training.callbacks import Bar, Cost, Count, Record, Validate
from reasoning_occ.training.checkpoints import newest
from reasoning_occ.training.group import Group, together
from reasoning_occ.training.interrupt import Interrupt
from reasoning_occ.training.loop import check_sharding, go_through
from reasoning_occ.training.module import CareerModule
from reasoning_occ.training.precision import set_precision
from reasoning_occ.training.settings import TrainingSettings
from reasoning_occ.training.sharding import twin
from reasoning_occ.training.tree import Tree

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
        go_through(
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
        go_through(module, loader, folder, rows, checkpoint, Interrupt(), group, None, [Count(), validate])


def _sample(examples: Sequence[Example], settings: TrainingSettings) -> list[Example]:
    """At most `validate_examples` of them, in their order; which ones depends on the seed and their number alone."""
    few = min(settings.validate_examples, len(examples))
    chosen = np.random.default_rng(settings.seed).choice(len(examples), few, replace=False)
    return [examples[number] for number in sorted(chosen.tolist())]


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
