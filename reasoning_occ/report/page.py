"""report.html of one run: a page that needs no network and reads well on a phone."""

from collections.abc import Iterator, Mapping, Sequence
from math import exp
from pathlib import Path
from typing import Any

import numpy as np

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.calibration import BINS, reliability
from reasoning_occ.evaluation.prediction_file import read
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.evaluation.slices import PAST_JOBS
from reasoning_occ.evaluation.temperature import cooled
from reasoning_occ.files import whole
from reasoning_occ.report import figures
from reasoning_occ.report.beside import beside
from reasoning_occ.report.content import METRICS, Table, table
from reasoning_occ.report.jobs import CONFIG_FOLDER, Job, load, setting
from reasoning_occ.report.pictures import Picture
from reasoning_occ.report.reasons import sections
from reasoning_occ.report.render import render
from reasoning_occ.report.sentences import interval, value
from reasoning_occ.report.training_log import curves

COMPARED = ("AccEM", "Hit@5", "MRR")
LOSSES = ("loss", "loss_reason", "loss_answer")
SHOWN_TITLES = 5
PER_POINT = 50
"""Predictions that a point of the reliability curve holds at least (where there are so many)."""


def write_report(folder: Path) -> Path:
    """Write report.html from what lies in a finished run's folder.

    Reads metrics.json, predictions.jsonl and .hydra/config.yaml (keys `seed` and `evaluation.people_shown`), and
    where there are such files floors.json, oracle.json, reasons_quality.json (reasons.py) and
    metrics.csv (columns step, loss, loss_reason, loss_answer).

    Returns:
        The path of the page.

    Raises:
        UserError: one of the first three is missing, or a file can't be read.
    """
    job = load(folder)
    predictions = read(folder / "predictions.jsonl")
    found = table([job], [], METRICS)
    page = render(
        "page.html.j2",
        table=found,
        taxonomy=job.metrics["taxonomy"],
        headline=headline(job, found),
        slices=job.metrics["slices"],
        slice_metrics=COMPARED,
        sections=sections(folder),
        figures=beside(job),
        people=[_person(p) for p in _choose(predictions, job)],
        config=_config(folder),
        overrides=job.overrides,
        # last, since drawing is slow: a file that can't be read is told first
        pictures=list(_pictures(job, found, predictions)),
    )
    path = folder / "report.html"
    with whole(path) as file:
        file.write(page)
    return path


def headline(job: Job, table: Table) -> str:
    """The result in two sentences."""
    counts = job.metrics["counts"]
    what = "people" if counts["people"] == counts["transitions"] else "transitions"
    ranked = job.metrics["MRR"]["value"] is not None
    among = f"; for {_percent(job.metrics['Hit@5'])} the truth is among its first five" if ranked else ""
    first = (
        f"For {_percent(job.metrics['AccEM'])} of {counts['transitions']} {what} it had never seen, {job.name}'s "
        f"{'first' if ranked else 'one'} title is the true next occupation{among}."
    )
    floors = [row for row in table.rows if row.floor]
    if not floors:
        return first
    by = "MRR" if ranked else "AccEM"
    best = max(floors, key=lambda row: row.metrics[by]["value"])
    ours, floor = job.metrics[by], best.metrics[by]
    apart = (
        ours["low"] is not None
        and floor["low"] is not None
        and (ours["low"] > floor["high"] or ours["high"] < floor["low"])
    )
    return (
        f"{first} The best floor by {by}, {best.label}, has {value(floor, table.decimals)} against "
        f"{value(ours, table.decimals)}: the two intervals {'do not overlap' if apart else 'overlap'}."
    )


def _percent(metric: Mapping[str, Any]) -> str:
    """As "23% (18-28)", rounded from two decimals so that it agrees with the table."""
    shown = [f"{100 * float(f'{metric[end]:.2f}'):.0f}" for end in ("value", "low", "high") if metric[end] is not None]
    return f"{shown[0]}% ({shown[1]}-{shown[2]})" if interval(metric, 2) else f"{shown[0]}%"


def _pictures(job: Job, table: Table, predictions: Sequence[Prediction]) -> Iterator[Picture]:
    """Pictures with a caption each; those whose data are absent are left out."""
    if len(table.rows) > 1:
        text = "Dots are values, lines 95% intervals; grey: floors scored beside on the same people."
        yield Picture("Side by side", text, tuple(figures.comparison(table.rows, m) for m in COMPARED))
    probabilities = [p.probability for p in predictions if p.probability is not None]
    if probabilities:
        text = (
            "On the dashed line a probability means what it says; below it the recommender is too sure. Each point "
            f"holds about {len(probabilities) // _bins(len(probabilities))} predictions, lines are 95% intervals "
            f"(Wilson); bars below count predictions. ECE in the table is over {BINS} bins."
        )
        svg = figures.reliability_curve(reliability(predictions, _bins(len(probabilities))), probabilities)
        yield Picture("Are its probabilities true?", text, (svg,))
        if new := [p.probability for p in cooled(predictions) if p.probability is not None]:
            text = "The same after all log-probabilities were divided by the job's temperature."
            svg = figures.reliability_curve(reliability(cooled(predictions), _bins(len(new))), new, "tempered")
            yield Picture("Are they at another temperature?", text, (svg,))
    text = "Share of transitions, with 95% intervals: first title right (AccEM), truth among the first five (Hit@5)."
    yield Picture("By number of past jobs", text, (figures.by_past_jobs(job.metrics["slices"][PAST_JOBS]),))
    for log in sorted([job.folder / "metrics.csv", *job.folder.glob("*/metrics.csv")]):
        if steps := curves(log, LOSSES):
            text = "Loss by optimiser step, in nats a token; the weighted sum of its parts."
            which = "" if log.parent == job.folder else f", {log.parent.name}"
            yield Picture(f"Training{which}", text, (figures.losses(steps),))


def _bins(n: int) -> int:
    """Few enough that a point of the curve is more than noise."""
    return min(BINS, max(1, n // PER_POINT))


def _choose(predictions: Sequence[Prediction], job: Job) -> list[Prediction]:
    """Some people by chance, one transition each; the seed is the run's, so the page is the same each time."""
    shown = setting(job.folder, "evaluation.people_shown")
    if shown is None or job.seed is None:
        raise UserError(
            f"{job.folder / CONFIG_FOLDER / 'config.yaml'} lacks 'seed' or 'evaluation.people_shown', which say whom a "
            "report shows; run the job again to write it anew."
        )
    # sorted, so that the order of the file does not matter
    latest = {p.person: p for p in sorted(predictions, key=lambda p: p.key)}
    people = list(latest)
    rng = np.random.default_rng(job.seed)
    chosen = rng.choice(len(people), size=min(int(shown), len(people)), replace=False)
    return [latest[people[i]] for i in chosen]


def _person(p: Prediction) -> dict[str, Any]:
    return {
        "prediction": p,
        "titles": [
            {
                "title": title,
                "percent": None if probability is None else 100 * probability,
                "true": title == p.truth_title,
            }
            for title, probability in p.top[:SHOWN_TITLES]
        ],
        "truth_percent": None if p.log_prob is None else 100 * exp(p.log_prob),
        "found": any(title == p.truth_title for title, _ in p.top[:SHOWN_TITLES]),
    }


def _config(folder: Path) -> str:
    """The configuration as it was composed. Interpolations stay as written: an environment variable may be a key."""
    path = folder / CONFIG_FOLDER / "config.yaml"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"Could not read {path}: {error.strerror}.") from error
