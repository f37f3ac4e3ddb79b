"""One look for everything that takes more than a few seconds: a bar with counts and time left.

Where standard error is no terminal (a log file, a scheduler), a plain line now and then takes the bar's place.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

Item = TypeVar("Item")

LINE_SECONDS = 30
"""Between two lines of a log."""

# a notebook would get no bar: rich shows them there through a package that is not among the dependencies
console = Console(stderr=True, force_jupyter=False)


class _Time(TimeRemainingColumn):
    """Time left; once done, time taken."""

    def render(self, task: Task) -> Text:
        return Text.assemble("took " if task.finished else "left ", super().render(task))


class _Display(Progress):
    """A bar in a terminal; elsewhere lines, which rich would leave out until the end."""

    _ended: Event | None = None

    def start(self) -> None:
        super().start()
        if not self.console.is_terminal and self._ended is None:
            self._ended = Event()
            # a thread, not the task's own steps: one of those may take minutes
            Thread(target=self._lines, args=(self._ended,), daemon=True).start()

    def stop(self) -> None:
        if self._ended is not None:
            self._ended.set()
            self._ended = None
        super().stop()

    def _lines(self, ended: Event) -> None:
        while not ended.wait(LINE_SECONDS):
            for task in self.tasks:
                if not task.finished:
                    self.console.print(_line(task), markup=False, highlight=False, soft_wrap=True)


def _line(task: Task) -> str:
    time = _Time(compact=True).render(task).plain
    parts = (f"{task.description}: {task.completed:.0f}/{task.total or 0:.0f}", task.fields["note"], time)
    return ", ".join(part for part in parts if part)


@contextmanager
def muted() -> Iterator[None]:
    """Nothing is shown on the console meanwhile: for work in small parts under a bar of its own (`bar(apart=True)`)."""
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before


def bar(apart: bool = False) -> Progress:
    """A progress display; `add_task` (with `note=""`) and `advance` as in rich. Time left is estimated from speed
    over the last ten minutes. `apart`: it is seen while the console is muted, too."""
    fixed = partial(Column, no_wrap=True)  # the bar alone gives way where a line is short
    return _Display(
        TextColumn("{task.description:<19}", table_column=fixed()),
        BarColumn(bar_width=None, table_column=Column(max_width=40)),
        MofNCompleteColumn(table_column=fixed()),
        TextColumn("{task.fields[note]}", table_column=fixed()),
        _Time(compact=True, elapsed_when_finished=True, table_column=fixed()),
        console=Console(stderr=True, force_jupyter=False) if apart else console,
        speed_estimate_period=600,
    )


def track(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Go through `items` under a bar that says `what` is being done."""
    with bar() as display:
        task = display.add_task(what, total=total, note="")
        for item in items:
            yield item
            display.advance(task)
