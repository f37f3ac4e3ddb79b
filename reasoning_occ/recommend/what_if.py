"""A history with a line dropped, added or changed, and what that moves."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reasoning_occ.careers.schema import parse_date
from reasoning_occ.careers.source import capped, merge_counted
from reasoning_occ.careers.types import Date, Education, Job
from reasoning_occ.errors import UserError, nearest
from reasoning_occ.language.render import lines
from reasoning_occ.occupations.snap import GUESSES
from reasoning_occ.recommend.reading import LATER, Guess, Reading, Understood
from reasoning_occ.recommend.results import Recommended, TitleMatch

_DROP = re.compile(r"drop\s+(\d+)", re.IGNORECASE)
_DATE = "[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?"
_ADD = re.compile(rf"add\s+(education\s+)?({_DATE})\s+(\S.*)", re.IGNORECASE)
_CHANGE = re.compile(rf"change\s+(\d+)\s+(?:({_DATE})\s+)?(\S.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Moved:
    """A title of either list, or asked for: its place and probability before and after."""

    title: str
    rank: tuple[int | None, int | None]
    probability: tuple[float | None, float | None]
    asked: bool = False


def edited(one: Understood, edits: Sequence[str], reading: Reading) -> Understood:
    """A history with edits made. Numbers of lines are always those of the history as it was.

    A changed job keeps its place, its facts (hours, pay ...) and, where no date is given, its start, so that what moves
    is the title's doing. Education that came after the present job is known to a later one that is added. Jobs that the
    edits merge count among those that were merged when the history was read.

    Args:
        one: as understood.
        edits: "drop 2", "change 2 Cooks", "change 2 2015-03 Cooks", "add 2015-03 Cooks", "add education 2015 Master".
        reading: finds what a title means.

    Raises:
        UserError: an edit can't be read, a line is not there, or no job would be left.
    """
    history = one.history
    jobs: list[Job | None] = [*history.jobs]
    by_date = sorted(history.education, key=lambda e: e.date)
    learned: list[Education | None] = [*by_date]
    titles: list[TitleMatch] = []
    guesses: list[Guess] = []

    def meant(title: str, start: Date) -> str:
        how, code = reading.read_title(title)
        if code is None:
            raise UserError(f"--what-if: '{title}' is near no title; nearest: {nearest(title, _titles(reading))}.")
        titles.append(TitleMatch(title, how, reading.taxonomy.title(code), code))
        if how in GUESSES:
            guesses.append(Guess(start, code, title))
        return code

    for edit in edits:
        if drop := _DROP.fullmatch(edit.strip()):
            lines, place = _line(one, drop.group(1), reading, jobs, learned)
            lines[place] = None
        elif change := _CHANGE.fullmatch(edit.strip()):
            number, date, title = change.groups()
            lines, place = _line(one, number, reading, jobs, learned)
            lines[place] = _changed(lines[place], None if date is None else parse_date(date), title, meant)
        elif add := _ADD.fullmatch(edit.strip()):
            schooled, date, title = add.groups()
            if schooled:
                learned.append(Education(parse_date(date), title))
            else:
                jobs.append(Job(meant(title, parse_date(date)), parse_date(date)))
        else:
            raise UserError(
                "--what-if: expected 'drop LINE', 'change LINE TITLE', 'change LINE DATE TITLE', 'add DATE TITLE' or "
                f"'add education DATE TITLE', such as 'drop 2' or 'add 2015-03 Cooks'; got '{edit}'."
            )
    every = sorted((job for job in jobs if job is not None), key=lambda job: job.start)
    if not every:
        raise UserError("--what-if: no job would be left; at least one is needed to go on from.")
    known = sorted((e for e in (*learned, *one.later) if e is not None), key=lambda e: e.date)
    mended = Counter[str]()
    jobs_now = capped(every) if history.stays else merge_counted(every, mended)
    career = replace(history, education=tuple(known), jobs=jobs_now)
    now = career.until(len(career.jobs) - 1)
    later = tuple(e for e in known if e not in now.education)
    counts = {**one.left_out, LATER: len(later)} | {what: n + one.left_out.get(what, 0) for what, n in mended.items()}
    return Understood(
        now,
        (*one.titles, *titles),
        {what: n for what, n in counts.items() if n},
        one.warnings if now.jobs == history.jobs else (),  # they are about jobs
        (*one.guesses, *guesses),
        later,
    )


def moved(before: Recommended, after: Recommended, *, asked: Sequence[str] = ()) -> tuple[Moved, ...]:
    """Titles of either list, in the order of the second, then of the first, then those asked for.

    Args:
        before, after: both must tell of the same titles: give those of the other list, and those asked for, as `given`.
        asked: codes of the titles asked for.
    """
    known = [{one.code: one for one in (*told.ranked, *told.given)} for told in (before, after)]
    codes = dict.fromkeys([*(one.code for one in after.ranked), *(one.code for one in before.ranked), *asked])
    found = []
    for code in codes:
        a, b = (told.get(code) for told in known)
        title = next(one.title for one in (a, b) if one is not None)
        rank, probability = (a and a.rank, b and b.rank), (a and a.probability, b and b.probability)
        found.append(Moved(title, rank, probability, code in asked))
    return tuple(found)


def _changed(
    line: Job | Education | None, date: Date | None, title: str, meant: Callable[[str, Date], str]
) -> Job | Education:
    assert line is not None
    if isinstance(line, Education):
        return Education(date or line.date, title)
    start = date or line.start
    end = None if line.end is not None and line.end.surely_before(start) else line.end
    return replace(line, occupation=meant(title, start), start=start, end=end)


def _line(
    one: Understood, number: str, reading: Reading, jobs: list[Job | None], learned: list[Education | None]
) -> tuple[list[Any], int]:
    """Where a line of the history stands: among jobs, or among what was learned, by date."""
    shown = lines(one.history, reading.taxonomy)
    if not 1 <= int(number) <= len(shown):
        raise UserError(f"--what-if: there is no line {number}; the history has {len(shown)}.")
    job = shown[int(number) - 1].job
    found = (jobs, job) if job is not None else (learned, sum(line.job is None for line in shown[: int(number) - 1]))
    if found[0][found[1]] is None:
        raise UserError(f"--what-if: line {number} is dropped by another edit; give one of the two.")
    return found


def _titles(reading: Reading) -> Iterator[str]:
    return (occupation.title for occupation in reading.taxonomy)
