"""One table in five looks: text, Markdown, CSV, LaTeX, HTML."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from reasoning_occ.report.content import Row, Table
from reasoning_occ.report.grid import Grid
from reasoning_occ.report.render import render
from reasoning_occ.report.sentences import interval, value

TEXT_WIDTH = 140
"""Characters a line of table.txt."""


def text(table: Table) -> str:
    """Plain text for a file."""
    out = io.StringIO()
    show(table, Console(file=out, width=TEXT_WIDTH, color_system=None))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def show(table: Table, console: Console) -> None:
    """Print the table. Where the terminal is too narrow for all columns, metrics become rows; where it is too narrow
    for that too, columns stand in parts below one another."""
    drawn = _fitting(
        lambda metrics: _by_recommender(table, metrics), table.metrics, lambda: _by_metric(table), console.width
    )
    sentences = [Text(table.caption, style="dim"), *(Text(note, style="dim") for note in table.notes)]
    if table.warning:
        sentences.append(Text(table.warning, style="yellow"))
    beside = [part for more in table.grids for part in _grid(more, console.width)]
    console.print(Group(*drawn, *(Padding(sentence, (0, 1)) for sentence in sentences), *beside))


def _grid(grid: Grid, width: int) -> list[RenderableType]:
    """A table beside the table, turned or in parts where it is wider than the terminal, and its notes."""

    def some(names: Sequence[str]) -> RichTable:
        places = [0, *(grid.head.index(name) for name in names)]
        return _drawn([grid.head[i] for i in places], [[row[i] for i in places] for row in grid.rows])

    def turned() -> RichTable:
        head, *rows = zip(*(grid.head, *grid.rows), strict=True)
        return _drawn(head, rows)

    drawn = _fitting(some, grid.head[1:], turned, width)
    notes = [Padding(Text(note, style="dim"), (0, 1)) for note in grid.notes]
    return [Text(f"\n{grid.title}", style="bold"), *drawn, *notes]


def _fitting(
    some: Callable[[Sequence[str]], RichTable], names: Sequence[str], turned: Callable[[], RichTable], width: int
) -> list[RichTable]:
    """A table with all columns, or turned, or in parts of as many columns as fit: the first that fits."""
    for whole in (some(names), turned()):
        if _natural_width(whole) <= width:
            return [whole]
    parts: list[list[str]] = [[]]
    for name in names:
        if parts[-1] and _natural_width(some([*parts[-1], name])) > width:
            parts.append([])
        parts[-1].append(name)
    return [some(part) for part in parts]


def _drawn(head: Sequence[str], rows: Iterable[Sequence[str]]) -> RichTable:
    out = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(head):
        out.add_column(Text(name), justify="right" if i else "left")
    for row in rows:
        # an interval goes below its value
        out.add_row(*(Text(cell.replace(" [", "\n[") if i else cell) for i, cell in enumerate(row)))
    return out


def _natural_width(grid: RichTable) -> int:
    console = Console(width=10_000, file=io.StringIO())
    return Measurement.get(console, console.options, grid).maximum


def _by_recommender(table: Table, metrics: Sequence[str]) -> RichTable:
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("recommender")
    for name in ("people", "transitions", *metrics):
        grid.add_column(name, justify="right", no_wrap=True)
    for i, row in enumerate(table.rows):
        cells = [_cell(row, metric, table.decimals) for metric in metrics]
        last_job = not row.floor and i + 1 < len(table.rows) and table.rows[i + 1].floor
        grid.add_row(
            Text(_label(row), style="" if row.floor else "bold"),
            str(row.people),
            str(row.transitions),
            *cells,
            end_section=last_job,
        )
    return grid


def _by_metric(table: Table) -> RichTable:
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("")
    for row in table.rows:
        grid.add_column(Text(_label(row)), justify="right")
    for name, counts in (
        ("people", [r.people for r in table.rows]),
        ("transitions", [r.transitions for r in table.rows]),
    ):
        grid.add_row(name, *map(str, counts))
    for metric in table.metrics:
        grid.add_row(metric, *(_cell(row, metric, table.decimals) for row in table.rows))
    return grid


def _cell(row: Row, metric: str, decimals: int) -> Text:
    found = row.metrics[metric]
    return Text.assemble(value(found, decimals), "\n", (interval(found, decimals), "dim"))


def _label(row: Row) -> str:
    return f"{row.label} *" if row.floor else row.label


def _one_line(row: Row, metric: str, decimals: int) -> str:
    found = row.metrics[metric]
    return f"{value(found, decimals)} {interval(found, decimals)}".strip()


def markdown(table: Table) -> str:
    """A Markdown table with its sentences."""
    head = ["recommender", "people", "transitions", *table.metrics]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for row in table.rows:
        # a bare * would begin emphasis, a bar would end the cell
        label = _label(row).replace("|", "\\|").replace("*", "\\*")
        cells = (_one_line(row, metric, table.decimals) for metric in table.metrics)
        lines.append("| " + " | ".join([label, str(row.people), str(row.transitions), *cells]) + " |")
    lines += [f"\n{s.replace('*', chr(92) + '*')}" for s in _sentences(table)]
    return "\n".join([*lines, *(line for grid in table.grids for line in grid_markdown(grid))]) + "\n"


def grid_markdown(grid: Grid) -> list[str]:
    """A table beside the table in Markdown."""
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (grid.head, *grid.rows)]
    rule = "|---" + "|---:" * (len(grid.head) - 1) + "|"
    return [f"\n{grid.title}\n", rows[0], rule, *rows[1:], *(f"\n{note}" for note in grid.notes)]


def csv_(table: Table) -> str:
    """Numbers at full precision, one column each for value, low and high, and for each column of the tables beside;
    empty where there is none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    suffixes = ("value", "low", "high")
    ends = [f"{metric}{'' if s == 'value' else f'_{s}'}" for metric in table.metrics for s in suffixes]
    more = [name for grid in table.grids for name in next(iter(grid.numbers.values()), {})]
    writer.writerow(["recommender", "floor", "people", "transitions", *ends, *more])
    for row in table.rows:
        numbers = [row.metrics[metric][s] for metric in table.metrics for s in suffixes]
        known = {} if row.floor else {n: x for grid in table.grids for n, x in grid.numbers.get(row.label, {}).items()}
        beside = [known.get(name) for name in more]
        writer.writerow([row.label, int(row.floor), row.people, row.transitions, *numbers, *beside])
    return out.getvalue()


