"""Where data sets lie that the project does not contain."""

import os
from pathlib import Path

from reasoning_occ.errors import UserError

VARIABLE = "REASONING_OCC_DATA"
CACHE = Path("~/.cache/reasoning_occ")


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
    cache = CACHE.expanduser()
    return cache if cache.is_dir() else None


def located(path: str, data_dir: str | None) -> Path:
    """A file's place: a relative path is looked for in the folder of data sets.

    Raises:
        UserError: the folder does not exist.
    """
    wanted = Path(path).expanduser()
    folder = None if wanted.is_absolute() else resolve(data_dir)
    return wanted if folder is None else folder / wanted
