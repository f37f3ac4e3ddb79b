"""What a job is made of: its recommender, the models it reads, and the oracle reasons it learns from."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf

from reasoning_occ import costs
from reasoning_occ.asking import Hands, choosing, desk, reasoner, shown, stand_in
from reasoning_occ.careers.types import Transition
from reasoning_occ.config import asks, build, is_sequence, learns_reasons, recommender_node, uses_model
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.agreement import panel_agreement
from reasoning_occ.evaluation.leak import leak_probe
from reasoning_occ.files import share, write_json
from reasoning_occ.identity import model_spec, plain
from reasoning_occ.progress import console
from reasoning_occ.reasons.oracle import make_oracle, read_oracle
from reasoning_occ.reasons.pairs import write_pairs
from reasoning_occ.reasons.settings import check_run
from reasoning_occ.reasons.summary import summary
from reasoning_occ.recommenders.base import Recommender
from reasoning_occ.stages import Stages
from reasoning_occ.task import Task

_Known = tuple[Sequence[Transition], dict[tuple[str, int], str]]
ORACLE_FILES = ("reasons.jsonl", "reasons_valid.jsonl", "pairs.jsonl", "oracle.json")


def make(cfg: DictConfig, task: Task, folder: Path) -> Recommender:
    """The job's one recommender, with its backbone and what it learns from where it takes any."""
    node = recommender_node(cfg)
    if asks(cfg):
        return reasoner(node, task.taxonomy, hands(cfg, task))
    if is_sequence(cfg):
        return build(node, taxonomy=task.taxonomy, seed=cfg.seed)
    if not uses_model(cfg):
        return build(node, taxonomy=task.taxonomy)
    from reasoning_occ.inference.settings import Inference
    from reasoning_occ.tracking import tracker
    from reasoning_occ.training.settings import TrainingSettings

    handed: dict[str, Any] = {
        "taxonomy": task.taxonomy,
        "load": partial(backbone, cfg, task),
        "max_tokens": cfg.model.max_tokens,
        "trainer": TrainingSettings.of({**plain(cfg, "trainer"), "precision": precision(cfg)}),
        "inference": Inference(**cfg.inference),
        "logger": partial(tracker, cfg, folder),
        "ranking": cfg.ranking,
        "place": Stages(cfg).at,
        "everyone": lambda: [t.history for t in task.test],
    }
    if learns_reasons(cfg):
        handed["oracle"] = partial(oracle_reasons, cfg, task, folder)
        handed["told"] = partial(test_reasons, cfg, task)
        if cfg.get("preference") is not None:
            from reasoning_occ.training.preference_settings import PreferenceSettings

            handed["preference"] = PreferenceSettings.of(plain(cfg, "preference"))
    return build(node, **handed)


def precision(cfg: DictConfig) -> Literal["fp32", "bf16"]:
    """fp32 or bf16: what "auto" means on this machine. A tiny random model is fp32: there is nothing to save."""
    import torch

    from reasoning_occ.models import backbone as models

    chosen = "fp32" if cfg.model.tiny else cfg.trainer.precision
    return "bf16" if models.precision(chosen) is torch.bfloat16 else "fp32"


def oracle_reasons(
    cfg: DictConfig,
    task: Task,
    folder: Path,
    train: Sequence[Transition],
    valid: Sequence[Transition],
) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], str]]:
    """Oracle reasons of training and validation transitions, pairs.jsonl of the training transitions, and oracle.json
    with what was counted of both; made once for all jobs that want the same, and put into `folder` too.

    Teacher and judge learn their statistics from training people alone, for validation people too.
    """
    with Stages(cfg).at("oracle") as where:
        train, valid = shown(cfg, train), shown(cfg, valid)
        there = (where / "oracle.json").is_file()
        with nullcontext() if there else costs.Meter(where, "oracle"):
            known_train = _choose(cfg, task, train, where / "reasons.jsonl")
            known_valid = _choose(cfg, task, valid, where / "reasons_valid.jsonl")
            if not there:
                _count(cfg, task, where, (train, known_train), (valid, known_valid))
        for name in ORACLE_FILES:
            share(where / name, folder / name)
        costs.note(folder, costs.read(where)["seconds"])
    return known_train, known_valid


def test_reasons(cfg: DictConfig, task: Task) -> dict[tuple[str, int], str]:
    """Oracle reasons of the test transitions, by teacher and judge that learnt from training people: an upper bound."""
    with Stages(cfg).at("oracle") as where:
        return _choose(
            cfg, task, shown(cfg, task.test), where / f"reasons_{cfg.evaluation.part}_{cfg.evaluation.targets}.jsonl"
        )


