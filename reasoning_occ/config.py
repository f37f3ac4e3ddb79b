"""From a composed configuration to objects: the one place that builds, and the tables of what builds what.

Nothing here imports torch, so that `--help` and configuration errors answer at once.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.errors import UserError

PACKAGE = Path(__file__).parent
# beside the package in a checkout, inside it in an installed wheel
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())

SWEEP = "REASONING_OCC_SWEEP"  # set while a sweep runs, to its name
AGENT = "WANDB_SWEEP_ID"  # set by the agent of Weights & Biases for the jobs it starts
# of what makes recommenders, that which makes no language model, and that which learns from oracle reasons
BASELINES = ("Popularity", "Markov", "Markov2", "Previous", "Linear", "TextKNN", "Ensemble")
# sequence models of their own, which take the job's seed and minutes to train
SEQUENCES = ("GRU4Rec", "SASRec", "BERT4Rec", "NEMO", "CAREER", "HierarchicalAttention")
LEARN_REASONS = ("joint", "MultiTask", "TwoModel")
# what data.taxonomy can be; own: the titles that the data themselves hold
TAXONOMIES = ("own", "nls", "onet", "esco", "census2002")
BUILDABLE = ("reasoning_occ.careers.", "reasoning_occ.reasons.", "reasoning_occ.recommenders.")
# that which reads the job's language model and trains nothing, and that which asks a model elsewhere
UNTRAINED = ("zero_shot", "FewShot")
ASKING = ("AnthropicAnswers", "AnthropicBatchAnswers", "OpenAIAnswers")


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
    try:
        return locate(target)(**arguments, **handed)
    except TypeError as error:
        raise UserError(f"{target} can't be made of {arguments}: {error}.") from error


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
        UserError: an unknown taxonomy, or its files are not there and can't be downloaded.
    """
    name = cfg.data.get("taxonomy")
    if name is None:
        return build(cfg.data.source)
    known = taxonomy(name, cfg.data_dir, cfg.data.get("crosswalk"), partial(onet_tables, cfg))
    return build(cfg.data.source, taxonomy=known)


def onet_tables(cfg: DictConfig) -> Path:
    """The folder of O*NET's tables. They are downloaded where they are nowhere, but not for careers that aren't there.

    Raises:
        UserError: there are no careers, or the tables can't be had or are not what they were.
    """
    from reasoning_occ.occupations import onet_archive
    from reasoning_occ.occupations.data_dir import located

    if (there := onet_here(cfg)) is not None:
        return there
    path = cfg.data.get("path")
    if path is not None and not located(path, cfg.data_dir).exists():
        raise UserError(f"data.path: there is no {path}; name the file or folder that holds the careers.")
    return onet_archive.download(cfg.data_dir, _archive(cfg))


def onet_here(cfg: DictConfig) -> Path | None:
    """The folder of O*NET's tables, without a download; `None`: there are none.

    Raises:
        UserError: the folder of data sets does not exist, or what was downloaded is not what it was.
    """
    from reasoning_occ.occupations import onet_archive

    return onet_archive.here(cfg.data_dir, _archive(cfg))


def _archive(cfg: DictConfig) -> Any:
    from reasoning_occ.occupations.onet_archive import Archive

    # exports, and runs of before there was such a key, say nothing of it
    chosen: Any = cfg if "onet" in cfg else OmegaConf.load(CONF / "config.yaml")
    return Archive(**chosen.onet)


def taxonomy(name: str, data_dir: str | None, crosswalk: str | None, onet_folder: Callable[[], Path]) -> Any:
    """The taxonomy of a name; `None` for "own", the titles that the data themselves hold.

    Args:
        name: of `TAXONOMIES`.
        data_dir: the folder of data sets, if configured.
        crosswalk: the file that lists the titles of census2002.
        onet_folder: gives the folder of O*NET's tables, for onet.

    Raises:
        UserError: an unknown name, O*NET's tables can't be had, no folder of data sets that holds ESCO's file, or no
            crosswalk.
    """
    from reasoning_occ.occupations import census2002, esco, nls, onet
    from reasoning_occ.occupations.data_dir import located, resolve

    known_taxonomy(name)
    if name == "own":
        return None
    if name == "nls":
        return nls.taxonomy()
    if name == "census2002":
        if crosswalk is None:
            raise UserError(
                "data.taxonomy=census2002: its titles are listed in a crosswalk; name it with data.crosswalk=FILE."
            )
        return census2002.taxonomy(located(crosswalk, data_dir))
    if name == "onet":
        return onet.taxonomy(onet_folder())
    folder = resolve(data_dir)
    if folder is None:
        raise UserError(
            f"data.taxonomy={name}: no data folder. Set data_dir, or REASONING_OCC_DATA, to one with {name}/."
        )
    return esco.taxonomy(folder / "esco")


