"""What a person is told, on a terminal or as JSON or CSV."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reasoning_occ.careers.json_resume import UNMATCHED
from reasoning_occ.recommend.many import to_csv
from reasoning_occ.recommend.results import Ranked, Recommended, Verdict
from reasoning_occ.recommend.what_if import Moved

MARKS: dict[Verdict, tuple[str, str]] = {
    "holds": ("✓", "green"),
    "imprecise": ("~", "yellow"),
    "wrong": ("✗", "red"),
    "outlook": ("→", "cyan"),
    "unread": ("?", "dim"),
}
LEGEND = "✓ stands in the history  ~ a year off  ✗ does not stand there  → an outlook  ? could not be checked"
_SINGLE = (
    ("jobs ", "job "),
    ("job titles ", "job title "),
    ("pieces ", "piece "),
    ("ends ", "end "),
    (" theirs", " its own"),
    (" their words", " its words"),
    (" their job's", " its job's"),
    (" them", " it"),
)
"""Words of `Recommended.left_out`, of one."""
MOST_NEAR = 3
"""Of the titles put under another, how many are named."""
SPREAD = "In brackets: the lowest and highest probability after any of the {} reasons drawn, over which it is the mean."
WHICH = "Of {} reasons drawn, the one that speaks most for the likeliest title."
NOT = "Not for decisions about people: it repeats what people of its data did."


def show(told: Recommended, console: Console) -> None:
    """Print for a person: the history as understood, the reason with its evidence, the ranking."""
    console.print(Text("History as understood", style="bold"))
    _show_history(told, console)
    _show_reason(told, console)
    console.print(Text("What comes next", style="bold"))
    most = max((one.probability or 0.0 for one in (*told.ranked, *told.given)), default=0.0)
    console.print(ranking(told.ranked, most))
    if told.given:
        console.print(Text("Asked for", style="bold"))
        console.print(ranking(told.given, most))
        for one in told.given:
            if one.rank is None and one.probability == 0:
                console.print(
                    _indented(Text(f"{one.title} is the present occupation, which can't be next.", style="dim"))
                )
    several = [SPREAD.format(len(one.by_reason)) for one in told.ranked[:1] if one.by_reason is not None]
    for note in (*several, *told.notes, NOT):
        console.print(Text(note, style="dim"))


def ranking(ranked: Sequence[Ranked], most: float) -> Table:
    """Titles with rank, probability and a bar; those put under another are indented.

    Args:
        ranked: titles.
        most: the probability that a full bar stands for.
    """
    table = Table(box=None, show_header=False, padding=(0, 1))
    for head in ranked:
        for one, under in ((head, False), *((one, True) for one in head.related[:MOST_NEAR])):
            share = "-" if one.probability is None else f"{one.probability:.3f}{_spread(one)}"
            bar = "█" * round(20 * (one.probability or 0.0) / most) if most and not under else ""
            name = f"{'   near: ' if under else ''}{one.title}"
            table.add_row(Text(_rank(one.rank), justify="right"), Text(share), Text(name), Text(bar, style="cyan"))
        if more := head.related[MOST_NEAR:]:
            share = f"{sum(one.probability or 0.0 for one in more):.3f}"
            table.add_row(Text(""), Text(share), Text(f"   near: {len(more)} more, together", style="dim"), Text(""))
    return table


def show_moved(edits: Sequence[str], after: Recommended, changes: Sequence[Moved], console: Console) -> None:
    """Print what edits of a history move."""
    console.print(Text(f"What if: {'; '.join(map(_clean, edits))}", style="bold"))
    _show_history(after, console)
    _show_reason(after, console)
    table = Table("rank", "was", "probability", "was", "title", box=None, padding=(0, 1))
    for one in changes:
        (old, new), (was, now) = one.rank, one.probability
        shares = ("-" if share is None else f"{share:.3f}" for share in (now, was))
        asked = ("   asked for" if one.asked else "", "dim")
        table.add_row(*(_rank(place) for place in (new, old)), *shares, Text.assemble(one.title, asked))
    console.print(table)


def as_json(
    told: Recommended,
    line: bool,
    edits: Sequence[str] = (),
    after: Recommended | None = None,
    changes: Sequence[Moved] = (),
) -> None:
    """Print JSON, on one line or laid out for people: what is said of a person; with `after` what is said before and
    after edits, and what they move."""
    row = told.to_row()
    if after is not None:
        row = {
            "what_if": list(edits),
            "before": row,
            "after": after.to_row(),
            "moved": [asdict(one) for one in changes],
        }
    print(json.dumps(row, ensure_ascii=False, indent=None if line else 2))


def as_csv(told: Iterable[Recommended], columns: Sequence[str]) -> None:
    """Print a row a title."""
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    for one in told:
        writer.writerows(to_csv(one.to_row()))


def _show_history(told: Recommended, console: Console) -> None:
    for line in told.history:
        guess = f"   (guessed from {', '.join(map(repr, line.guesses))})" if line.guesses else ""
        console.print(_indented(Text.assemble(f"{line.number:>3}  {_clean(line.text)}", (_clean(guess), "yellow"))))
    for one in told.titles:
        if one.how == "alias":
            console.print(_indented(Text(f"     '{_clean(one.given)}' is another name of {one.title}", style="dim")))
    for one in told.titles:
        if one.code is None:
            console.print(_indented(Text(f"     '{_clean(one.given)}' is near no title: left out", style="yellow")))
    for what, n in told.left_out.items():
        if what == UNMATCHED:
            continue  # each was told by name
        console.print(_indented(Text(f"     {counted(n, what)}", style="dim")))
    for warning in told.warnings:
        console.print(_indented(Text(f"     {_clean(warning)}", style="yellow")))


def _show_reason(told: Recommended, console: Console) -> None:
    """The reason with its evidence, if one was written; of several drawn, which one it is."""
    if told.reason is None:
        return
    console.print(Text("Reason", style="bold"))
    drawn = next((len(one.by_reason) for one in (*told.ranked, *told.given) if one.by_reason is not None), 1)
    if drawn > 1:
        console.print(_indented(Text(WHICH.format(drawn), style="dim")))
    for claim in told.claims:
        mark, style = MARKS[claim.verdict]
        lines = f"   line{'s' * (len(claim.evidence) > 1)} {', '.join(map(str, claim.evidence))}"
        text = Text.assemble((f"  {mark}  ", style), _clean(claim.text), (lines if claim.evidence else "", "dim"))
        console.print(_indented(text))
        for error in claim.errors:
            console.print(_indented(Text(f"       {_clean(error)}", style=style)))
    if not told.claims:
        console.print(_indented(Text(f"  ?  {_clean(told.reason)}")))
    console.print(_indented(Text(LEGEND, style="dim")))


def _spread(one: Ranked) -> str:
    return "" if one.by_reason is None else f" [{one.lowest:.3f}, {one.highest:.3f}]"


def counted(n: int, what: str) -> str:
    """A count and what was left out or mended, which is worded in the plural."""
    for several, single in _SINGLE if n == 1 else ():
        what = what.replace(several, single)
    return f"{n} {what}"


def _rank(rank: int | None) -> str:
    return "-" if rank is None else str(rank)


def _clean(text: str) -> str:
    """Text in which nothing can steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 1))
