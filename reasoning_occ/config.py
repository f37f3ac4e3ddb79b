"""From a composed configuration to objects: the one place that validates and builds.

Nothing here imports torch, so that `--help` and configuration errors answer at once.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.errors import UserError

PACKAGE = Path(__file__).parent
# beside the package in a checkout, inside it in an installed wheel
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())

BUILDABLE = ("reasoning_occ.careers.", "reasoning_occ.reasons.", "reasoning_occ.recommenders.")


def build(node: DictConfig, **handed: Any) -> Any:
    """Make the object that a leaf of the configuration names in `_target_`.

    Args:
        node: `_target_` and the arguments chosen in YAML.
        handed: arguments that only code can give (a taxonomy, a folder).

    Raises:
        UserError: the target is not one of this project's sources, teachers, judges or recommenders.
    """
    arguments: Any = OmegaConf.to_container(node, resolve=True)
    target = str(arguments.pop("_target_", ""))
    if not target.startswith(BUILDABLE):
        rooms = ", ".join(room.rstrip(".") for room in BUILDABLE)
        raise UserError(f"_target_: expected a class in {rooms}; got '{target}'.")
    # hydra's own instantiate would turn handed dataclasses into configurations
    return locate(target)(**arguments, **handed)


def locate(target: str) -> Any:
    """The class of a dotted path.

    Raises:
        UserError: there is none.
    """
    module, _, name = target.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise UserError(f"_target_: there is no '{target}' ({error}).") from error


def source(cfg: DictConfig) -> Any:
    """The job's source of careers, with the taxonomy that its `data` group brings.

    Raises:
        UserError: an unknown taxonomy, or its files are not there.
    """
    handed = {} if cfg.data.get("taxonomy") is None else {"taxonomy": taxonomy(cfg.data.taxonomy, cfg.data_dir)}
    return build(cfg.data.source, **handed)


def taxonomy(name: str, data_dir: str | None) -> Any:
    """The taxonomy of a name; `None` for "own", the titles that the data themselves hold.

    Raises:
        UserError: an unknown name, or no folder of data sets holds O*NET's files.
    """
    from reasoning_occ.occupations import nls, onet
    from reasoning_occ.occupations.data_dir import resolve

    if name == "own":
        return None
    if name == "nls":
        return nls.taxonomy()
    if name != "onet":
        raise UserError(f"data.taxonomy: expected own, nls or onet; got '{name}'.")
    folder = resolve(data_dir)
    if folder is None:
        raise UserError("data.taxonomy=onet: no data folder. Set data_dir, or REASONING_OCC_DATA, to one with onet/.")
    return onet.taxonomy(folder / "onet")


def recommender_node(cfg: DictConfig) -> DictConfig:
    """The part of the configuration that names the job's one recommender: `baseline` where chosen, else `method`."""
    return cfg.method if cfg.get("baseline") is None else cfg.baseline


def validate(cfg: DictConfig) -> None:
    """Stop a job that can't work before anything is loaded.

    Raises:
        UserError: one sentence that says which value is wrong and what to do.
    """
    for missing in _missing(OmegaConf.to_container(cfg), ""):
        raise UserError(f"{missing}: no value given; add {missing}=... to the command.")
    if cfg.split.by not in ("person", "file"):
        raise UserError(f"split.by: expected person or file, got '{cfg.split.by}'.")
    if (cfg.split.by == "file") != (cfg.split.test_file is not None):
        raise UserError("split.test_file: give the file of test people together with split.by=file, and only then.")
    if not (0 < cfg.split.test < 1 and 0 < cfg.split.valid < 1 and cfg.split.test + cfg.split.valid < 1):
        raise UserError(
            f"split.valid and split.test: expected shares above 0 that leave people to train on; "
            f"got {cfg.split.valid} and {cfg.split.test}."
        )
    people = cfg.data.people
    if people != "all" and not (isinstance(people, int) and people > 0):
        raise UserError(f"data.people: expected a number of people above 0, or all; got '{people}'.")
    if cfg.evaluation.targets not in ("last", "all"):
        raise UserError(f"evaluation.targets: expected last or all, got '{cfg.evaluation.targets}'.")
    for floor in cfg.evaluation.floors:
        floor_node(floor)


def _missing(values: Any, prefix: str) -> Iterator[str]:
    """The dotted keys whose value must be given. Interpolations stay as written: one may point at such a key."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _missing(value, f"{prefix}{key}.")
        elif value == "???":
            yield f"{prefix}{key}"


def floor_node(name: str) -> DictConfig:
    """The configuration of a baseline that is scored beside the job's recommender.

    Raises:
        UserError: there is no such baseline.
    """
    path = CONF / "baseline" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.yaml")))
        raise UserError(f"evaluation.floors: '{name}' is no baseline; known: {known}.")
    node = OmegaConf.load(path)
    assert isinstance(node, DictConfig)
    return node
