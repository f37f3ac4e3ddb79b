"""One Hydra job: load, learn, rank, score, report. Each stage that costs minutes ends in a file.

A folder is named by the job's identity, so a file that is there was made by the same job and is not
made again; a stage that was cut off goes on from its journal or checkpoint.
"""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from reasoning_occ.asking import asks_others, reasoner
from reasoning_occ.careers.split import last_transitions
from reasoning_occ.check import check
from reasoning_occ.config import AGENT, SWEEP, asks, build, class_name, floor_node, is_sequence, trains, uses_model
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import prediction_file, scored
from reasoning_occ.evaluation.decision import Decide, ExpectedAccRM
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.fairness import fairness
from reasoning_occ.evaluation.predictions import Prediction, predict
from reasoning_occ.evaluation.quality import quality
from reasoning_occ.evaluation.temperature import FILE as TEMPERATURE_FILE
from reasoning_occ.evaluation.temperature import Temperature, fit_temperature
from reasoning_occ.files import Journal, alone, write_json
from reasoning_occ.identity import judging_version
from reasoning_occ.language.render import events
from reasoning_occ.machine import prepare, python
from reasoning_occ.making import hands, make, precision
from reasoning_occ.progress import console
from reasoning_occ.reasons.calls.clerk import BudgetReached
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.recommenders.base import Answer, Recommender
from reasoning_occ.recommenders.rankings import Growing
from reasoning_occ.recommenders.rolled import TOGETHER, Rolled
from reasoning_occ.report import table
from reasoning_occ.report.jobs import read_object
from reasoning_occ.report.page import write_report
from reasoning_occ.status import Status
from reasoning_occ.task import Task, load


def run_job(cfg: DictConfig, folder: Path) -> None:
    """Run one job to its end in `folder`, going on from what is there; a finished one is shown again.

    Raises:
        UserError: in one sentence, what to mend; nothing half-written is left to be trusted.
    """
    with alone(folder):
        status = Status(folder)
        if not status.finished_as(cfg):
            with _tracked(cfg, folder):
                _work(cfg, folder, status)
        elif cfg.logger.kind == "wandb" and not _sent(folder):
            from reasoning_occ.tracking import send_late

            send_late(cfg, folder)
        page = write_report(folder)
    table.show(folder)
    console.print(f"Report: {page}", soft_wrap=True)
    if SWEEP not in os.environ and not asks(cfg) and class_name(cfg) != "Ensemble":
        console.print(f"Use it: {python()} -m reasoning_occ.recommend run={folder} resume.json", soft_wrap=True)


def _sent(folder: Path) -> bool:
    """Whether the job's figures are in the run that this start would open; each of W&B's agent is a new one."""
    return (folder / "wandb").is_dir() and AGENT not in os.environ


def _tracked(cfg: DictConfig, folder: Path) -> AbstractContextManager[None]:
    if cfg.logger.kind != "wandb":
        return nullcontext()
    from reasoning_occ.tracking import tracked

    return tracked(folder)


def _work(cfg: DictConfig, folder: Path, status: Status) -> None:
    try:
        status.stage("check")
        check(cfg)
        _check_machine(cfg, folder)
        status.stage("load")
        task = load(cfg)
        if uses_model(cfg) or is_sequence(cfg):
            prepare(cfg.threads, precision(cfg) if uses_model(cfg) else "fp32")
        recommender = make(cfg, task, folder)
        final = folder / "predictions.jsonl"
        if not final.is_file():
            status.stage("fit")
            recommender.fit(task.train, task.valid, folder)
            status.stage("rank")
            rank_all(cfg, recommender, task, folder)
        status.stage("score")
        score(cfg, task, folder)
        status.done(cfg)
    except BaseException as error:
        status.failed(error)
        raise


