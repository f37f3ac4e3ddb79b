"""Finished jobs without weights and predictions, small enough for the repository: all that the tables are made of.

What took hours to learn need not be learnt again to be compared with: a kept job's folder stands beside others'.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl, whole, write_json, write_jsonl
from reasoning_occ.report.jobs import find

DIGITS = 6
"""Of kept scores."""
_COPIED = ("status.json", "cost.json", ".hydra/overrides.yaml", ".hydra/config.yaml")


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
        (place / ".hydra").mkdir(parents=True, exist_ok=True)
        for name in _COPIED:
            if (job.folder / name).is_file():
                shutil.copyfile(job.folder / name, place / name)
        # slices and coverage are for the job's own page; who runs it where is nobody's business
        metrics = {key: value for key, value in job.metrics.items() if key not in ("slices", "coverage", "fairness")}
        write_json(place / "metrics.json", metrics)
        with whole(place / ".hydra" / "hydra.yaml") as file:
            file.write(OmegaConf.to_yaml(OmegaConf.create({"hydra": {"runtime": {"choices": {"row": job.row}}}})))
        write_jsonl(place / "scores.jsonl", map(_short, read_jsonl(job.folder / "scores.jsonl")))
        out.append(place)
    return out


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {key: float(f"{x:.{DIGITS}g}") if isinstance(x, float) else x for key, x in row.items()}
