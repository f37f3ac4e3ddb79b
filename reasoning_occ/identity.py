"""What makes two jobs the same job: the name of a run's folder."""

import hashlib
import json
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ import __version__
from reasoning_occ.config import PACKAGE, build, recommender_node
from reasoning_occ.files import checksum

# rooms whose code can change a result; a run is only continued by the code that began it
SHAPING = ("careers", "occupations", "models", "language", "reasons", "training", "inference", "recommenders")
# what a result does not depend on
IDLE = ("logger", "output", "sweeps", "data_dir", "hydra")
# all that a baseline depends on
BASELINE_KEYS = ("seed", "data", "split", "evaluation", "baseline")


def code_version() -> str:
    """The package's version and a checksum of the sources that shape results."""
    digest = hashlib.sha256()
    for room in SHAPING:
        for source in sorted((PACKAGE / room).rglob("*.py")):
            digest.update(source.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def identity(cfg: DictConfig, checksums: dict[str, str]) -> str:
    """Ten hex digits that two jobs share only if they must give the same result.

    Args:
        cfg: the composed configuration; logging and output paths don't count.
        checksums: of the data and the weights.
    """
    values: Any = OmegaConf.to_container(cfg, resolve=True)
    keys = BASELINE_KEYS if values.get("baseline") else tuple(key for key in values if key not in IDLE)
    payload = {key: values[key] for key in keys if key in values}
    if "debug" in payload:
        payload["debug"] = payload["debug"]["name"] == "tiny"
    payload |= {"checksums": checksums, "code": code_version()}
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:10]


def run_name(cfg: DictConfig) -> str:
    """The name of a run's folder: recommender, data and identity.

    Never raises: what can't be read yet is left to `validate()` and the job, which say so in a sentence.
    """
    node = recommender_node(cfg)
    sums: dict[str, str] = {}
    try:
        sums["data"] = build(cfg.data.source).checksum()
        if not cfg.get("baseline"):
            sums["weights"] = weights_checksum(cfg)
    except Exception:
        sums["unread"] = "yes"
    try:
        return f"{node.name}-{cfg.data.name}-{identity(cfg, sums)}"
    except Exception:
        return "unnamed"


def weights_checksum(cfg: DictConfig) -> str:
    """Checksum of the weights a job starts from; a tiny random model is named by its seed."""
    from reasoning_occ.models.spec import checksum as of_weights

    return f"tiny-{cfg.seed}" if cfg.model.tiny else of_weights(cfg.model)
