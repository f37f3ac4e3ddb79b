"""What an export holds besides weights: the run's settings and titles, and which weights it starts from.

{"format": 1, "recommender": "joint", "merged": false, "base": {"name": ..., "checksum": ...},
 "temperature": null, "settings": {...},
 "taxonomy": {"name": ..., "note": ..., "outside": [], "occupations": [...], "related": {...}, "likely": {...},
              "ranked": [...]}}
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.temperature import Temperature
from reasoning_occ.identity import plain
from reasoning_occ.occupations import nls, onet_words
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

FILE = "reasoning_occ.json"
FORMAT = 1
# of a configuration, what a model needs to be used; no data, no places, no servers
_SETTINGS = (
    "seed", "split", "view", "method", "baseline", "preference", "ranking", "inference", "evaluation", "trainer",
    "debug",
)  # fmt: skip
_OF_DATA = ("name", "taxonomy", "stays", "least_similarity")


def told(
    cfg: DictConfig,
    published: Taxonomy,
    recommender: str,
    base: str | None,
    merged: bool,
    temperature: Temperature | None = None,
) -> dict[str, Any]:
    """The content of the file.

    Args:
        cfg: of the run.
        published: its titles.
        recommender: the name in tables.
        base: checksum of the weights that it starts from; None: it starts from none.
        merged: whether all weights are in the export, so that none are started from.
        temperature: of its probabilities.
    """
    settings = {key: plain(cfg, key) for key in _SETTINGS if key in cfg}
    settings["split"] = {**settings["split"], "test_file": None}
    settings["data"] = {key: cfg.data[key] for key in _OF_DATA if key in cfg.data}
    settings["model"] = {**plain(cfg, "model"), "path": None}
    whole = published.whole  # what a title means is told by all of it
    return {
        "format": FORMAT,
        "recommender": recommender,
        "merged": merged,
        "base": {"name": None if base is None else cfg.model.name, "checksum": base},
        "temperature": None if temperature is None else temperature.told(),
        "settings": settings,
        "taxonomy": {
            "name": whole.name,
            "note": whole.note,
            "outside": sorted(whole.outside),
            "occupations": [asdict(o) for o in whole],
            "related": {code: list(whole.listed(code)) for code in whole.codes},
            "likely": dict(whole.likeliest),
            "ranked": list(published.codes),
        },
    }


def temperature(kept: Mapping[str, Any]) -> Temperature:
    """As `Temperature.told` wrote it."""
    return Temperature(float(kept["value"]), int(kept["people"]), int(kept["transitions"]))


def read(folder: Path, data_dir: str | None) -> tuple[DictConfig, Taxonomy, str | None, Temperature | None]:
    """The settings, the titles, the checksum of the base (`None` where all weights are in the folder), and the
    temperature (`None`: none).

    Raises:
        UserError: the file can't be read.
    """
    path = folder / FILE
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["format"] != FORMAT:
            raise UserError(f"run: {path} is of format {known['format']}; this version reads {FORMAT}.")
        listed = known["taxonomy"]
        occupations = [Occupation(**{**one, "aliases": tuple(one["aliases"])}) for one in listed["occupations"]]
        titles = Taxonomy(
            listed["name"], occupations, listed["related"], listed["note"], listed["outside"], _guess(listed["name"]),
            listed.get("likely"),
        )  # fmt: skip
        titles = titles.only(listed["ranked"]) if len(listed.get("ranked", titles)) < len(titles) else titles
        cfg = OmegaConf.create({"baseline": None, **known["settings"], "data_dir": data_dir, "threads": None})
        if known["merged"]:
            # all weights lie here, and are read as those that a whole training left
            cfg.trainer.lora = None
            cfg.trainer.precision = "fp32"
            cfg.model = {**cfg.model, "path": str(folder), "package": None, "hub": None, "tiny": False}
        if "temperature" not in known and cfg.evaluation.get("temperature") not in (None, 1):
            raise UserError(f"run: {path} is of before exports kept the run's temperature; export the run again.")
        kept = known.get("temperature")
        base = None if known["merged"] else known["base"]["checksum"]
        return cfg, titles, base, None if kept is None else temperature(kept)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"run: {path} can't be read ({error}); export the run again.") from error


def _guess(taxonomy: str) -> Callable[[str, Taxonomy], str | None] | None:
    """By what a taxonomy of this name guesses; code, so no part of an export."""
    return {"nls": nls.guess, "onet": onet_words.guess}.get(taxonomy)
