"""Where data sets lie that the project does not contain."""

import os
from pathlib import Path

from reasoning_occ.errors import UserError

VARIABLE = "REASONING_OCC_DATA"
CACHE = Path("~/.cache/reasoning_occ")


def last_resort() -> Path:
    """The folder in which data sets are looked for where none is named; it may not be there."""
    return CACHE.expanduser()


def resolve(configured: str | None) -> Path | None:
    """The folder of data sets: the configured one, else `REASONING_OCC_DATA`, else the user's cache if it exists.

    Raises:
        UserError: the configured folder, or the one the variable names, does not exist.
    """
    for where, name in (("data_dir", configured), (VARIABLE, os.environ.get(VARIABLE))):
        if name:
            folder = Path(name).expanduser()
            if not folder.is_dir():
                raise UserError(f"{where}={name} is not a folder. Name the folder that holds the data sets.")
            return folder
    return last_resort() if last_resort().is_dir() else None


def located(path: str, data_dir: str | None) -> Path:
    """A file's place: a relative path is looked for here, then in the folder of data sets.

    Raises:
        UserError: the folder does not exist.
    """
    wanted = Path(path).expanduser()
    folder = None if wanted.is_absolute() or wanted.exists() else resolve(data_dir)
    return wanted if folder is None else folder / wanted
