"""The run that is meant where none is named."""

import json
import sys
from pathlib import Path

from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.kept import FILE as LEARNT


def chosen(named: Path | None, trained: bool = False) -> Path:
    """The folder that was named; else the newest finished run, which is told on standard error.

    Args:
        named: on the command line.
        trained: whether only a run that keeps a trained model will do.

    Raises:
        UserError: none was named and none is finished.
    """
    if named is not None:
        return named
    found = newest(runs(), trained)
    print(f"run={found} (the newest finished run{' that trained a model' if trained else ''})", file=sys.stderr)
    return found


def newest(folder: Path, trained: bool = False) -> Path:
    """The run below `folder` that was finished last.

    Raises:
        UserError: there is none.
    """
    places = [
        place for place in folder.glob("*/status.json") if _done(place) and (not trained or _trained(place.parent))
    ]
    done = {place.parent: place.stat().st_mtime_ns for place in places}
    if not done:
        raise UserError(
            f"run: there is no finished run {'that trained a model ' if trained else ''}in {folder}/. Make one with "
            "`make run` or `python -m reasoning_occ.run`, or name its folder: run=FOLDER."
        )
    return max(done, key=lambda run: (done[run], run.name))


def runs() -> Path:
    """Where runs lie if nothing else was said: `output` of the configuration."""
    from omegaconf import OmegaConf

    from reasoning_occ.config import CONF

    return Path(OmegaConf.load(CONF / "config.yaml").output)


def _trained(run: Path) -> bool:
    """Whether a model's weights lie in it: a baseline's, or a language model's, in its folder or in an adapter's."""
    if (run / LEARNT).is_file():
        return True
    return any(next(run.glob(f"{depth}{kept}"), None) for depth in ("", "*/") for kept in ("adapter", "model"))


def _done(status: Path) -> bool:
    try:
        told = json.loads(status.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("done") is True
