"""A career as it is being built on the page, in our own format (`careers/schema.py`), from forms or from JSON."""

import json
from collections import Counter
from typing import Any

from reasoning_occ.careers import json_resume, schema
from reasoning_occ.careers.dates import SUCH_AS, read_date
from reasoning_occ.careers.json_resume import NO_END, NO_NAME, NO_POSITION, NO_START
from reasoning_occ.careers.spells import BACKWARDS
from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError
from reasoning_occ.recommend.show import counted

Draft = dict[str, Any]

LARGEST = 1_000_000
"""Characters of a career that is pasted or read from a file."""
MOST_LINES = 200
LONGEST = 200
"""Characters of a title."""

LARGE, BINARY, UNREADABLE = "\0large", "\0binary", "\0unreadable"
"""What the browser sends in place of a file that it doesn't send."""
_NOT_SENT = {
    LARGE: f"That file is larger than {LARGEST // 1_000_000} MB, which no career is; nothing of it was sent or read.",
    BINARY: "That file is no text in UTF-8; a JSON Resume is. Nothing of it was sent.",
    UNREADABLE: "The browser could not read that file. Nothing of it was sent.",
}


def empty() -> Draft:
    """A career without a line."""
    return {"id": "career", "education": [], "jobs": []}


def from_text(text: str) -> tuple[Draft, list[str]]:
    """The career in JSON text, ours or a JSON Resume, and a sentence for each kind of thing left out.

    Of a resume only job titles, dates and education are taken: no name, contact or employer.

    Raises:
        UserError: it is too large, no JSON, or not of either format.
    """
    if text in _NOT_SENT:
        raise UserError(_NOT_SENT[text])
    if len(text) > LARGEST:
        raise UserError(f"That is longer than {LARGEST:,} characters, which no career is; nothing of it was read.")
    if not text.strip():
        raise UserError('There is nothing to read yet: paste an object with "jobs" (ours) or "work" (a JSON Resume).')
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise UserError("That JSON is nested too deep to be a career.") from None
    except ValueError as error:
        told = f" ({error.msg}, line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(f"That is not JSON{told}.") from error
    if isinstance(found, dict) and "jobs" in found:
        draft, notes = _ours(found), []
    elif isinstance(found, dict) and found.keys() & {"work", "basics", "education"}:
        draft, notes = _resume(found)
    else:
        raise UserError(
            'Expected a career of ours, an object with "id" and "jobs", or a JSON Resume, an object with "work" '
            "(jsonresume.org/schema)."
        )
    return _bounded(draft), notes


def with_job(draft: Draft, title: str | None, start: str | None, end: str | None) -> Draft:
    """The career with one more job.

    Raises:
        UserError: the title is missing or too long, a date can't be read, or the job ends before it starts.
    """
    job = {"occupation": _title(title, "Job title"), "start": str(dated(start, "From"))}
    if (until := _dated(end, "Until")) is not None:
        job["end"] = str(until)
    return _bounded(_checked({**draft, "jobs": [*draft["jobs"], job]}))


def with_education(draft: Draft, title: str | None, date: str | None) -> Draft:
    """The career with one more piece of education.

    Raises:
        UserError: as `with_job`.
    """
    learned = {"title": _title(title, "What was learnt"), "date": str(dated(date, "Finished"))}
    return _bounded(_checked({**draft, "education": [*draft["education"], learned]}))


def with_birth(draft: Draft, year: str | None) -> Draft:
    """The career with a year of birth; as it is where none is given.

    Raises:
        UserError: it is no year.
    """
    return {**draft, "birth_year": dated(year, "Year of birth").year} if (year or "").strip() else draft


def names(draft: Draft) -> list[tuple[str, str]]:
    """A readable line and a key for each line of the career, oldest first."""
    found = [
        (one["date"], f"{one['date']}: {one['title']}", f"education {n}") for n, one in enumerate(draft["education"])
    ]
    for n, one in enumerate(draft["jobs"]):
        until = f" to {one['end']}" if one.get("end") else ""
        found.append((one["start"], f"{one['start']}{until}: {one['occupation']}", f"jobs {n}"))
    return [(line, key) for _, line, key in sorted(found, key=lambda one: one[0])]


