"""Train a sequence model until validation people are predicted no better."""

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from rich.progress import Progress, TaskID
from torch.utils.data import DataLoader, Sampler

from reasoning_occ.progress import bar
from reasoning_occ.recommenders.sequence.batches import Steps, collate
from reasoning_occ.recommenders.sequence.module import SequenceModule


@dataclass(frozen=True, slots=True)
class Limits:
    """seed: of order and dropout; batch: people a step; epochs: the most; patience: epochs without a better
    validation log-loss after which training ends."""

    seed: int
    batch: int
    epochs: int
    patience: int


def train_module(
    module: SequenceModule, train: list[Steps], valid: list[Steps], folder: Path, limits: Limits, what: str
) -> tuple[Path, int]:
    """Train. What was cut off begins anew and ends the same, for seed and epoch alone say what is drawn.

    Returns:
        The checkpoint of the epoch with the lowest log-loss on validation people, and how many epochs there were.

    Raises:
        KeyboardInterrupt: Ctrl-C was typed.
    """
    best = ModelCheckpoint(folder, "best", monitor="valid", save_weights_only=True, enable_version_counter=False)
    stop = EarlyStopping("valid", patience=limits.patience, min_delta=0.0)
    learnt = DataLoader(train, limits.batch, sampler=_Order(len(train), limits.seed), collate_fn=collate)  # pyright: ignore[reportArgumentType]
    chosen = DataLoader(valid, limits.batch, collate_fn=collate)  # pyright: ignore[reportArgumentType]
    with bar() as display, warnings.catch_warnings(), _quiet(), _interruptible():
        warnings.simplefilter("ignore")  # of workers, which tensors this small don't need
        task = display.add_task(what, total=limits.epochs, note="")
        trainer = Trainer(
            accelerator="cpu",
            max_epochs=limits.epochs,
            gradient_clip_val=1.0,
            callbacks=[_Draws(limits.seed), _Shown(display, task), stop, best],
            logger=False,
            deterministic=True,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(module, learnt, chosen)
    return folder / "best.ckpt", trainer.current_epoch


class _Order(Sampler[int]):
    """Another order each epoch, by seed and epoch alone: what came before draws nothing from it."""

    def __init__(self, n: int, seed: int) -> None:
        self._n, self._seed, self._epoch = n, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng((self._seed, self._epoch)).permutation(self._n).tolist())


class _Draws(Callback):
    """Dropout by seed and epoch alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        torch.manual_seed(self._seed * 1_000_003 + trainer.current_epoch)


class _Shown(Callback):
    """The bar: epochs done, of the most there may be."""

    def __init__(self, display: Progress, task: TaskID) -> None:
        self._display, self._task = display, task

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        note = f"valid log-loss {trainer.callback_metrics['valid']:.3f}"
        self._display.update(self._task, completed=trainer.current_epoch + 1, note=note)


@contextmanager
def _interruptible() -> Iterator[None]:
    """A KeyboardInterrupt stays one; Lightning exits at it without a word, and has later ones ignored."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt from stop


class _quiet:  # noqa: N801 (used like a function)
    """Lightning tells of devices and of a reached limit, neither of which is news."""

    def __enter__(self) -> None:
        self._logger = logging.getLogger("lightning.pytorch")
        self._level = self._logger.level
        self._logger.setLevel(logging.WARNING)

    def __exit__(self, *_: object) -> None:
        self._logger.setLevel(self._level)
