"""A career as text: one short line an event, in order of time, append-only.

A line says only what is known on the day its event happens, so the lines of a history up to one job
are the first lines of the history up to the next.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job
from reasoning_occ.language.asks import OPEN_REASON
from reasoning_occ.occupations.taxonomy import Taxonomy

MONTHS = ("", "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec ")
PAY = {"up": "pay up", "level": "same pay", "down": "pay down"}


class Line(NamedTuple):
    """One event's text; `job` is the place of the job in the career, `None` for education."""

    text: str
    job: int | None


def events(career: Career, taxonomy: Taxonomy) -> list[str]:
    """The lines of a career, oldest first; at the same date education comes before a job.

    Raises:
        UnknownOccupation: a job's code is not in the taxonomy.
    """
    return [line.text for line in lines(career, taxonomy)]


def lines(career: Career, taxonomy: Taxonomy) -> list[Line]:
    """As `events`, with each line's job.

    Raises:
        UnknownOccupation: a job's code is not in the taxonomy.
    """
    dated: list[tuple[Date, int, Line]] = [(e.date, 0, Line(_education(e), None)) for e in career.education]
    region = None
    for i, job in enumerate(career.jobs):
        # where someone lives is said when it changes; most never move, and every token costs training time
        facts = replace(job.facts, region=None) if job.facts.region == region else job.facts
        region = job.facts.region or region
        dated.append((job.start, 1, Line(_job(replace(job, facts=facts), career.person.birth_year, taxonomy), i)))
    # a stable sort: events of one kind and date stay in the career's order
    return [line for _, _, line in sorted(dated, key=lambda event: event[:2])]


def plain(text: str) -> str:
    """Text on one line in which nothing can be read as a mark of the grammar or the chat format."""
    return re.sub(r"<(?=[|/\w])", "< ", " ".join(text.split()))


def _date(date: Date) -> str:
    return f"{MONTHS[date.month]}{date.year}"


def _education(education: Education) -> str:
    return f"{_date(education.date)}: {plain(education.title)}"


def _job(job: Job, birth_year: int | None, taxonomy: Taxonomy) -> str:
    age = f", age {job.start.year - birth_year}" if birth_year is not None else ""
    known = "; ".join((plain(taxonomy.title(job.occupation)), *_joined(_facts(job.facts))))
    return f"{_date(job.start)}{age}: {known}"


def _joined(facts: Sequence[str]) -> tuple[str, ...]:
    return (", ".join(facts),) if facts else ()


def _facts(facts: Facts) -> list[str]:
    said = []
    if facts.sector is not None:
        said.append(plain(facts.sector))
    if facts.hours is not None:
        said.append(f"{facts.hours} hours")
    elif facts.full_time is False:
        # said of the fewer
        said.append("part time")
    if facts.pay is not None:
        said.append(PAY[facts.pay])
    if facts.wage is not None:
        said.append(f"{facts.wage:.0f} an hour")
    if facts.region is not None:
        said.append(plain(facts.region))
    if facts.tenure_years is not None and facts.tenure_years >= 1:
        years = int(facts.tenure_years)
        said.append(f"{years} year{'s' if years > 1 else ''} with employer")
    return said


def written(text: str, special: Sequence[str]) -> str | None:
    """The reason in generated text (with or without its opening mark), or `None` where it is empty.

    Takes what stands before the first closing mark, answer mark or special token, and all of it when generation was cut
    off; a whole-text prompt is not expected.

    Args:
        text: what a model wrote.
        special: a tokenizer's special tokens.
    """
    text = text.split(OPEN_REASON, 1)[-1]
    for token in special:
        text = text.split(token, 1)[0]
    text = re.split(r"</?(?:think|answer)\b", text, maxsplit=1)[0]
    return plain(text) or None
