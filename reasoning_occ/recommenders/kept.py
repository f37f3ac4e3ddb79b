"""What a baseline has learnt, kept in its run's folder: arrays as safetensors, and in the header what else it knows."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from reasoning_occ.errors import UserError
from reasoning_occ.files import write_bytes

FILE = "learnt.safetensors"


@dataclass(frozen=True, slots=True)
class Learnt:
    """arrays: by name; told: plain values beside them. Names from careers are in neither, only their digests, in an
    order that says nothing of the names."""

    arrays: Mapping[str, np.ndarray]
    told: Mapping[str, Any]


def keep(folder: Path, settings: str, learnt: Learnt) -> None:
    """Write it into `folder`, whole or not at all.

    Args:
        folder: of the run.
        settings: what it was learnt with, label space and version of the features included; `taking_up` wants the same.
        learnt: what is kept.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in learnt.arrays.items()}
    write_bytes(folder / FILE, save(arrays, {"told": json.dumps(learnt.told), "settings": digest(settings)}))


def is_kept(folder: Path, settings: str) -> bool:
    """Whether `folder` holds what was learnt with these settings; what can't be read is not held."""
    try:
        with safe_open(folder / FILE, "np") as file:
            return (file.metadata() or {}).get("settings") == digest(settings)
    except (OSError, SafetensorError):
        return False


@contextmanager
def taking_up(folder: Path, settings: str) -> Iterator[Learnt]:
    """What was kept in `folder`, for a block that makes itself ready with it.

    Raises:
        UserError: it isn't there, can't be read, or is of other settings; or the block couldn't use it.
    """
    path = folder / FILE
    try:
        with safe_open(path, "np") as file:
            told = file.metadata() or {}
            if told.get("settings") != digest(settings):
                raise ValueError("it is of other occupations, settings or code")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        yield Learnt(arrays, json.loads(told["told"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        why = str(error).strip().partition("\n")[0]
        raise UserError(
            f"{path}: not what this recommender learnt ({why}). Take it away, and it learns again from its data."
        ) from error


def digest(name: str) -> str:
    """Stands for a name that may be a person's own words."""
    return blake2b(name.encode(), digest_size=8).hexdigest()
