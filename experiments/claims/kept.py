"""Finished jobs without weights, predictions and careers, small enough for the repository: what tables of means over
seeds and of costs are made of.

What took hours to learn need not be learnt again to be compared with: a kept job's folder, put beside others', is a row
of such tables. It holds scores, under ids of people, and not what came next, nor any other occupation.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.claims.groups import SHOWN, SLICES
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl, whole, write_json, write_jsonl
from reasoning_occ.report.jobs import Job, find
from reasoning_occ.report.seeds import is_idle
from reasoning_occ.shown import shown_config, shown_override

DIGITS = 6
"""Of kept scores."""
_COPIED = ("status.json", "cost.json")


def keep(folder: Path, rows: Sequence[str], into: Path) -> list[Path]:
    """Put jobs into `into`, each in a folder of its name.

    Args:
        folder: above the folders of finished jobs.
        rows: recommenders' names; empty: all.
        into: where kept jobs lie; one that is there already is written anew.

    Returns:
        The folders that were written.

    Raises:
        UserError: no finished job of a name, or a file of one can't be read.
    """
    jobs = find(folder)[0]
    names = {job.name for job in jobs}
    if strange := [name for name in rows if name not in names]:
        raise UserError(f"--rows: no finished job in {folder} is '{strange[0]}'; there are {', '.join(sorted(names))}.")
    out = []
    for job in jobs:
        if rows and job.name not in rows:
            continue
        place = into / job.folder.name
        if place.resolve() == job.folder.resolve():
            raise UserError(f"{job.folder} is kept already; give the folder above the jobs themselves.")
        (place / ".hydra").mkdir(parents=True, exist_ok=True)
        for name in _COPIED:
            if (job.folder / name).is_file():
                shutil.copyfile(job.folder / name, place / name)
        # coverage is for the job's own page
        metrics = {key: value for key, value in job.metrics.items() if key != "coverage"}
        write_json(place / "metrics.json", metrics | {"slices": _sliced(job)})
        for name, content in _words(job).items():
            with whole(place / ".hydra" / name) as file:
                file.write(OmegaConf.to_yaml(OmegaConf.create(content)))
        write_jsonl(place / "scores.jsonl", map(_short, read_jsonl(job.folder / "scores.jsonl")))
        out.append(place)
    return out


def _sliced(job: Job) -> dict[str, Any]:
    """The slices and metrics that the page shows."""
    found = job.metrics["slices"]
    return {
        dimension: {label: {name: figures[name] for name in SHOWN} for label, figures in found[dimension].items()}
        for dimension in SLICES
        if dimension in found
    }


def _words(job: Job) -> dict[str, Any]:
    """What is kept of .hydra: nothing that says where files lie."""
    config = OmegaConf.load(job.folder / ".hydra" / "config.yaml")
    assert isinstance(config, DictConfig)
    return {
        "config.yaml": shown_config(config),
        "overrides.yaml": [shown_override(word) for word in job.overrides if not is_idle(word)],
        "hydra.yaml": {"hydra": {"runtime": {"choices": {"row": job.row}}}},
    }


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """A row of scores without what came next."""
    row = row | {"truth": ""}
    return {key: float(f"{x:.{DIGITS}g}") if isinstance(x, float) else x for key, x in row.items()}