def _check_machine(cfg: DictConfig, folder: Path) -> None:
    """What `check` can't see without torch and W&B, before anything is paid."""
    if cfg.logger.kind == "wandb":
        from reasoning_occ.tracking import check_login

        check_login()
    if trains(cfg) and not (folder / "predictions.jsonl").is_file():
        from reasoning_occ.training.group import check_devices
        from reasoning_occ.training.loop import check_sharding

        check_devices(cfg.trainer.devices)
        check_sharding(cfg.trainer.sharding)


def rank_all(cfg: DictConfig, recommender: Recommender, task: Task, folder: Path) -> None:
    """Rank by a fitted recommender, at a temperature and as far ahead as the job wants."""
    together = cfg.inference.rank_batch if uses_model(cfg) else 1
    temperature = temperature_of(cfg, recommender, task, folder, together)
    if cfg.evaluation.horizon > 1:
        recommender, together = rolled(cfg, task, recommender), TOGETHER
    rank(recommender, task, folder / "predictions.jsonl", together, decision(cfg, task), temperature)


def rolled(cfg: DictConfig, task: Task, recommender: Recommender) -> Recommender:
    """The recommender of the occupation `evaluation.horizon` jobs ahead."""
    choice, last_only = cfg.evaluation, cfg.view.jobs == "last"
    return Rolled(recommender, task.taxonomy, task.train, choice.horizon, choice.paths, last_only)


