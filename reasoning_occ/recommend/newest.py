"""The run that is meant where none is named."""

import json
import sys
from pathlib import Path

from reasoning_occ.errors import UserError


def chosen(named: Path | None) -> Path:
    """The folder that was named; else the newest finished run, which is told on standard error.

    Raises:
        UserError: none was named and none is finished.
    """
    if named is not None:
        return named
    found = newest(runs())
    print(f"run={found} (the newest finished run)", file=sys.stderr)
    return found


def newest(folder: Path) -> Path:
    """The run below `folder` that was finished last.

    Raises:
        UserError: there is none.
    """
    done = {place.parent: place.stat().st_mtime_ns for place in folder.glob("*/status.json") if _done(place)}
    if not done:
        raise UserError(
            f"run: there is no finished run in {folder}/. Make one with `make run` or `python -m reasoning_occ.run`, "
            "or name its folder: run=FOLDER."
        )
    return max(done, key=lambda run: (done[run], run.name))


def runs() -> Path:
    """Where runs lie if nothing else was said: `output` of the configuration."""
    from omegaconf import OmegaConf

    from reasoning_occ.config import CONF

    return Path(OmegaConf.load(CONF / "config.yaml").output)


def _done(status: Path) -> bool:
    try:
        told = json.loads(status.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("done") is True