def known_taxonomy(name: Any) -> None:
    """Nothing, where there is such a taxonomy.

    Raises:
        UserError: there is none; lists those there are.
    """
    if name not in TAXONOMIES:
        raise UserError(f"data.taxonomy: expected {', '.join(TAXONOMIES[:-1])} or {TAXONOMIES[-1]}; got '{name}'.")


def recommender_node(cfg: DictConfig) -> DictConfig:
    """The part of the configuration that names the job's one recommender: `baseline` where chosen, else `method`."""
    return cfg.method if cfg.get("baseline") is None else cfg.baseline


def uses_model(cfg: DictConfig) -> bool:
    """Whether the job's recommender reads the job's language model, be it a method or a baseline."""
    return class_name(cfg) not in (*BASELINES, *SEQUENCES, *ASKING)


def trains(cfg: DictConfig) -> bool:
    """Whether the job trains a language model."""
    return uses_model(cfg) and class_name(cfg) not in UNTRAINED


def is_sequence(cfg: DictConfig) -> bool:
    """Whether the job's recommender is a sequence model that is trained without a language model."""
    return class_name(cfg) in SEQUENCES


def asks(cfg: DictConfig) -> bool:
    """Whether the job's recommender asks a model elsewhere for its answers."""
    return class_name(cfg) in ASKING


def learns_reasons(cfg: DictConfig) -> bool:
    """Whether the job's method learns from oracle reasons, so that it needs a teacher and a judge."""
    return class_name(cfg) in LEARN_REASONS


def learns_own_reasons(cfg: DictConfig) -> bool:
    """Whether the job's method learns titles after reasons of its own too."""
    return learns_reasons(cfg) and bool(recommender_node(cfg).get("own_reasons"))


def writes_reasons(cfg: DictConfig) -> bool:
    """Whether the job's recommender writes reasons for test people, trained or not, so that a judge reads them."""
    node = recommender_node(cfg)
    return learns_reasons(cfg) or ("form" in node and node.form == "reason_then_answer")


def class_name(cfg: DictConfig) -> str:
    """The name of what makes the job's recommender; its module isn't imported, which takes a tenth of a second."""
    return str(recommender_node(cfg)._target_).rpartition(".")[2]


def floor_node(name: str) -> DictConfig:
    """The configuration of a baseline that is scored beside the job's recommender.

    Raises:
        UserError: there is no such baseline, or it is not cheap.
    """
    # those that are methods too point to the method's file and say nothing themselves
    nodes = {file.stem: OmegaConf.load(file) for file in sorted((CONF / "baseline").glob("*.yaml"))}
    cheap = {stem: node for stem, node in nodes.items() if isinstance(node, DictConfig) and _is_cheap(node)}
    if name in nodes and name not in cheap:
        raise UserError(
            f"evaluation.floors: '{name}' asks a language model or trains for minutes, and floors are cheap; "
            f"score it in a job of its own with baseline={name}. Floors: {', '.join(cheap)}."
        )
    if name in cheap and OmegaConf.missing_keys(cheap[name]):
        raise UserError(f"evaluation.floors: '{name}' needs values of its own; score it in a job with baseline={name}.")
    if name not in cheap:
        raise UserError(f"evaluation.floors: '{name}' is no baseline; known: {', '.join(cheap)}.")
    return cheap[name]


def _is_cheap(node: DictConfig) -> bool:
    return "_target_" in node and node._target_.rpartition(".")[2] in BASELINES
