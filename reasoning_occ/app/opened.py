"""What the page is about: a finished run, ready to rank, and what lies beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.errors import UserError
from reasoning_occ.progress import console

if TYPE_CHECKING:
    from reasoning_occ.app.__main__ import Words
    from reasoning_occ.audit.subject import Subject
    from reasoning_occ.recommend import Recommender

SAMPLE = 100
"""Transitions whose reasons the page shows, as many as `python -m reasoning_occ.audit` draws."""


@dataclass(frozen=True)
class Opened:
    """run: its folder. writes: whether it writes reasons; drawn: how many for a person. runs: the folder of a sweep or
    of many runs, or the run's own. others: finished runs by the name of their folder, the run first. subject: its
    judge's reasons, or the sentence that says why there are none."""

    run: Path
    recommender: "Recommender"
    metrics: dict[str, Any]
    writes: bool
    drawn: int
    runs: Path
    others: dict[str, Path]
    subject: "Subject | str"


def opened(words: "Words") -> Opened:
    """Open what was asked for.

    Raises:
        UserError: there is no run, or it is not finished, can't be used, or asks a model elsewhere; or there is no
            sweep there.
    """
    from reasoning_occ.config import asks, learns_reasons, writes_reasons
    from reasoning_occ.recommend import Recommender
    from reasoning_occ.recommend.newest import chosen
    from reasoning_occ.recommend.opened import settings
    from reasoning_occ.report.jobs import find, read_object

    if words.runs is not None:
        find(words.runs)  # what is wrong with it is told before a model is read
    run = chosen(words.run)
    cfg = settings(run, words.data_dir)
    if asks(cfg):
        raise UserError(f"run: {run} asks a language model elsewhere, and this page sends nothing. Open another run.")
    writes = writes_reasons(cfg)
    with console.status("Opening the run"):
        recommender = Recommender.load(run, reasons=words.reasons if writes else None, data_dir=words.data_dir)
        subject = _subject(run, learns_reasons(cfg))
    return Opened(
        run=run,
        recommender=recommender,
        metrics=read_object(run / "metrics.json"),
        writes=writes,
        drawn=words.reasons if writes else 1,
        runs=words.runs or run,
        others=_others(run, words.runs),
        subject=subject,
    )


def _subject(run: Path, learns: bool) -> "Subject | str":
    """The run's reasons with its judge's verdicts; opened once, before the page is, for paths are meant from the folder
    in which the run was started."""
    from reasoning_occ.audit.subject import subject

    if not learns:
        return "This run learns from no reasons, so no judge has scored any. Open one with method=joint."
    try:
        with subject(run, SAMPLE, None) as found:
            return found
    except UserError as error:
        return f"The reasons of this run can't be shown: {error}"


def _others(run: Path, runs: Path | None) -> dict[str, Path]:
    """Finished runs whose people can be looked at: this one, then those of the sweep, else its neighbours."""
    from reasoning_occ.report.jobs import STATUS_FILE, find, read_object

    if runs is not None:
        near = [job.folder for job in find(runs)[0]]
    else:
        near = sorted(place.parent for place in run.resolve().parent.glob(f"*/{STATUS_FILE}"))
    found = {run.resolve().name: run}
    for folder in near:
        status = folder / STATUS_FILE
        if folder.name not in found and (folder / "predictions.jsonl").is_file() and status.is_file():
            try:
                done = read_object(status).get("done") is True
            except UserError:
                continue
            if done:
                found[folder.name] = folder
    return found
