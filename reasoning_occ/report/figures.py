"""Pictures of a report, as inline SVG that follows the page's colours, light or dark.

Colours are written as placeholders and become CSS variables (style.css), which hold a colour-blind safe
pair (blue and orange of Okabe and Ito) in a shade for each background.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from reasoning_occ.evaluation.calibration import Bin
from reasoning_occ.evaluation.intervals import wilson
from reasoning_occ.report.content import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FIRST, SECOND, GRID, MUTED = "#010203", "#010204", "#010205", "#010206", "#010207"
"""Placeholders; each becomes a variable of the page."""

_VARIABLES = {INK: "currentColor", FIRST: "var(--first)", SECOND: "var(--second)", GRID: "var(--line)"}
_VARIABLES[MUTED] = "var(--muted)"
_FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif'
_COLOURS = (
    "svg { color: #1c1d21; --first: #0064a8; --second: #b35400; --line: #e2e0da; --muted: #63666f } "
    "@media (prefers-color-scheme: dark) { "
    "svg { color: #e9e8e4; --first: #6bb8f0; --second: #f0a24e; --line: #353941; --muted: #a2a5ad } } "
    f"text {{ font-family: {_FONTS} !important }}"
)
"""Those of style.css, for a picture that stands alone."""


def reliability_curve(bins: Sequence[Bin], probabilities: Sequence[float], name: str = "reliability") -> str:
    """How often the top title is right, by the probability it was given; below, how many had which probability.

    Args:
        bins: of equal numbers of predictions (calibration.reliability).
        probabilities: of the top titles, one a prediction.
        name: of the figure, once on a page.
    """
    with _figure(name, 4.6, 4.3) as (figure, out):
        grid = figure.add_gridspec(2, 1, height_ratios=(3, 1), hspace=0.12)
        top = figure.add_subplot(grid[0])
        below = figure.add_subplot(grid[1], sharex=top)
        x, y = [b.confidence for b in bins], [b.accuracy for b in bins]
        ends = np.array([wilson(b.accuracy, b.n) for b in bins])
        end, height = 1.04 * max(probabilities), min(1.0, 1.08 * max(ends[:, 1].max(), *x))
        top.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        top.vlines(x, ends[:, 0], ends[:, 1], color=FIRST, linewidth=2, alpha=0.6)
        top.plot(x, y, "o", color=FIRST, markersize=6)
        top.set(ylabel="share right", xlim=(0, end), ylim=(0, height))
        top.tick_params(labelbottom=False)
        below.hist(probabilities, bins=list(np.linspace(0, end, 25)), color=FIRST, alpha=0.6)
        below.set(xlabel="probability of the first title", ylabel="predictions")
        for axes in (top, below):
            _bare(axes)
    return out[0]


def by_past_jobs(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """AccEM and Hit@5 by number of past jobs, with intervals and the number of transitions.

    Args:
        parts: the slices "past jobs" of metrics.json, label -> metrics.
    """
    with _figure("past-jobs", 4.6, 3.5) as (figure, out):
        axes = figure.add_subplot()
        places = np.arange(len(parts))
        for metric, colour, marker, shift in (("AccEM", FIRST, "o", -0.09), ("Hit@5", SECOND, "s", 0.09)):
            found = [part[metric] for part in parts.values()]
            if all(f["value"] is None for f in found):
                continue  # one title is no ranking
            _whiskers(axes, places + shift, found, colour, vertical=True)
            axes.plot(places + shift, [f["value"] for f in found], marker, color=colour, markersize=6, label=metric)
        labels = [f"{label}\nn={part['counts']['transitions']}" for label, part in parts.items()]
        axes.set_xticks(places, labels)
        axes.set(ylim=(0, 1), xlabel="jobs before the present one", ylabel="share of transitions")
        axes.set_xlim(-0.5, len(parts) - 0.5)
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handletextpad=0.2, borderaxespad=0)
        _bare(axes)
    return out[0]


def comparison(rows: Sequence[Row], metric: str, width: float = 3.6) -> str:
    """Every recommender's value and interval in one metric; floors are grey. `width`: inches, of all."""
    with _figure(f"comparison-{metric}", width, 0.75 + 0.3 * len(rows)) as (figure, out):
        axes = figure.add_subplot()
        places = np.arange(len(rows))[::-1]
        for place, row in zip(places, rows, strict=True):
            colour = MUTED if row.floor else FIRST
            found = row.metrics[metric]
            _whiskers(axes, np.array([place]), [found], colour, vertical=False)
            if found["value"] is not None:
                axes.plot(found["value"], place, "o", color=colour, markersize=6)
        axes.set_title(metric, loc="left", fontsize=10, color=INK)
        axes.set_yticks(places, [row.label for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlim(left=0)
        _bare(axes, along="x")
    return out[0]


def alone(svg: str) -> str:
    """A picture as a file of its own, which carries the page's colours: light or dark, as the viewer prefers."""
    box = svg[svg.index('viewBox="') + len('viewBox="') :].split('"', maxsplit=1)[0]
    _, _, width, height = (float(number) for number in box.split())
    sized = svg.replace("<svg ", f'<svg width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}" ', 1)
    head, rest = sized.split(">", 1)
    return f"{head}><style>{_COLOURS}</style>{rest}"


def score_histogram(
    criterion: str, chosen: Sequence[int], others: Sequence[int], unscored: int | None, threshold: int | None, top: int
) -> str:
    """How many candidates have which score; the chosen ones in colour, on the axis, the others grey above them.

    Args:
        criterion: its name.
        chosen: candidates with a score of 1 to 5 that became oracle reasons.
        others: the rest of those that were scored.
        unscored: candidates without a score, in a column of their own; `None`: no such column.
        threshold: least score of an oracle reason, marked by a line; `None`: not on record.
        top: candidates at the axis' end.
    """
    from matplotlib.ticker import MaxNLocator

    with _figure(f"scores-{criterion}", 3.6, 2.7) as (figure, out):
        axes = figure.add_subplot()
        places = np.arange(1, 6)
        axes.bar(places, chosen, width=0.72, color=FIRST)
        axes.bar(places, others, width=0.72, bottom=list(chosen), color=MUTED, alpha=0.45)
        labels = [str(place) for place in places]
        if unscored is not None:
            places, labels = np.append(places, 6), [*labels, "none"]
            axes.bar(6, unscored, width=0.72, fill=False, edgecolor=MUTED, linestyle=(0, (2, 2)))
        if threshold is not None:
            axes.axvline(threshold - 0.5, color=SECOND, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set_title(criterion, loc="left", fontsize=10, color=INK)
        axes.set_xticks(places, labels)
        axes.set(xlim=(0.4, len(places) + 0.6), ylim=(0, 1.05 * top), ylabel="candidates")
        axes.tick_params(axis="x", length=0)
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
        _bare(axes)
    return out[0]


def losses(steps: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Training losses by step, a line each (name -> (step, nats a token))."""
    with _figure("losses", 4.6, 3.3) as (figure, out):
        axes = figure.add_subplot()
        looks = ((INK, "-"), (FIRST, "-"), (SECOND, (0, (5, 1.5))))
        for (name, points), (colour, line) in zip(steps.items(), looks, strict=False):
            x, y = zip(*points, strict=True)
            axes.plot(x, y, color=colour, linestyle=line, linewidth=1.4, label=name.replace("_", " "))
        axes.set(xlabel="step", ylabel="training loss, nats a token")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
        _bare(axes)
    return out[0]


def preferences(curves: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Rewards of both texts and their margin by step of preference training; below, in which share of pairs the chosen
    one gained more.

    Args:
        curves: "reward_chosen", "reward_rejected", "reward_margin" and "reward_accuracy" -> (step, value).
    """
    with _figure("preferences", 4.6, 4.3) as (figure, out):
        grid = figure.add_gridspec(2, 1, height_ratios=(3, 2), hspace=0.12)
        top = figure.add_subplot(grid[0])
        below = figure.add_subplot(grid[1], sharex=top)
        looks = {"reward_margin": (INK, "-"), "reward_chosen": (FIRST, "-"), "reward_rejected": (SECOND, (0, (5, 1.5)))}
        for name, (colour, line) in looks.items():
            x, y = zip(*curves[name], strict=True)
            top.plot(x, y, color=colour, linestyle=line, linewidth=1.4, label=name.removeprefix("reward_"))
        top.axhline(0, color=MUTED, linewidth=0.8)
        top.set(ylabel="reward, nats")
        top.tick_params(labelbottom=False)
        top.legend(frameon=False)
        x, y = zip(*curves["reward_accuracy"], strict=True)
        below.plot(x, y, color=FIRST, linewidth=1.4)
        below.axhline(0.5, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        below.set(xlabel="step", ylabel="share of pairs", ylim=(-0.02, 1.02))
        for axes in (top, below):
            _bare(axes)
    return out[0]


def dose_response(rates: Sequence[Mapping[str, Any]]) -> str:
    """Mean scores by the rate of planted mistakes, with intervals.

    Args:
        rates: `{"rate", "scores": {criterion: metric}}` each.
    """
    with _figure("dose", 4.6, 3.3) as (figure, out):
        axes = figure.add_subplot()
        looks = ((FIRST, "o", -0.008), (SECOND, "s", 0.0), (INK, "^", 0.008))
        for criterion, (colour, marker, shift) in zip(rates[0]["scores"], looks, strict=True):
            found = [entry["scores"][criterion] for entry in rates]
            shown = [(e["rate"] + shift, f) for e, f in zip(rates, found, strict=True) if f["value"] is not None]
            places = np.array([place for place, _ in shown])
            _whiskers(axes, places, [f for _, f in shown], colour, vertical=True)
            values = [f["value"] for _, f in shown]
            axes.plot(places, values, marker=marker, color=colour, markersize=6, linewidth=1.4, label=criterion)
        axes.set(ylim=(0.9, 5.1), xlabel="share of reasons with a planted mistake", ylabel="mean score")
        axes.set_xticks([entry["rate"] for entry in rates])
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handletextpad=0.4, borderaxespad=0)
        _bare(axes)
    return out[0]


def columns(name: str, counts: Mapping[str, int], xlabel: str, ylabel: str) -> str:
    """A column for each count, in the order given; as many have a label as there is room for."""
    with _figure(name, 4.6, 3.0) as (figure, out):
        axes = figure.add_subplot()
        axes.bar(range(len(counts)), list(counts.values()), width=0.8, color=FIRST)
        letters = sum(map(len, counts)) + 2 * len(counts)
        every = -(-letters // 56)
        axes.set_xticks(range(0, len(counts), every), list(counts)[::every])
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.tick_params(axis="x", length=0)
        _bare(axes)
    return out[0]


def frequencies(counts: Mapping[str, Sequence[int]]) -> str:
    """How often each label occurs, by its place among them: a line for each kind of count, most frequent first."""
    with _figure("frequencies", 4.6, 3.0) as (figure, out):
        axes = figure.add_subplot()
        looks = ((FIRST, "-"), (SECOND, (0, (5, 1.5))))
        for (name, found), (colour, line) in zip(counts.items(), looks, strict=True):
            axes.plot(range(1, len(found) + 1), found, color=colour, linestyle=line, linewidth=1.4, label=name)
        axes.set(xscale="log", yscale="log", xlabel="place of the label", ylabel="times")
        axes.legend(frameon=False)
        _bare(axes)
    return out[0]


def _whiskers(
    axes: "Axes", places: np.ndarray, found: Sequence[Mapping[str, Any]], colour: str, vertical: bool
) -> None:
    draw = axes.vlines if vertical else axes.hlines
    for place, metric in zip(places, found, strict=True):
        if metric["low"] is not None:
            draw(place, metric["low"], metric["high"], color=colour, linewidth=2, alpha=0.6)


def _bare(axes: "Axes", along: str = "y") -> None:
    """No box; a faint grid along the axis that is read."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x" if along == "x" else "y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


@contextmanager
def _figure(name: str, width: float, height: float) -> "Iterator[tuple[Figure, list[str]]]":
    """A figure to draw on; its SVG is in the list once the block ends. Sizes are inches.

    `name` goes into the SVG's ids, so that two figures on a page don't share them.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    look: dict[str, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.size": 9.5,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
        "axes.linewidth": 0.8,
    }
    out: list[str] = []
    with rc_context(look):  # pyright: ignore[reportArgumentType]
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, out
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    out.append(_inline(file.getvalue()))


def _inline(svg: str) -> str:
    """The svg element alone, in the page's colours, as wide as its place."""
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    for placeholder, variable in _VARIABLES.items():
        svg = svg.replace(placeholder, variable)
    head, rest = svg.split(">", 1)
    return re.sub(r' (width|height)="[^"]*"', "", head) + ">" + rest
