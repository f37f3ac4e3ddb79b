"""A finished run or an export, opened: its configuration, its titles and where what was learnt lies."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from reasoning_occ import config
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.temperature import FILE as TEMPERATURE_FILE
from reasoning_occ.evaluation.temperature import Temperature
from reasoning_occ.occupations.data_dir import VARIABLE, located
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommend import exported


@dataclass(frozen=True, slots=True)
class Opened:
    """A run or an export. seen: the taxonomy as the recommender sees titles; published: as people do.

    adapters: the folder with what was learnt, by the recommender's name for it ("" for a lone adapter or a whole
    model). base: checksum that the weights it starts from must have; `None` where none is on record. temperature: what
    its log probabilities are divided by; `None`: nothing.
    """

    folder: Path
    cfg: DictConfig
    seen: Taxonomy
    published: Taxonomy
    adapters: Callable[[str], Path]
    base: str | None = None
    temperature: Temperature | None = None


def opened(folder: Path, data_dir: str | None) -> Opened:
    """Open the folder of a finished run, or of an export of one.

    Args:
        folder: of the run or export.
        data_dir: where official files lie; `None`: the run's own `data_dir`, else `REASONING_OCC_DATA`.

    Raises:
        UserError: it is no finished run's folder, or its titles can't be had or have changed.
    """
    if (folder / exported.FILE).is_file():
        cfg, titles, base, warmth = exported.read(folder, data_dir)
        return Opened(folder, cfg, in_view(cfg, titles), titles, lambda name: folder / name, base, warmth)
    cfg = settings(folder, data_dir)
    with told_where(cfg):
        published = _taxonomy(cfg, folder)
    kept = "model" if cfg.trainer.lora is None else "adapter"
    warmth = _temperature(cfg, folder)
    return Opened(
        folder, cfg, in_view(cfg, published), published, lambda name: folder / name / kept, temperature=warmth
    )


def in_view(cfg: DictConfig, published: Taxonomy) -> Taxonomy:
    """The titles as the run's view shows them."""
    from reasoning_occ.occupations.codes import coded

    return coded(published) if cfg.view.titles == "codes" else published


def settings(folder: Path, data_dir: str | None) -> DictConfig:
    """The configuration of a finished run.

    Raises:
        UserError: it is no finished run's folder.
    """
    path, status = folder / ".hydra" / "config.yaml", folder / "status.json"
    if not path.is_file() or not status.is_file():
        kind = "has no run in it" if folder.is_dir() else "is no folder" if folder.exists() else "does not exist"
        raise UserError(f"run: {folder} {kind}. Give the folder of a finished run, such as runs/joint-nls-0123456789.")
    try:
        told = json.loads(status.read_text(encoding="utf-8"))
        cfg = OmegaConf.load(path)
    except (ValueError, OSError, OmegaConfBaseException) as error:
        raise UserError(f"run: {folder} can't be read ({error}).") from error
    assert isinstance(cfg, DictConfig)
    if not told.get("done"):
        raise UserError(
            f"run: {folder} is not finished (stage {told.get('stage')}); the command that began it goes on with it."
        )
    OmegaConf.set_struct(cfg, False)
    if data_dir is not None:
        cfg.data_dir = data_dir
    return cfg


@contextmanager
def told_where(cfg: DictConfig) -> Iterator[None]:
    """An error says how to name the folder of data sets, where files of a run lack and nobody has named one."""
    try:
        yield
    except UserError as error:
        if cfg.data_dir or os.environ.get(VARIABLE) or not _lacks(cfg):
            raise
        raise UserError(
            f"{str(error).rstrip('.')}. Where it lies in a folder of data sets, give --data-dir (the page: data_dir=) "
            f"or set {VARIABLE} to that folder."
        ) from error


def _lacks(cfg: DictConfig) -> bool:
    """Whether files that a run's data or titles need, and that a folder of data sets may hold, are not there."""
    named = (cfg.data.get("path"), cfg.data.get("crosswalk"), cfg.split.get("test_file"))
    if any(name and not Path(name).is_absolute() and not located(name, None).exists() for name in named):
        return True
    titles = cfg.data.get("taxonomy")
    return titles == "esco" or (titles == "onet" and config.onet_here(cfg) is None)


def _temperature(cfg: DictConfig, folder: Path) -> Temperature | None:
    """The temperature of a run's probabilities: the number it was given, or what it fitted; `None`: none."""
    chosen = cfg.evaluation.get("temperature")  # runs of before this key have none
    if chosen in (None, 1):
        return None
    if chosen != "fit":
        return Temperature(float(chosen))
    try:
        return exported.temperature(json.loads((folder / TEMPERATURE_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"run: {folder / TEMPERATURE_FILE}, the temperature that the run fitted, can't be read ({error})."
        ) from error


def _taxonomy(cfg: DictConfig, folder: Path) -> Taxonomy:
    """The titles that a run ranks, from where they came, in the order of its rankings."""
    name = cfg.data.get("taxonomy") or ("nls" if cfg.data.name == "nls" else "own")
    codes = _codes(folder)
    if name == "own":
        try:
            found = config.source(cfg).load().taxonomy
        except UserError as error:
            raise UserError(f"run: {folder} ranks the titles of its own data, which must be there: {error}") from error
    else:
        found = config.taxonomy(name, cfg.data_dir, cfg.data.get("crosswalk"), partial(config.onet_tables, cfg))
    if codes is None:
        return found
    if set(codes) < set(found.codes):
        found = found.only(codes)
    if found.codes != codes:
        raise UserError(
            f"run: {folder} ranks {len(codes)} occupations, and the {name} taxonomy that is there has other ones. It "
            "was changed since; bring back the files that the run was made with (data_dir)."
        )
    return found


def _codes(folder: Path) -> tuple[str, ...] | None:
    """The occupations of a run's rankings, in order; `None` where it ranked none."""
    from reasoning_occ.recommenders.rankings import FILE

    if not (folder / FILE).is_file():
        return None
    try:
        with np.load(folder / FILE, allow_pickle=False) as arrays:  # the rankings themselves are not read in
            return tuple(arrays["codes"].tolist())
    except Exception as error:  # numpy and zipfile have many types for a spoilt file
        raise UserError(f"run: {folder / FILE} can't be read ({error}).") from error


def least_similarity(cfg: DictConfig) -> float:
    """How like a title must be to be taken for another: as the run's data had it, else as for resumes."""
    own = cfg.data.get("least_similarity")
    resumes: Any = OmegaConf.load(CONF / "data" / "json_resume.yaml")
    return resumes.least_similarity if own is None else own
