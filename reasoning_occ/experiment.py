"""One Hydra job: load, learn, rank, score, report. Each stage that costs minutes ends in a file.

A folder is named by the job's identity, so a file that is there was made by the same job and is not
made again; a stage that was cut off goes on from its journal or checkpoint.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.asking import Hands, asks_others, choosing, desk, reasoner, stand_in
from reasoning_occ.careers import split as splits
from reasoning_occ.careers.source import Loaded
from reasoning_occ.careers.types import Date, Transition
from reasoning_occ.check import check
from reasoning_occ.config import build, floor_node, learns_reasons, source
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import predictions as rows
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.leak import leak_probe
from reasoning_occ.evaluation.quality import quality
from reasoning_occ.files import Journal, alone, write_json
from reasoning_occ.identity import model_spec, plain
from reasoning_occ.language.render import events
from reasoning_occ.machine import prepare
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.progress import console
from reasoning_occ.reasons.oracle import make_oracle
from reasoning_occ.reasons.pairs import write_pairs
from reasoning_occ.reasons.privacy import FIELDS, limited
from reasoning_occ.reasons.summary import summary
from reasoning_occ.recommenders.base import Recommender
from reasoning_occ.report import table
from reasoning_occ.report.page import write_report
from reasoning_occ.status import Status


@dataclass(frozen=True, slots=True)
class Task:
    """What a job learns from and is tested on. `test` holds the transitions that are scored."""

    taxonomy: Taxonomy
    train: tuple[Transition, ...]
    valid: tuple[Transition, ...]
    test: tuple[Transition, ...]
    counts: dict[str, Any]


def run_job(cfg: DictConfig, folder: Path) -> None:
    """Run one job to its end in `folder`, going on from what is there; a finished one is shown again.

    Raises:
        UserError: in one sentence, what to mend; nothing half-written is left to be trusted.
    """
    with alone(folder):
        status = Status(folder)
        if not status.finished_as(cfg):
            _work(cfg, folder, status)
        page = write_report(folder)
    table.show(folder)
    console.print(f"Report: {page}", soft_wrap=True)


def _work(cfg: DictConfig, folder: Path, status: Status) -> None:
    try:
        status.stage("check")
        check(cfg)
        status.stage("load")
        task = load(cfg)
        if cfg.get("baseline") is None:
            prepare(cfg.threads, precision(cfg))
        recommender = make(cfg, task, folder)
        final = folder / "predictions.jsonl"
        if not final.is_file():
            status.stage("fit")
            recommender.fit(task.train, task.valid, folder)
            status.stage("rank")
            rank(recommender, task, final)
        status.stage("score")
        score(cfg, task, folder)
        status.done(cfg)
    except BaseException as error:
        status.failed(error)
        raise


def load(cfg: DictConfig) -> Task:
    """Careers, split by person, sampled if asked; and what was counted on the way."""
    loaded: Loaded = source(cfg).load()
    people = splits.sample_people(loaded.careers, cfg.data.people, cfg.seed)
    cut = None if cfg.split.cut is None else Date(cfg.split.cut)
    if cfg.split.by == "file":
        split = splits.split_from_file(people, Path(cfg.split.test_file), cfg.seed, cfg.split.valid, cut)
    else:
        split = splits.split_by_person(people, cfg.seed, cfg.split.valid, cfg.split.test, cut)
    test = split.test if cfg.evaluation.targets == "all" else splits.last_transitions(split.test)
    counts = {
        "people": len(people),
        "people_in_data": len(loaded.careers),
        "train": _size(split.train),
        "valid": _size(split.valid),
        "test": _size(test),
        "skipped": dict(loaded.skipped),
        "seed": cfg.seed,
    }
    if cfg.split.by == "file":
        counts["test_ids_of_nobody"] = splits.unknown_ids(people, Path(cfg.split.test_file))
    return Task(loaded.taxonomy, split.train, split.valid, test, counts)


def _size(transitions: Sequence[Transition]) -> dict[str, int]:
    return {"people": len({t.history.person.id for t in transitions}), "transitions": len(transitions)}


def make(cfg: DictConfig, task: Task, folder: Path) -> Recommender:
    """The job's one recommender: a baseline, or a method with its backbone and what it learns from."""
    if cfg.get("baseline") is not None:
        return build(cfg.baseline, taxonomy=task.taxonomy)
    from reasoning_occ.recommenders.llm import Inference
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
    }
    if learns_reasons(cfg):
        handed["oracle"] = partial(oracle_reasons, cfg, task, folder)
    return build(cfg.method, **handed)


def precision(cfg: DictConfig) -> Literal["fp32", "bf16"]:
    """fp32 or bf16: what "auto" means on this machine. A tiny random model is fp32: there is nothing to save."""
    import torch

    from reasoning_occ.models import backbone as models

    chosen = "fp32" if cfg.model.tiny else cfg.trainer.precision
    return "bf16" if models.precision(chosen) is torch.bfloat16 else "fp32"


def rank(recommender: Recommender, task: Task, final: Path) -> None:
    """Recommend for every test history and write predictions.jsonl, row by row so that a cut loses little."""
    journal = Journal(final)
    keys = [(row["person"], row["transition"]) for row in journal.rows]
    if keys != [t.key for t in task.test[: len(keys)]]:
        raise UserError(f"{journal.path} was begun for other test people. Move it away and start again.")
    waiting = task.test[len(keys) :]
    for transition, recommendation in zip(waiting, recommender.recommend([t.history for t in waiting]), strict=True):
        shown = events(transition.history, task.taxonomy)
        row = rows.predict(transition, recommendation, task.taxonomy, recommender.name, shown)
        journal.append([rows.to_row(row)])
    journal.finish()