def latex(table: Table) -> str:
    """A LaTeX table; needs the package booktabs."""
    head = ["recommender", "people", "transitions", *table.metrics]
    lines = [
        "\\begin{table}",
        "\\centering\\small",
        f"\\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        "\\toprule",
        " & ".join(map(_tex, head)) + " \\\\",
        "\\midrule",
    ]
    for i, row in enumerate(table.rows):
        if row.floor and i and not table.rows[i - 1].floor:
            lines.append("\\midrule")
        cells = (
            f"{value(found, table.decimals)} {{\\scriptsize {interval(found, table.decimals)}}}"
            for found in (row.metrics[metric] for metric in table.metrics)
        )
        lines.append(" & ".join([_tex(_label(row)), str(row.people), str(row.transitions), *cells]) + " \\\\")
    lines += ["\\bottomrule", "\\end{tabular}", f"\\caption{{{_tex(' '.join(_sentences(table)))}}}", "\\end{table}"]
    return "\n".join([*lines, *(line for grid in table.grids for line in _grid_tex(grid))]) + "\n"


def _grid_tex(grid: Grid) -> list[str]:
    """A table beside the table in LaTeX."""
    head, *rows = (" & ".join(map(_tex, row)) + " \\\\" for row in (grid.head, *grid.rows))
    caption = _tex(" ".join((f"{grid.title}.", *grid.notes)))
    return [
        "\\begin{table}",
        "\\centering\\small",
        f"\\begin{{tabular}}{{l{'r' * (len(grid.head) - 1)}}}",
        *("\\toprule", head, "\\midrule", *rows, "\\bottomrule"),
        *("\\end{tabular}", f"\\caption{{{caption}}}", "\\end{table}"),
    ]


def _tex(words: str) -> str:
    escapes = {c: f"\\{c}" for c in "&%$#_{}"} | {
        "\\": "\\textbackslash{}",
        "~": "\\textasciitilde{}",
        "^": "\\textasciicircum{}",
    }
    return "".join(escapes.get(c, c) for c in words)


def _sentences(table: Table) -> list[str]:
    return [s for s in (table.caption, *table.notes, table.warning) if s]


def html(table: Table) -> str:
    """A page with the table alone."""
    return render("table_page.html.j2", table=table)


FORMATS: dict[str, tuple[str, Callable[[Table], str]]] = {
    "text": ("txt", text),
    "markdown": ("md", markdown),
    "csv": ("csv", csv_),
    "latex": ("tex", latex),
    "html": ("html", html),
}
"""Name of a format -> ending of its file, and the function that writes it."""
