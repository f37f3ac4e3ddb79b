"""One look for everything that takes more than a few seconds: a bar with counts and time left."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Item = TypeVar("Item")

# a notebook would get no bar: rich shows them there through a package that is not among the dependencies
console = Console(stderr=True, force_jupyter=False)


def bar() -> Progress:
    """A progress display; `add_task` and `advance` as in rich. Time left is estimated from speed so far."""
    return Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def track(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Go through `items` under a bar that says `what` is being done."""
    with bar() as display:
        task = display.add_task(what, total=total, note="")
        for item in items:
            yield item
            display.advance(task)
