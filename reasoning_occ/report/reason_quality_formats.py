"""The comparison of reason quality and accuracy as text, Markdown and a picture."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reasoning_occ.evaluation.rank_correlation import RankCorrelation
from reasoning_occ.files import whole
from reasoning_occ.report.reason_quality import ACCURACY, BOTH, LEAK, QUALITY, Comparison, Row
from reasoning_occ.report.sentences import interval, value

TEXT_WIDTH = 170
"""Characters a line of reason_quality.txt."""

_POINT = "#0072b2"
"""The blue of Okabe and Ito."""

Grid = list[list[str]]


def write(found: Comparison, folder: Path) -> list[Path]:
    """Write reason_quality.txt, .md and .svg into a folder."""
    paths = []
    for ending, make in (("txt", text), ("md", markdown), ("svg", picture)):
        paths.append(folder / f"reason_quality.{ending}")
        with whole(paths[-1]) as file:
            file.write(make(found))
    return paths


def text(found: Comparison) -> str:
    """Plain text for a terminal or a file."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, width=TEXT_WIDTH, color_system=None)
    for head, *body in _grids(found, "\n"):
        grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in head:
            grid.add_column(Text(name))
        for cells in body:
            grid.add_row(*map(Text, cells))
        console.print(grid)
    for note in found.notes:
        console.print(Text(note))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def markdown(found: Comparison) -> str:
    """Markdown tables with their sentences."""
    tables = [
        "\n".join(_line(cells) for cells in (head, ["---", *["---:"] * (len(head) - 1)], *body))
        for head, *body in _grids(found, " ")
    ]
    return "\n\n".join([*tables, *found.notes]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _grids(found: Comparison, between: str) -> list[Grid]:
    told = any(row.leak or row.after_oracle is not None for row in found.rows)
    return [_jobs(found, between), *([_answers(found, between)] if told else []), _correlations(found)]


def _answers(found: Comparison, between: str) -> Grid:
    """A row a job: what oracle reasons say of the answer, and what the model makes of it."""
    head = ["job", "Hit@5 by history", "Hit@5 by oracle reason", "valid loss after them", "log-loss, test"]
    rows = (
        [
            f"{number}. {row.label}",
            *(_metric(row.leak[read], between) if read in row.leak else "-" for read in LEAK),
            "-" if row.after_oracle is None else f"{row.after_oracle:.2f}",
            _metric(row.accuracy["log-loss"], between),
        ]
        for number, row in enumerate(found.rows, start=1)
    )
    return [head, *rows]


def _metric(metric: Any, between: str) -> str:
    return f"{value(metric, 2)}{between}{interval(metric, 2)}".strip()


def _jobs(found: Comparison, between: str) -> Grid:
    """A row a job, numbered as in the picture."""
    head = [
        "job",
        "reasons learnt",
        *(f"learnt: {name}" for name in QUALITY),
        *(f"written: {name}" for name in QUALITY),
        *ACCURACY,
    ]
    return [head, *(_cells(number, row, between) for number, row in enumerate(found.rows, start=1))]


def _cells(number: int, row: Row, between: str) -> list[str]:
    learnt = ["-" if mean is None else f"{mean:.2f}" for mean in row.oracle.values()]
    written = ["-"] * len(QUALITY) if row.quality is None else [_metric(row.quality[name], between) for name in QUALITY]
    counted = "-" if row.learnt is None else f"{row.learnt[0]:,} of {row.learnt[1]:,}"
    accuracy = (_metric(row.accuracy[name], between) for name in ACCURACY)
    return [f"{number}. {row.label}", counted, *learnt, *written, *accuracy]


def _correlations(found: Comparison) -> Grid:
    head = ["rank correlation (p, n)", *ACCURACY]
    return [head, *([name, *(_told(found.correlations[name, m]) for m in ACCURACY)] for name in (*QUALITY, BOTH))]


def _told(one: RankCorrelation) -> str:
    return f"- (n {one.n})" if one.rho is None else f"{one.rho:+.2f} (p {one.p:.3f}, n {one.n})"


def picture(found: Comparison) -> str:
    """Every quality against every metric, a numbered point a job with both 95% intervals, as a whole SVG file."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    numbered = [(number, row) for number, row in enumerate(found.rows, start=1) if row.compared]
    look: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": "reason-quality", "font.size": 9}
    with rc_context(look):  # pyright: ignore[reportArgumentType]
        figure = Figure(figsize=(2.9 * len(ACCURACY), 2.7 * len(QUALITY)), layout="constrained")
        grid = figure.subplots(len(QUALITY), len(ACCURACY), squeeze=False)
        for axes_of_quality, quality in zip(grid, QUALITY, strict=True):
            for axes, metric in zip(axes_of_quality, ACCURACY, strict=True):
                for number, row in numbered:
                    assert row.quality is not None
                    _point(axes, row.quality[quality], row.accuracy[metric], str(number))
                axes.set(xlabel=f"{quality} of written reasons", ylabel=metric)
                axes.spines[["top", "right"]].set_visible(False)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _point(axes: Any, x: Any, y: Any, number: str) -> None:
    axes.plot(x["value"], y["value"], "o", color=_POINT, markersize=5)
    axes.annotate(number, (x["value"], y["value"]), xytext=(4, 4), textcoords="offset points")
    if x["low"] is not None:
        axes.hlines(y["value"], x["low"], x["high"], color=_POINT, linewidth=1, alpha=0.5)
    if y["low"] is not None:
        axes.vlines(x["value"], y["low"], y["high"], color=_POINT, linewidth=1, alpha=0.5)