def _choose(cfg: DictConfig, task: Task, transitions: Sequence[Transition], path: Path) -> dict[tuple[str, int], str]:
    given = hands(cfg, task)
    selection, _ = choosing(cfg)
    teacher = reasoner(cfg.teacher, task.taxonomy, given)
    judge = reasoner(cfg.judge, task.taxonomy, given) if selection.criteria else None
    instead = stand_in(cfg, task.taxonomy)
    if not path.is_file():
        for one in (teacher, judge, instead):
            if one is not None:
                one.fit(shown(cfg, task.train))
    found = make_oracle(transitions, teacher, judge, selection, path, task.taxonomy, instead)
    return {key: oracle.text for key, oracle in found.items() if oracle is not None}


def _count(cfg: DictConfig, task: Task, where: Path, train: _Known, valid: _Known) -> None:
    """Write pairs.jsonl, and oracle.json last, which says that all is there."""
    selection, pairing = choosing(cfg)
    reasons = where / "reasons.jsonl"
    pairs = write_pairs(reasons, where / "pairs.jsonl", selection.counted, pairing)
    resamples, seed = cfg.evaluation.resamples, cfg.split.seed
    told = {
        **asdict(summary(reasons, train[0], task.taxonomy)),
        "pairs": asdict(pairs),
        "agreement": panel_agreement(read_oracle(reasons), resamples, seed),
        "leak_probe": leak_probe(*train, *valid, task.taxonomy, resamples, seed),
    }
    write_json(where / "oracle.json", told)


def hands(cfg: DictConfig, task: Task) -> Hands:
    """What the job's teacher and judge may need; a model is read at most once, when it is first asked for."""
    return Hands(desk(cfg), chat=cache(partial(chat, cfg, task)), predict=cache(partial(predictor, cfg, task)))


def backbone(cfg: DictConfig, task: Task) -> Any:
    """The model a job starts from: weights as configured, or a tiny random model of the family."""
    from reasoning_occ.language.asks import ASK, TASK
    from reasoning_occ.models import backbone as models
    from reasoning_occ.models.tiny import tiny

    if cfg.model.tiny:
        texts = [TASK, *ASK.values(), *(o.title for o in task.taxonomy)]
        return tiny(cfg.model.family, texts, seed=cfg.seed, dtype="fp32")
    with console.status(f"Loading {cfg.model.name}"):
        return models.load(model_spec(cfg), precision(cfg))


def chat(cfg: DictConfig, task: Task, name: str | None) -> Any:
    """A chat model for a teacher or judge in this process.

    Args:
        cfg, task: the job.
        name: a folder of safetensors, a .gguf file or a name on the hub; None: the model that the job starts from.

    Raises:
        UserError: the model can't be found, fetched or read.
    """
    from reasoning_occ.inference.local import Chat
    from reasoning_occ.models import backbone as models
    from reasoning_occ.models.causal import device
    from reasoning_occ.models.spec import ModelSpec

    if name is None:
        loaded = backbone(cfg, task)
    else:
        place = {"path": name, "hub": None} if Path(name).expanduser().exists() else {"path": None, "hub": name}
        loaded = models.load(ModelSpec(name, cfg.model.family, package=None, **place), precision(cfg))
    model: Any = loaded.model
    return Chat(model.to(device()), loaded.tokenizer)


def predictor(cfg: DictConfig, task: Task, name: str | None) -> Any:
    """A predictor for a judge.

    Args:
        cfg, task: the job.
        name: the folder of a finished run of a method that reads reasons, on the same taxonomy; None: the model that
            the job starts from.

    Raises:
        UserError: there is no such run, or it has another taxonomy or another method.
    """
    from reasoning_occ.recommenders.reasoned import Reasoned
    from reasoning_occ.recommenders.zero_shot import zero_shot

    if name is None:
        untrained = cfg.copy()
        OmegaConf.set_struct(untrained, False)  # a job without a baseline has no such key
        untrained.baseline = None
        # how test people are ranked is none of a judge's business
        plainly = {"reason": "greedy", "allow_oracle": False, "pmi": False, "precision": "fp32"}
        untrained.inference = OmegaConf.merge(untrained.inference, plainly)
        untrained.method = {"_target_": f"{zero_shot.__module__}.{zero_shot.__name__}", "form": "reason_then_answer"}
        return make(untrained, task, Path())
    check_run("judge.predictor", name)
    folder = Path(name).expanduser()
    theirs = OmegaConf.load(folder / ".hydra" / "config.yaml")
    assert isinstance(theirs, DictConfig)
    same = theirs.data.name == cfg.data.name and theirs.data.get("taxonomy") == cfg.data.get("taxonomy")
    same = same and theirs.view == cfg.view
    recommender = make(theirs, task, folder)
    if not (same and isinstance(recommender, Reasoned)):
        raise UserError(f"judge.predictor: {folder} is not a run on this job's data, of a method that reads reasons.")
    recommender.folder = folder
    return recommender