def without(draft: Draft, key: str | None) -> Draft:
    """The career without the line of a key.

    Raises:
        UserError: there is none of that key.
    """
    kind, _, number = (key or "").partition(" ")
    if key not in {known for _, known in names(draft)}:
        raise UserError("Choose a line to take out first.")
    return {**draft, kind: [one for n, one in enumerate(draft[kind]) if n != int(number)]}


def dated(text: str | None, what: str) -> Date:
    """A date out of a form.

    Raises:
        UserError: it is missing or can't be read; names the field.
    """
    found = _dated(text, what)
    if found is None:
        raise _no_date(text, what)
    return found


def _dated(text: str | None, what: str) -> Date | None:
    """As `dated`; `None` for an empty field, and for a word such as "Present"."""
    try:
        return read_date((text or "").strip()[:LONGEST])
    except UserError:
        raise _no_date(text, what) from None


def _no_date(text: str | None, what: str) -> UserError:
    given = (text or "").strip()
    came = f"; got '{given[:20]}'" if given else ""
    return UserError(f"{what}: expected a year or a month, {SUCH_AS}{came}.")


def _title(title: str | None, what: str) -> str:
    found = " ".join((title or "").split())
    if not 0 < len(found) <= LONGEST:
        raise UserError(f"{what}: expected some words, at most {LONGEST} characters; got {len(found)}.")
    return found


def _bounded(draft: Draft) -> Draft:
    n = len(draft["jobs"]) + len(draft["education"])
    if n > MOST_LINES:
        raise UserError(f"A career of {n:,} lines is too long for this page; it takes {MOST_LINES}.")
    titles = [one["occupation"] for one in draft["jobs"]] + [one["title"] for one in draft["education"]]
    if any(len(title) > LONGEST for title in titles):
        raise UserError(f"A title is longer than {LONGEST} characters; nothing was read.")
    return draft


def _checked(draft: Draft) -> Draft:
    """The career in order of time, held against its schema."""
    jobs, education = draft["jobs"], draft["education"]
    ordered = {**draft, "jobs": sorted(jobs, key=lambda one: one["start"])}
    ordered["education"] = sorted(education, key=lambda one: one["date"])
    schema.parse(json.dumps(ordered))
    return ordered


def _ours(found: dict[str, Any]) -> Draft:
    row = schema.parse(json.dumps(found)).model_dump(exclude_none=True, exclude={"slices"})
    return {key: value for key, value in row.items() if value is not None}


def _resume(found: dict[str, Any]) -> tuple[Draft, list[str]]:
    """What is read of a resume, and a sentence for each kind of thing left out."""
    resume = json_resume.parse(json.dumps(found))
    draft, left = empty(), Counter[str]()
    for number, work in reversed(list(enumerate(resume.work, start=1))):  # a resume begins with the latest job
        start, end = _known(work.startDate, f"work {number} startDate"), _known(work.endDate, f"work {number} endDate")
        if not (work.position or "").strip() or start is None:
            left[NO_START if (work.position or "").strip() else NO_POSITION] += 1
            continue
        backwards = end is not None and end.surely_before(start)
        left[BACKWARDS] += backwards
        until = {} if end is None or backwards else {"end": str(end)}
        draft["jobs"].append({"occupation": work.position, "start": str(start), **until})
    for number, one in enumerate(resume.education, start=1):
        date = _known(one.endDate, f"education {number} endDate")
        title = ", ".join(part.strip() for part in (one.studyType, one.area) if part and part.strip())
        if date is None or not title:
            left[NO_END if date is None else NO_NAME] += 1
        else:
            draft["education"].append({"title": title, "date": str(date)})
    return _checked(draft), [f"{counted(n, what)}." for what, n in left.items() if n]


def _known(text: str | None, where: str) -> Date | None:
    """A date of a resume; `None` where it has none, or goes on."""
    try:
        return read_date(text or "")
    except UserError:
        raise UserError(f"{where}: expected a date {SUCH_AS}.") from None
