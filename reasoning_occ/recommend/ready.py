"""The recommender of an opened run, ready to rank.

Nothing is written into the run's folder, nor are reasons for new people kept anywhere: what the recommender needs of
the run stands in a folder of its own that goes when the process ends.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reasoning_occ.config import class_name, is_sequence, trains, uses_model
from reasoning_occ.errors import UserError
from reasoning_occ.recommend.opened import Opened, told_where
from reasoning_occ.recommenders.kept import FILE as LEARNT


def ready(run: Opened, scratch: "TemporaryDirectory[str]") -> Any:
    """The run's recommender, ready to rank: what was learnt is read, what keeps nothing is fitted again.

    What an earlier version of the code didn't keep is fitted again too.

    Raises:
        UserError: data to fit it again are not there or were changed, it can't speak of new people, or the weights it
            starts from are others.
    """
    from reasoning_occ.making import make
    from reasoning_occ.task import Task

    cfg, place = run.cfg, Path(scratch.name)
    if class_name(cfg) == "Ensemble":
        raise UserError(f"run: {run.folder} is an ensemble, which knows its test people alone. Open one of its jobs.")
    if uses_model(cfg):
        check_base(run)
    if uses_model(cfg) or is_sequence(cfg):
        _threads(cfg.threads)
    if (run.folder / LEARNT).is_file():
        baseline: Any = make(cfg, Task(run.seen, run.published, (), (), (), {}, {}), place)
        baseline.take_up(run.folder)
        return baseline
    if not trains(cfg) and class_name(cfg) != "zero_shot":
        task = _task(run)
        recommender = make(cfg, task, place)
        recommender.fit(task.train, task.valid, place)
        return recommender
    model: Any = make(cfg, Task(run.seen, run.published, (), (), (), {}, {}), place)
    model.folder = place
    # a run's folder, as far as it is read
    kept = "model" if cfg.trainer.lora is None else "adapter"
    for adapter in model.adapters if trains(cfg) else ():
        (place / adapter.name).mkdir(exist_ok=True)
        (place / adapter.name / kept).symlink_to(run.adapters(adapter.name).resolve(), target_is_directory=True)
    return model


def _task(run: Opened) -> Any:
    """What a run learnt from, where that is needed again.

    Raises:
        UserError: the data are not there, or are others.
    """
    from reasoning_occ import task as tasks
    from reasoning_occ.report.jobs import read_object

    try:
        with told_where(run.cfg):
            found = tasks.load(run.cfg)
    except UserError as error:
        raise UserError(
            f"run: {run.folder} keeps nothing of what it learnt, so it learns again from its data, and those can't be "
            f"read: {error}"
        ) from error
    then = read_object(run.folder / "metrics.json").get("data", {})
    other = [part for part in ("train", "valid") if then.get(part) not in (None, found.counts[part])]
    if other:
        raise UserError(
            f"run: {run.folder} keeps nothing of what it learnt, and its data were changed since: {other[0]} had "
            f"{then[other[0]]['transitions']} transitions and has {found.counts[other[0]]['transitions']} now."
        )
    return found


def check_base(run: Opened) -> None:
    """Nothing, where the weights that a run starts from are those it was made with, or none are on record.

    Raises:
        UserError: they are others, or there are none.
    """
    from reasoning_occ.identity import HUB, model_spec, weights_checksum
    from reasoning_occ.models.spec import checksum

    if run.base is None:
        return
    found = weights_checksum(run.cfg)
    if found != run.base and found.startswith(HUB):  # they can't be had
        place = run.cfg.model.path
        if place is not None:
            raise UserError(
                f"base: {place} holds no weights; expected a .gguf file, or a folder with config.json, tokenizer files "
                "and *.safetensors (pickled weights are not read)."
            )
        try:
            checksum(model_spec(run.cfg))
        except UserError as error:
            raise UserError(f"base: {error}") from error
    if found != run.base:
        raise UserError(
            f"base: {run.folder} belongs to {run.cfg.model.name} with the checksum {run.base[:12]}, and these weights "
            f"have {found[:12]}. With other weights it ranks otherwise: give the same ones (--base), or export --merge."
        )


def _threads(threads: int | None) -> None:
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