def score(cfg: DictConfig, task: Task, folder: Path) -> None:
    """metrics.json, floors.json, and for reasons what the judge says of those written for test people."""
    choice = cfg.evaluation
    metrics = partial(evaluate, taxonomy=task.taxonomy, resamples=choice.resamples, seed=cfg.seed)
    found = rows.read(folder / "predictions.jsonl")
    if [p.key for p in found] != [t.key for t in task.test]:
        raise UserError(
            f"{folder / 'predictions.jsonl'} is not of this job's test people. Move it away and start again."
        )
    write_json(folder / "floors.json", {name: metrics(floor(name, task, folder)) for name in choice.floors})
    written = any(prediction.reason for prediction in found)
    if written and asks_others(cfg.judge) and set(cfg.privacy.send) != set(FIELDS):
        # a model writes its reasons from whole histories, so they may tell what must not be sent
        console.print(
            "Reasons for test people are not judged: that would send them, and privacy.send is not all fields."
        )
    elif written:
        judge = reasoner(cfg.judge, task.taxonomy, hands(cfg, task))
        judge.fit(task.train)
        write_json(folder / "reasons_quality.json", quality(judge, task.test, found, choice.resamples, cfg.seed))
    scored = metrics(found)
    write_json(folder / "metrics.json", {**scored, "data": task.counts})
    if cfg.logger.kind == "wandb":
        from reasoning_occ.tracking import tracker

        with tracker(cfg, folder, "score") as log:
            log.log_metrics({name: m["value"] for name, m in scored.items() if "value" in m and m["value"] is not None})


def floor(name: str, task: Task, folder: Path) -> list[rows.Prediction]:
    """Predictions of a cheap baseline for the same test people."""
    recommender: Recommender = build(floor_node(name), taxonomy=task.taxonomy)
    recommender.fit(task.train, task.valid, folder)
    told = recommender.recommend([t.history for t in task.test])
    return [
        rows.predict(transition, recommendation, task.taxonomy, recommender.name, ())
        for transition, recommendation in zip(task.test, told, strict=True)
    ]


def backbone(cfg: DictConfig, task: Task) -> Any:
    """The model a job starts from: weights as configured, or a tiny random model of the family."""
    from reasoning_occ.language.prompt import ASK, TASK
    from reasoning_occ.models import backbone as models
    from reasoning_occ.models.tiny import tiny

    if cfg.model.tiny:
        texts = [TASK, *ASK.values(), *(o.title for o in task.taxonomy)]
        return tiny(cfg.model.family, texts, seed=cfg.seed, dtype="fp32")
    with console.status(f"Loading {cfg.model.name}"):
        return models.load(model_spec(cfg), precision(cfg))


def hands(cfg: DictConfig, task: Task) -> Hands:
    """What the job's teacher and judge may need; a model is read at most once, when it is first asked for."""
    return Hands(desk(cfg), chat=cache(partial(chat, cfg, task)), predict=cache(partial(predictor, cfg, task)))


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
    from reasoning_occ.recommenders.joint import Joint
    from reasoning_occ.recommenders.untrained import Untrained

    if name is None:
        untrained = cfg.copy()
        untrained.method = {"_target_": f"{Untrained.__module__}.{Untrained.__name__}"}
        return make(untrained, task, Path())
    folder = Path(name).expanduser()
    if not (folder / "adapter" / "adapter_config.json").is_file():
        raise UserError(f"judge.predictor: {folder} is not the folder of a finished run (it has no adapter).")
    theirs = OmegaConf.load(folder / ".hydra" / "config.yaml")
    assert isinstance(theirs, DictConfig)
    same = theirs.data.name == cfg.data.name and theirs.data.get("taxonomy") == cfg.data.get("taxonomy")
    recommender = make(theirs, task, folder)
    if not (same and isinstance(recommender, Joint)):
        raise UserError(f"judge.predictor: {folder} is not a run of method=joint on the data and titles of this job.")
    recommender.folder = folder
    return recommender


def oracle_reasons(
    cfg: DictConfig, task: Task, folder: Path, train: Sequence[Transition], valid: Sequence[Transition]
) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], str]]:
    """Oracle reasons of training and validation transitions, pairs.jsonl of the training transitions, and oracle.json
    with what was counted of both.

    Teacher and judge learn their statistics from training people alone, for validation people too.
    """
    given = hands(cfg, task)
    teacher, judge = (reasoner(node, task.taxonomy, given) for node in (cfg.teacher, cfg.judge))
    if asks_others(cfg.judge):
        # what a reason may tell a judge elsewhere is what its writer knew
        train, valid = ([limited(t, cfg.privacy.send) for t in some] for some in (train, valid))
    instead = stand_in(cfg, task.taxonomy)
    for one in (teacher, judge, instead):
        if one is not None:
            one.fit(train)
    selection, pairing = choosing(cfg)
    texts = []
    for transitions, name in ((train, "reasons.jsonl"), (valid, "reasons_valid.jsonl")):
        found = make_oracle(transitions, teacher, judge, selection, folder / name, task.taxonomy, instead)
        texts.append({key: oracle.text for key, oracle in found.items() if oracle is not None})
    known_train, known_valid = texts
    pairs = write_pairs(folder / "reasons.jsonl", folder / "pairs.jsonl", selection.thresholds, pairing)
    write_json(
        folder / "oracle.json",
        {
            **asdict(summary(folder / "reasons.jsonl", train, task.taxonomy)),
            "pairs": asdict(pairs),
            "leak_probe": leak_probe(
                train, known_train, valid, known_valid, task.taxonomy, cfg.evaluation.resamples, cfg.seed
            ),
        },
    )
    return known_train, known_valid
