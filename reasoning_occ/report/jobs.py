"""Finds jobs below a folder and reads what a report needs of each."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.config import uses_model
from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from omegaconf import DictConfig

METRICS_FILE = "metrics.json"
STATUS_FILE = "status.json"
CONFIG_FOLDER = ".hydra"
SWEEP_FILE = "sweep.json"
"""The jobs of a sweep, written before the first one starts."""
STOPPED = "stopped by Ctrl-C"
"""In place of an error in status.json."""


@dataclass(frozen=True, slots=True)
class Job:
    """A finished job: its folder, metrics.json, and the baselines scored beside it on the same people (floors.json:
    name -> metrics).

    overrides: what it was started with. seed: `None` where it is not on record. tiny: it had a random tiny model, whose
    figures mean nothing. row: the choice of that group; `None` for none. oracle: it read an oracle reason at test time.
    """

    folder: Path
    metrics: Mapping[str, Any]
    floors: Mapping[str, Mapping[str, Any]]
    overrides: tuple[str, ...]
    seed: int | None
    tiny: bool
    row: str | None = None
    oracle: bool = False

    @property
    def name(self) -> str:
        """The recommender's, marked where it read a reason by who knew the answer."""
        told = self.metrics["recommender"]
        return f"{told} (oracle reason)" if self.oracle and "oracle" not in told else told

    @property
    def data(self) -> Mapping[str, Any]:
        """Counts of the people learnt from, tested on and left out; empty where they are not on record."""
        return self.metrics.get("data", {})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A job without a result: the stage it reached, the error that stopped it ("": none on record), and whether
    the same command goes on from there."""

    folder: Path
    stage: str
    error: str
    resumable: bool

    @property
    def failed(self) -> bool:
        """Whether the same command would end in the same error."""
        return bool(self.error) and not self.resumable

    def __str__(self) -> str:
        error = self.error.strip().partition("\n")[0].rstrip(".")
        parts = [f"stage {self.stage}", error, "the same command goes on" if self.resumable else ""]
        return f"{self.folder.name} ({'; '.join(part for part in parts if part)})"


def is_job(folder: Path) -> bool:
    """Whether a folder is one job's, rather than a folder of jobs."""
    return any((folder / name).exists() for name in (METRICS_FILE, STATUS_FILE, CONFIG_FOLDER))


def find(folder: Path) -> tuple[list[Job], list[Unfinished]]:
    """The jobs at or below a folder, finished and not, in the order of their sweep, else of their names; of a sweep
    those of its list alone, see `left_out`.

    Raises:
        UserError: no such folder, no jobs in it, or a file of a job or a sweep's list can't be read.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; give the folder of a run or of a sweep.")
    finished: list[Job] = []
    unfinished: list[Unfinished] = []
    for place in _jobs(folder, of_list=True):
        status = read_object(place / STATUS_FILE) if (place / STATUS_FILE).exists() else {}
        if (place / METRICS_FILE).exists() and status.get("done") is not False:
            finished.append(load(place))
        else:
            stage, error = str(status.get("stage") or "not on record"), str(status.get("error") or "")
            unfinished.append(Unfinished(place, stage, error, status.get("resumable") is True))
    if not finished and not unfinished:
        raise UserError(
            f"{folder} holds no job: a job's folder has a {STATUS_FILE}; give the folder of a run or of a sweep."
        )
    return finished, unfinished


def left_out(folder: Path) -> tuple[str, ...]:
    """A sentence on the jobs that lie in a sweep's folder and not in its list, where there are any.

    Raises:
        UserError: a sweep's list can't be read.
    """
    count = sum(1 for _ in _jobs(folder, of_list=False))
    if not count:
        return ()
    told = "1 folder of an earlier start" if count == 1 else f"{count} folders of earlier starts"
    return (f"{told} with other data or settings {'is' if count == 1 else 'are'} left out: not in {SWEEP_FILE}.",)


def is_sweep(folder: Path) -> bool:
    """Whether a folder has a sweep's list of jobs."""
    return (folder / SWEEP_FILE).is_file()


