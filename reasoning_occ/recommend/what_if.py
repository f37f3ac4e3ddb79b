"""A history with a line dropped, added or changed, and what that moves."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reasoning_occ.careers.schema import parse_date
from reasoning_occ.careers.source import capped, merge
from reasoning_occ.careers.types import Education, Job
from reasoning_occ.errors import UserError
from reasoning_occ.language.render import lines
from reasoning_occ.recommend.reading import Reading, Understood
from reasoning_occ.recommend.results import Recommended, TitleMatch

_DROP = re.compile(r"drop\s+(\d+)", re.IGNORECASE)
_DATE = "[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?"
_ADD = re.compile(rf"add\s+(education\s+)?({_DATE})\s+(\S.*)", re.IGNORECASE)
_CHANGE = re.compile(rf"change\s+(\d+)\s+(?:({_DATE})\s+)?(\S.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Moved:
    """A title of either list: its place and probability before and after."""

    title: str
    rank: tuple[int | None, int | None]
    probability: tuple[float | None, float | None]


def edited(one: Understood, edits: Sequence[str], reading: Reading) -> Understood:
    """A history with edits made. Numbers of lines are always those of the history as it was.

    Args:
        one: as understood.
        edits: "drop 2", "add 2015-03 Cooks", "add education 2015 Master", "change 2 Cooks", "change 2 2015-03 Cooks".
        reading: finds what an added title means.

    Raises:
        UserError: an edit can't be read, a line is not there, or no job would be left.
    """
    history = one.history
    dropped_jobs: set[int] = set()
    dropped_education: set[int] = set()
    jobs: list[Job] = []
    learned: list[Education] = []
    titles: list[TitleMatch] = []
    for edit in _plainly(one, edits, reading):
        if drop := _DROP.fullmatch(edit.strip()):
            job, schooling = _line(one, int(drop.group(1)), reading)
            (dropped_education if job is None else dropped_jobs).add(schooling if job is None else job)
        elif add := _ADD.fullmatch(edit.strip()):
            schooled, date, title = add.groups()
            if schooled:
                learned.append(Education(parse_date(date), title))
                continue
            how, code = reading.read_title(title)
            if code is None:
                reading.taxonomy.find(title)  # tells the nearest titles
                raise UserError(f"--what-if: '{title}' is near no title.")
            titles.append(TitleMatch(title, how, reading.taxonomy.title(code), code))
            jobs.append(Job(code, parse_date(date)))
        else:
            raise UserError(
                "--what-if: expected 'drop LINE', 'change LINE TITLE', 'change LINE DATE TITLE', 'add DATE TITLE' or "
                f"'add education DATE TITLE', such as 'drop 2' or 'add 2015-03 Cooks'; got '{edit}'."
            )
    kept = [job for n, job in enumerate(history.jobs) if n not in dropped_jobs]
    every = sorted([*kept, *jobs], key=lambda job: job.start)
    if not every:
        raise UserError("--what-if: no job would be left; at least one is needed to go on from.")
    by_date = sorted(history.education, key=lambda e: e.date)
    studied = [e for n, e in enumerate(by_date) if n not in dropped_education]
    career = replace(
        history,
        education=tuple(sorted([*studied, *learned], key=lambda e: e.date)),
        jobs=capped(every) if history.stays else merge(every),
    )
    return Understood(career.until(len(career.jobs) - 1), (*one.titles, *titles), one.left_out)


def moved(before: Recommended, after: Recommended) -> tuple[Moved, ...]:
    """Titles of either list, in the order of the second, then of the first. Both must tell of the same titles: give
    those of the other list as `given`."""
    known = [{one.code: one for one in (*told.ranked, *told.given)} for told in (before, after)]
    codes = dict.fromkeys([*(one.code for one in after.ranked), *(one.code for one in before.ranked)])
    found = []
    for code in codes:
        a, b = (told.get(code) for told in known)
        title = next(one.title for one in (a, b) if one is not None)
        found.append(Moved(title, (a and a.rank, b and b.rank), (a and a.probability, b and b.probability)))
    return tuple(found)


def _plainly(one: Understood, edits: Sequence[str], reading: Reading) -> Iterator[str]:
    """Edits, each change of a line as what is dropped and what is added; a change without a date keeps the line's."""
    by_date = sorted(one.history.education, key=lambda e: e.date)
    for edit in edits:
        if not (change := _CHANGE.fullmatch(edit.strip())):
            yield edit
            continue
        number, date, title = change.groups()
        job, schooling = _line(one, int(number), reading)
        was = by_date[schooling].date if job is None else one.history.jobs[job].start
        yield f"drop {number}"
        yield f"add {'education ' if job is None else ''}{date or was} {title}"


def _line(one: Understood, number: int, reading: Reading) -> tuple[int | None, int]:
    """The place of a line's job among jobs, or (None and) of its education among what was learned, by date."""
    shown = lines(one.history, reading.taxonomy)
    if not 1 <= number <= len(shown):
        raise UserError(f"--what-if: there is no line {number}; the history has {len(shown)}.")
    return shown[number - 1].job, sum(line.job is None for line in shown[: number - 1])
