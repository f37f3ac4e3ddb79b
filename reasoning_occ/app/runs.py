"""The tab *Runs*: the table of a sweep, paired tests and pictures, as `reasoning_occ.report` makes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.app.render import message, render
from reasoning_occ.app.wiring import html, told
from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from reasoning_occ.app.opened import Opened
    from reasoning_occ.report.pictures import Picture

AS_CONFIGURED = "as the settings say"
_BESIDE = "Dots are values, lines 95% intervals; grey: floors scored beside on the same people."
_TRUE = (
    "On the dashed line a probability means what it says; below it the recommender is too sure. Lines are 95% "
    "intervals (Wilson); bars below count predictions."
)
_PAST = "Share of transitions, with 95% intervals: first title right (AccEM), truth among the first five (Hit@5)."


def table(folder: Path, against: str | None) -> str:
    """How far a sweep is, its table, paired tests, and the metrics as pictures, as HTML.

    Raises:
        UserError: no job is finished, a file can't be read, or there is no row `against`.
    """
    from reasoning_occ.report import figures
    from reasoning_occ.report.content import METRICS
    from reasoning_occ.report.jobs import is_sweep
    from reasoning_occ.report.page import COMPARED
    from reasoning_occ.report.pictures import Picture
    from reasoning_occ.report.sweep import lines, states
    from reasoning_occ.report.table import compose

    found = compose(folder, METRICS, against)
    told_of = lines(states(folder)) if is_sweep(folder) else []
    drawn = tuple(figures.comparison(found.rows, metric) for metric in COMPARED)
    picture = Picture("Side by side", _BESIDE, drawn)
    return render("runs.html.j2", folder=folder.name, lines=told_of, table=found, picture=picture)


def job(folder: Path) -> str:
    """One finished job: its result in two sentences, and its pictures, as HTML.

    Raises:
        UserError: a file of it can't be read.
    """
    from reasoning_occ.report.content import METRICS
    from reasoning_occ.report.content import table as of
    from reasoning_occ.report.jobs import load
    from reasoning_occ.report.page import headline

    found = load(folder)
    said = headline(found, of([found], [], METRICS))
    return render("job.html.j2", name=folder.name, headline=said, pictures=list(_pictures(folder, found.metrics)))


def rows(folder: Path) -> list[str]:
    """What the others can be compared with: names of finished jobs.

    Raises:
        UserError: as `table`.
    """
    from reasoning_occ.report.jobs import find

    return list(dict.fromkeys(job.row or job.name for job in find(folder)[0]))


def jobs(folder: Path) -> dict[str, Path]:
    """Folders of finished jobs by their names.

    Raises:
        UserError: as `table`.
    """
    from reasoning_occ.report.jobs import find

    return {job.folder.name: job.folder for job in find(folder)[0]}


def _pictures(folder: Path, metrics: Any) -> "Iterator[Picture]":
    from reasoning_occ.evaluation.calibration import BINS, reliability
    from reasoning_occ.evaluation.prediction_file import read
    from reasoning_occ.evaluation.slices import PAST_JOBS
    from reasoning_occ.report import figures
    from reasoning_occ.report.page import PER_POINT
    from reasoning_occ.report.pictures import Picture

    said = read(folder / "predictions.jsonl")
    shares = [one.probability for one in said if one.probability is not None]
    if shares:
        bins = min(BINS, max(1, len(shares) // PER_POINT))
        curve = figures.reliability_curve(reliability(said, bins), shares)
        yield Picture("Are its probabilities true?", _TRUE, (curve,))
    yield Picture("By number of past jobs", _PAST, (figures.by_past_jobs(metrics["slices"][PAST_JOBS]),))


def build(run: "Opened") -> None:
    """Lay the tab out, inside a tab of gradio."""
    import gradio as gr
    from gradio.context import Context

    try:
        names, folders = rows(run.runs), jobs(run.runs)
    except UserError as error:
        html(message(f"There is no table to show: {error}", "wrong"))
        return
    if run.runs == run.run:
        alone = "This is the run's own table. With runs=SWEEP_DIR the page shows a sweep's."
        html(render("quiet.html.j2", text=alone))
    with gr.Row():
        against = gr.Dropdown(
            [AS_CONFIGURED, *names], value=AS_CONFIGURED, label="Compare every row with", min_width=220
        )
        which = gr.Dropdown(list(folders), value=None, label="Pictures of one run", min_width=220)
        again = gr.Button("Read again", min_width=110)
    told_of = html("", elem_id="runs-message")
    shown = html("", elem_id="runs")
    single = html("", elem_id="job")

    @told(1)
    def compared(row: str | None) -> tuple[Any, ...]:
        if row not in (None, AS_CONFIGURED, *names):
            raise UserError("Choose one of the rows that are listed.")
        return message(""), table(run.runs, None if row in (None, AS_CONFIGURED) else row)

    @told(1)
    def looked_at(name: str | None) -> tuple[Any, ...]:
        if name not in folders:
            raise UserError("Choose one of the runs that are listed.")
        return message(""), job(folders[name])

    drawing: Any = {"concurrency_limit": 1, "concurrency_id": "figures"}  # matplotlib's settings are the process's
    gr.on([against.input, again.click], compared, [against], [told_of, shown], **drawing)
    which.input(looked_at, [which], [told_of, single], **drawing)
    if (page := Context.root_block) is not None:
        page.load(compared, [against], [told_of, shown], **drawing)
