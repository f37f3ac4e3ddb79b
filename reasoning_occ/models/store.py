"""Folders that are whole or absent."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from reasoning_occ.errors import UserError


def build(place: Path, fill: Callable[[Path], None], over: bool = True) -> None:
    """Call `fill` with an empty folder beside `place`, then rename it to `place`.

    A cut-off build leaves only a hidden folder that the next build of this place sweeps away.

    Args:
        place: the folder.
        fill: writes its files.
        over: whether an older folder there goes. It stays where all who build the place fill it with the same: one that
            another process has built meanwhile may be in use.

    Raises:
        UserError: the disk is full or the folder can't be written.
    """
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        _sweep(place)
        beside.mkdir(parents=True)
        fill(beside)
        for file in beside.iterdir():
            with open(file, "rb") as content:
                os.fsync(content.fileno())
        if over and place.exists():
            place.rename(place.with_name(f".{place.name}.{os.getpid()}.old.part"))
        try:
            beside.rename(place)
        except OSError:
            if over or not place.is_dir():
                raise
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"Could not write {place}: {getattr(error, 'strerror', None) or error}. "
            "Free some space or choose another folder (REASONING_OCC_CACHE for models)."
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        _sweep(place)


def _sweep(place: Path) -> None:
    """Remove what this process, or one that is gone, left half-built beside `place`."""
    for left in place.parent.glob(f".{place.name}.*.part"):
        pid = left.name.removeprefix(f".{place.name}.").split(".")[0]
        if pid.isdigit() and (int(pid) == os.getpid() or not _alive(int(pid))):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