def listed(sweep: Path) -> list[dict[str, Any]]:
    """A sweep's jobs, each with `number`, `overrides` and `folder` (below the sweep's).

    Raises:
        UserError: the list can't be read.
    """
    jobs = read_object(sweep / SWEEP_FILE).get("jobs")
    if not isinstance(jobs, list):
        raise UserError(f"{sweep / SWEEP_FILE} lacks 'jobs'; give the sweep's command again to write it anew.")
    return jobs


def load(folder: Path) -> Job:
    """Read a finished job.

    Raises:
        UserError: a file is missing or can't be read.
    """
    metrics = read_object(folder / METRICS_FILE)
    missing = [key for key in ("recommender", "counts", "AccEM") if key not in metrics]
    if missing:
        raise UserError(f"{folder / METRICS_FILE} lacks '{missing[0]}'; run the job again to write it anew.")
    floors = folder / "floors.json"
    return Job(
        folder=folder,
        metrics=metrics,
        floors=read_object(floors) if floors.exists() else {},
        overrides=_overrides(folder / CONFIG_FOLDER / "overrides.yaml"),
        seed=setting(folder, "seed"),
        tiny=_tiny(folder),
        row=_yaml(folder / CONFIG_FOLDER / "hydra.yaml", "hydra.runtime.choices.row"),
        oracle=knew_answers(folder),
    )


def knew_answers(folder: Path) -> bool:
    """Whether a job read oracle reasons at test time, whose writer knew the answer; no where nothing is on record."""
    return setting(folder, "baseline") is None and setting(folder, "inference.reason") == "oracle"


def _tiny(folder: Path) -> bool:
    """Whether the recommender is a random tiny model; one that reads none has none, though its job may name one."""
    if not is_of(folder, uses_model):
        return False
    return setting(folder, "model.tiny") is True or setting(folder, "debug.name") == "tiny"


def is_of(folder: Path, kind: "Callable[[DictConfig], bool]") -> bool:
    """Whether the job's recommender is of a kind (`config.trains`, `config.uses_model`); yes where it is not on
    record, for nothing is kept quiet then."""
    from omegaconf import OmegaConf

    node = setting(folder, "baseline") or setting(folder, "method")
    return not OmegaConf.is_dict(node) or kind(OmegaConf.create({"method": node}))


def setting(folder: Path, key: str) -> Any:
    """A value of the job's configuration by its dotted key; `None` where it is not on record."""
    return _yaml(folder / CONFIG_FOLDER / "config.yaml", key)


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object out of a file.

    Raises:
        UserError: the file can't be read or holds something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"Could not read {path}: {error}; run the job again to write it anew.") from error
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected a JSON object, got {type(value).__name__}.")
    return value


def _jobs(folder: Path, of_list: bool) -> Iterator[Path]:
    """Folders of jobs, not looking inside them, nor into hidden folders. `of_list`: those that the list of a sweep
    above them names, or that are below none; else the others."""
    for place, named in _walk(folder):
        if named == of_list:
            yield place


def _walk(folder: Path) -> Iterator[tuple[Path, bool]]:
    if is_job(folder):
        yield folder, True
        return
    names = {folder / job["folder"] for job in listed(folder)} if is_sweep(folder) else None
    children = [child for child in folder.iterdir() if child.is_dir() and not child.name.startswith(".")]
    for child in sorted(children, key=lambda child: (_number(child), child.name)):
        for place, named in _walk(child):
            yield place, named and (names is None or place in names)


def _number(folder: Path) -> float:
    """A job's place in its sweep; infinite where it was in none."""
    number = _yaml(folder / CONFIG_FOLDER / "hydra.yaml", "hydra.job.num")
    return number if isinstance(number, int) else inf


def _overrides(path: Path) -> tuple[str, ...]:
    found = _yaml(path, None)
    return tuple(str(word) for word in found) if found else ()


def _yaml(path: Path, key: str | None) -> Any:
    if not path.exists():
        return None
    from omegaconf import OmegaConf
    from yaml import YAMLError

    try:
        found = OmegaConf.load(path)
    except (OSError, YAMLError) as error:
        raise UserError(f"Could not read {path}: {error}.") from error
    return found if key is None else OmegaConf.select(found, key)
