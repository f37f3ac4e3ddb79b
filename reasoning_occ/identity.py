"""What makes two jobs the same job: the name of a run's folder."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ import __version__
from reasoning_occ.careers.split import people_file
from reasoning_occ.config import CONF, PACKAGE, asks, recommender_node, source, trains, uses_model, writes_reasons
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum

if TYPE_CHECKING:
    from reasoning_occ.models.spec import ModelSpec

# rooms whose code can change a result; a run is only continued by the code that began it
SHAPING = ("careers", "occupations", "models", "language", "reasons", "training", "inference", "recommenders")
WIRING = ("experiment.py", "making.py", "stages.py", "asking.py", "task.py", "config.py")
SCORING = PACKAGE / "evaluation"
# what a result does not depend on; how predictions are scored and shown can change without training anew, and of
# files the content counts, not where they lie
IDLE_BELOW = {
    "evaluation": ("against", "margin", "resamples", "people_shown", "floors"),
    "split": ("test_file",),
    "model": ("path",),
}
# of data, what only says where files lie
PLACES = ("path", "crosswalk", "data_dir", "matches")
IDLE = ("logger", "output", "sweeps", "stages", "data_dir", "onet", "hydra", "threads", "calls", "ablation")
# all that a recommender that trains no model depends on, beside its own part
COMMON_KEYS = ("seed", "data", "split", "view", "evaluation")
# and what an untrained model does, or one that is asked elsewhere
MODEL_KEYS = ("model", "inference", "debug")
ASKING_KEYS = ("privacy",)
# what begins the name of weights that are not here and can't be asked for
HUB = "hub:"
# who scores what an untrained model writes, and what of it that one may be sent
JUDGED_KEYS = ("judge", "privacy")


@cache
def code_version() -> str:
    """The package's version and a checksum of the sources that shape results."""
    digest = hashlib.sha256()
    kinds = ("*.py", "*.md")  # prompts shape results too
    rooms = [file for room in SHAPING for kind in kinds for file in sorted((PACKAGE / room).rglob(kind))]
    for file in (*rooms, *(PACKAGE / name for name in WIRING)):
        digest.update(file.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


@cache
def scoring_version() -> str:
    """A checksum of the sources that make metrics of predictions, which no run's name holds: what they change is scored
    again in the folder where it is. What a stage counted (`leak`) and audits stay as they are."""
    return _of_sources(sorted(file for file in SCORING.glob("*.py") if file.name != "leak.py"))


@cache
def judging_version() -> str:
    """A checksum of the sources that make means of what a judge says of reasons for test people."""
    return _of_sources([SCORING / name for name in ("quality.py", "judging.py", "intervals.py")])


def _of_sources(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def identity(cfg: DictConfig, checksums: dict[str, str]) -> str:
    """Ten hex digits that two jobs share only if they must give the same result.

    Args:
        cfg: the composed configuration; logging and output paths don't count.
        checksums: of the data and the weights.
    """
    parts = shaping(cfg, _keys(cfg))
    if uses_model(cfg) and not trains(cfg):
        # in which the weights are read, and by which reasons are drawn
        parts |= {"precision": cfg.trainer.precision, "drawing": cfg.trainer.seed}
    return digest({**parts, "checksums": checksums})


def shaping(cfg: DictConfig, keys: Iterable[str]) -> dict[str, Any]:
    """The parts of a configuration that a result depends on, as plain values; of the keys that are named."""
    # only these: resolving hydra's own part would ask for the run's name again
    parts: dict[str, Any] = {key: plain(cfg, key) for key in keys if key not in IDLE}
    for part, idle in IDLE_BELOW.items():
        if part in parts:
            parts[part] = {key: value for key, value in parts[part].items() if key not in idle}
    if "data" in parts:
        parts["data"] = without_paths(parts["data"])
    if "debug" in parts:
        parts["debug"] = parts["debug"]["name"] == "tiny"
    return parts


def digest(parts: Mapping[str, Any]) -> str:
    """Ten hex digits that stand for some values and for the code."""
    payload = {**parts, "code": code_version()}
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:10]


def _keys(cfg: DictConfig) -> tuple[str, ...]:
    """The parts of the configuration on which a job's result depends."""
    if trains(cfg):
        return tuple(map(str, cfg))
    kinds = ((uses_model, MODEL_KEYS), (asks, ASKING_KEYS), (writes_reasons, JUDGED_KEYS))
    more = [key for is_of, keys in kinds if is_of(cfg) for key in keys]
    return (*COMMON_KEYS, "method" if cfg.get("baseline") is None else "baseline", *more)


def plain(cfg: DictConfig, key: str) -> Any:
    """A part of the configuration as plain values, its interpolations filled in."""
    value = cfg[key]
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def without_paths(values: dict[str, Any]) -> dict[str, Any]:
    """A mapping without the keys that name places of files, at any depth."""
    return {k: without_paths(v) if isinstance(v, dict) else v for k, v in values.items() if k not in PLACES}


def short_name(node: DictConfig) -> str:
    """A recommender's name in paths: that of the file its class lives in."""
    return str(node._target_).split(".")[-2]


def run_name(cfg: DictConfig, row: str | None = None) -> str:
    """The name of a run's folder: recommender (the table's row where one was chosen), data and identity.

    Never raises: what can't be read yet is left to `validate()` and the job, which say so in a sentence.
    """
    try:
        sums = content(cfg)
    except Exception:
        sums = {"unread": "yes"}
    try:
        return f"{row or short_name(recommender_node(cfg))}-{cfg.data.name}-{identity(cfg, sums)}"
    except Exception:
        return "unnamed"


def content(cfg: DictConfig) -> dict[str, str]:
    """Checksums of what a job reads: its data, its list of test people, the weights it starts from.

    Raises:
        UserError: something can't be read.
    """
    sums = data_content(cfg)
    if uses_model(cfg):
        sums["weights"] = weights_checksum(cfg)
        for role in ("teacher", "judge") if trains(cfg) else ("judge",) if writes_reasons(cfg) else ():
            sums |= _local_models(cfg, plain(cfg, role), role)
        if trains(cfg) and cfg.oracle.fallback == "grounded":
            sums["stand_in"] = checksum(CONF / "teacher" / "grounded.yaml")
    return sums


def data_content(cfg: DictConfig) -> dict[str, str]:
    """Checksums of a job's data and of its list of test people.

    Raises:
        UserError: the data can't be read.
    """
    sums = {"data": source(cfg).checksum()}
    if cfg.split.test_file:
        sums["test_people"] = checksum(people_file(cfg.split.test_file, cfg.data_dir))
    return sums


def _local_models(cfg: DictConfig, values: dict[str, Any], where: str) -> dict[str, str]:
    """Checksums of the models and runs in folders of this machine that a teacher or judge, or one inside it, names."""
    from reasoning_occ.models.spec import ModelSpec
    from reasoning_occ.models.spec import checksum as of_weights

    sums: dict[str, str] = {}
    for key, value in values.items():
        name = f"{where}.{key}"
        if isinstance(value, dict):
            sums |= _local_models(cfg, value, name)
        elif key in ("model", "predictor") and isinstance(value, str) and Path(value).expanduser().exists():
            if key == "predictor":
                sums[name] = checksum(Path(value).expanduser() / "adapter")
            else:
                sums[name] = of_weights(ModelSpec(value, cfg.model.family, path=value, package=None, hub=None))
    return sums


def model_spec(cfg: DictConfig) -> "ModelSpec":
    """Where the job's model comes from."""
    from reasoning_occ.models.spec import ModelSpec

    return ModelSpec(**{field: cfg.model[field] for field in ("name", "family", "path", "package", "hub")})


def weights_checksum(cfg: DictConfig) -> str:
    """What names the weights a job starts from: their content, or the hub's name and commit."""
    from reasoning_occ.models.spec import checksum as of_weights

    spec = model_spec(cfg)
    if cfg.model.tiny:
        return f"tiny-{cfg.seed}"
    try:
        return of_weights(spec)
    except UserError:
        # a model that is not here and can't be asked for: the job will say so
        return f"{HUB}{spec.hub}"