def rank(
    recommender: Recommender,
    task: Task,
    final: Path,
    together: int = 1,
    decide: Decide | None = None,
    temperature: float | None = None,
) -> None:
    """Recommend for every test history and write predictions.jsonl, row by row so that a cut loses little, and whole
    rankings beside it (log_probs.npz), where there are any.

    `together`: people who go through a model at once. What was cut off goes on with a whole such group: other
    neighbours would move last digits. `decide`, `temperature`: as in `predictions.predict`.
    """
    journal = Journal(final)
    whole = Growing(final.parent, len(task.published))
    # an answer has no ranking that could be missing
    names_one = bool(journal.rows) and "answer" in journal.rows[0]
    begun = len(journal.rows) if names_one else min(len(journal.rows), len(whole))
    journal.keep(begun // together * together)
    whole.keep(len(journal.rows))
    keys = [(row["person"], row["transition"]) for row in journal.rows]
    if keys != [t.key for t in task.test[: len(keys)]]:
        raise UserError(f"{journal.path} was begun for other test people. Move it away and start again.")
    waiting = task.test[len(keys) :]
    for transition, recommendation in zip(waiting, recommender.recommend([t.history for t in waiting]), strict=True):
        shown = events(transition.history, task.taxonomy)
        row = predict(transition, recommendation, task.published, recommender.name, shown, decide, temperature)
        if not isinstance(recommendation, Answer):
            whole.append(recommendation.log_probs)
        journal.append([prediction_file.to_row(row)])
    whole.finish([t.key for t in task.test], task.published.codes)
    journal.finish()
    whole.close()


def decision(cfg: DictConfig, task: Task) -> Decide | None:
    """How a title is chosen beside the most probable one, where that is asked for."""
    return ExpectedAccRM(task.published) if cfg.evaluation.decision == "expected_accrm" else None


def temperature_of(cfg: DictConfig, recommender: Recommender, task: Task, folder: Path, together: int) -> float | None:
    """The temperature of the job's probabilities, fitted on validation people where that is asked for; `None`: none."""
    chosen = cfg.evaluation.temperature
    if chosen == 1:
        return None
    if chosen == "fit":
        # of the kind that is tested
        valid = task.valid if cfg.evaluation.targets == "all" else last_transitions(task.valid)
        found = fit_temperature(recommender, valid, task.taxonomy, folder, together)
    else:
        found = Temperature(float(chosen))
    write_json(folder / TEMPERATURE_FILE, found.told())
    return found.value


def score(cfg: DictConfig, task: Task, folder: Path) -> None:
    """metrics.json, scores.jsonl, floors.json, and for reasons what the judge says of those written for test people."""
    choice = cfg.evaluation
    metrics = partial(
        evaluate,
        taxonomy=task.published,
        resamples=choice.resamples,
        seed=cfg.split.seed,
        situations=task.situations,
    )
    found = prediction_file.read(folder / "predictions.jsonl")
    if [p.key for p in found] != [t.key for t in task.test]:
        raise UserError(
            f"{folder / 'predictions.jsonl'} is not of this job's test people. Move it away and start again."
        )
    scored.write(folder / "scores.jsonl", scored.score(found, task.published))
    write_json(folder / "floors.json", {name: metrics(floor(cfg, name, task, folder)) for name in choice.floors})
    measured = metrics(found)
    measured["fairness"] = fairness(found, choice.resamples, cfg.split.seed, choice.group_at_least)
    if (folder / TEMPERATURE_FILE).is_file():
        measured["temperature"] = read_object(folder / TEMPERATURE_FILE)
    # at once, for the judge may be long or stop the job
    write_json(folder / "metrics.json", {**measured, "data": task.counts})
    judge_written(cfg, task, folder, found)
    write_json(folder / "metrics.json", {**measured, "data": task.counts, **unscored(folder)})
    if cfg.logger.kind == "wandb":
        from reasoning_occ.tracking import send_results

        send_results(cfg, folder, measured, found)


def judge_written(cfg: DictConfig, task: Task, folder: Path, found: Sequence[Prediction]) -> None:
    """reasons_quality.json, where there are reasons for test people and the judge may see them. One that is there stays
    unless other code or other resamples would make it: a judge may be slow or paid."""
    if not any(prediction.reason for prediction in found):
        return
    path = folder / "reasons_quality.json"
    made_by = {"code": judging_version(), "resamples": cfg.evaluation.resamples}
    if path.is_file() and read_object(path).get("made_by") == made_by:
        return
    if asks_others(cfg.judge) and set(cfg.privacy.send) != set(FIELDS):
        # a model writes its reasons from whole histories, so they may tell what must not be sent
        console.print(
            "Reasons for test people are not judged: that would send them, and privacy.send is not all fields."
        )
        return
    judge = reasoner(cfg.judge, task.taxonomy, hands(cfg, task))
    judge.fit(task.train)
    try:
        judged = quality(judge, task.test, found, cfg.evaluation.resamples, cfg.split.seed)
    except BudgetReached as error:
        raise UserError(
            "calls.budget_usd: the budget is reached. metrics.json is there, but not all reasons for test people "
            "are judged. Raise it and start again: no answer that is there is paid again."
        ) from error
    write_json(path, {**judged, "made_by": made_by})


def unscored(folder: Path) -> dict[str, Any]:
    """Scores that the judge, and each of a panel, did not give, by criterion: of a run's oracle reasons, and of those
    for test people."""
    files = {"oracle": folder / "oracle.json", "generated": folder / "reasons_quality.json"}
    found = {name: read_object(path)["unscored"] for name, path in files.items() if path.is_file()}
    if "oracle" in found:
        found |= {f"oracle, {name}": n for name, n in read_object(files["oracle"])["members_unscored"].items()}
    return {"unscored": found} if found else {}


def floor(cfg: DictConfig, name: str, task: Task, folder: Path) -> list[Prediction]:
    """Predictions of a cheap baseline for the same test people. It learns from and sees what the job's view shows: what
    sees more than a recommender is no floor for it."""
    recommender = rolled(cfg, task, build(floor_node(name), taxonomy=task.taxonomy))
    recommender.fit(task.train, task.valid, folder / "floors" / name)
    told, decide = recommender.recommend([t.history for t in task.test]), decision(cfg, task)
    return [
        predict(transition, recommendation, task.published, recommender.name, (), decide)
        for transition, recommendation in zip(task.test, told, strict=True)
    ]
