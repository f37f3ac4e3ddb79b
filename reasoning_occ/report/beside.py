"""What a run's page says of the recommender beside its metrics: what it recommends at all, and whom it serves worse."""

from collections.abc import Iterator, Mapping
from typing import Any

from reasoning_occ.evaluation.temperature import MOVED
from reasoning_occ.evaluation.two_step import PARTS, STEP
from reasoning_occ.report.jobs import Job
from reasoning_occ.report.reasons import Section

_KINDS = {
    "top 1": "first title",
    "top 10": "first ten titles",
    "truths": "what came next",
}
"""Keys of "coverage", and what they count."""

_FIGURES = {"Hit@5": "Hit@5", "too sure": "mean probability less share right"}
"""Keys of a dimension's gaps, with readable names."""

_TWO_STEP_TEXT = (
    "The log-loss in two parts: of stay or move, over all transitions, and of which occupation, over those who moved. "
    "The log-loss of all is the first plus the second times the share that moved."
)
_TEMPERATURE_TEXT = (
    "All log-probabilities divided by {value}, {how}: above 1 a recommender was too sure, below 1 not sure enough. "
    "Titles keep their order.{edge}"
)
_COVERAGE_TEXT = (
    "Share of the taxonomy's {occupations:,} titles that are recommended to anyone, the largest share that so many "
    "recommendations allow, and the Gini coefficient of how often each is recommended (0: all alike, near 1: a few "
    "take all). Without intervals: samples of people hold fewer different ones, which biases a bootstrap."
)
_FAIRNESS_TEXT = (
    "Largest difference between groups of at least {at_least} people; no recommender sees these facts. The largest of "
    "several differences lies above zero even where all are served alike: 'by chance' is the mean gap when people are "
    "dealt out to groups at random, p the share of such deals with a gap as large, and the interval is shifted by what "
    "resampling adds.{left}"
)


def beside(job: Job) -> list[Section]:
    """The sections; none for what a metrics.json of before does not hold."""
    return [*_two_step(job), *_temperature(job.metrics), *_coverage(job), *_fairness(job.metrics)]


def _two_step(job: Job) -> Iterator[Section]:
    known = {name: metrics["two_step"] for name, metrics in _rows(job) if "two_step" in metrics}
    if job.name in known:
        rows = [(name, found[STEP]["n"], [found[key] for key in PARTS]) for name, found in known.items()]
        yield Section("Stay or move, then which", _TWO_STEP_TEXT, PARTS, rows)


def _temperature(metrics: Mapping[str, Any]) -> Iterator[Section]:
    if "tempered" not in metrics or "temperature" not in metrics:
        return
    found, new = metrics["temperature"], metrics["tempered"]
    on = f"on {found['people']:,} validation people ({found['transitions']:,} transitions)"
    how = f"fitted {on}" if found["transitions"] else "given"
    edge = " It is the last that was tried: a better one may lie beyond." if found["at_edge"] else ""
    text = _TEMPERATURE_TEXT.format(value=f"{found['value']:.2f}", how=how, edge=edge)
    rows = [
        (label, of["log-loss"]["n"], [of[name] for name in MOVED])
        for label, of in (("before", metrics), ("after", new))
    ]
    yield Section("Probabilities at another temperature", text, MOVED, rows)


def _rows(job: Job) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and metrics of the job, and of the floors that are not the same recommender."""
    yield job.name, job.metrics
    yield from ((f"{name} *", metrics) for name, metrics in job.floors.items() if name != job.name)


def _coverage(job: Job) -> Iterator[Section]:
    known = {name: metrics["coverage"] for name, metrics in _rows(job) if "coverage" in metrics}
    if job.name not in known:
        return
    rows = [
        (f"{name}: {_KINDS[kind]}", *_counted(found[kind]))
        for name, found in known.items()
        for kind in ("top 1", "top 10")
        if kind in found
    ]
    rows.append((_KINDS["truths"], *_counted(known[job.name]["truths"])))
    columns = ("different titles", "share of titles", "largest possible", "Gini")
    yield Section("What it recommends at all", _COVERAGE_TEXT.format(**known[job.name]), columns, rows)


def _counted(found: Mapping[str, Any]) -> tuple[int, list[Mapping[str, Any] | str]]:
    return found["n"], [f"{found['titles']:,}", *(_plain(found[key]) for key in ("share", "most", "gini"))]


def _fairness(metrics: Mapping[str, Any]) -> Iterator[Section]:
    found = metrics.get("fairness")
    if not found or not found["dimensions"]:
        return
    rows = [
        (f"{fact}, {words}: {gap['highest']} above {gap['lowest']}", gap["n"], [gap, _plain(gap["by_chance"]), _p(gap)])
        for fact, dimension in found["dimensions"].items()
        for figure, words in _FIGURES.items()
        if (gap := dimension["gaps"][figure]) is not None
    ]
    left = "; ".join(_left(fact, dimension) for fact, dimension in found["dimensions"].items() if _left("", dimension))
    text = _FAIRNESS_TEXT.format(at_least=found["at_least"], left=f" Left out: {left}." if left else "")
    yield Section("Are groups served alike?", text, ("largest gap", "by chance", "p"), rows)


def _left(fact: str, dimension: Mapping[str, Any]) -> str:
    """Who stands in no group of a dimension, and how many they are."""
    few = [f"{label} ({n:,} people)" for label, n in dimension["left_out"].items()]
    if dimension["unknown"]:
        few.append(f"not known ({dimension['unknown']:,} people)")
    return f"{fact}: {', '.join(few)}" if few else ""


def _p(gap: Mapping[str, Any]) -> str:
    return "<0.01" if gap["p"] < 0.01 else f"{gap['p']:.2f}"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
