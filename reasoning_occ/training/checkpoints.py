"""Checkpoints that are whole or absent, and finding the newest that can be read."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

from reasoning_occ.errors import UserError
from reasoning_occ.files import whole

log = logging.getLogger(__name__)

# the one before the newest is kept too, should a disk return the newest damaged
KEPT = 2


@contextmanager
def said_when_full(path: Path) -> Iterator[None]:
    """Around what torch writes to `path`.

    Raises:
        UserError: it could not.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:  # the latter is how torch reports a full disk
        raise UserError(f"Could not write {path}: {error}. Free some space or choose another folder.") from error


class WholeCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its place, flushes it to disk, then moves it there."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Raises UserError when it can't be written whole; nothing is left behind then."""
        with said_when_full(path), whole(Path(path)) as file:
            torch.save(checkpoint, cast(TextIO, file).buffer)


def path_of(folder: Path, step: int) -> Path:
    """Where the checkpoint after `step` optimiser steps is kept."""
    return folder / f"step-{step:07d}.ckpt"


def newest(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest checkpoint that can be read, with its content; None where there is none.

    One that can't be read is never trusted: it is passed over with a warning.
    """
    for path in sorted(folder.glob("step-*.ckpt"), reverse=True):
        try:
            return path, torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged file can fail in many ways, all of which mean the same
            log.warning("%s can't be read (%s: %s); going back to the one before.", path, type(error).__name__, error)
    return None


def forget_old(folder: Path) -> None:
    """Remove all but the newest checkpoints, and what a kill left of one that was being written; call after writing."""
    for path in [*sorted(folder.glob("step-*.ckpt"))[:-KEPT], *folder.glob(".step-*.part")]:
        path.unlink(missing_ok=True)
