"""What of a career may leave the machine: everything else is dropped before a prompt is made."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Literal, get_args
from urllib.parse import urlsplit

from reasoning_occ.careers.types import Career, Facts, Job, Person, Transition
from reasoning_occ.errors import UserError

Field = Literal["occupation", "dates", "age", "education", "hours", "pay", "region", "sector", "tenure"]
FIELDS: tuple[Field, ...] = get_args(Field)
NEEDED: tuple[Field, ...] = ("occupation", "dates")
"""Without these there is no career to speak of."""

_OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
_CONTACTS = (
    # from the beginning of a word: to try from each of its letters takes minutes for a long one
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+"), "[e-mail]"),
    (re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE), "[address]"),
    (re.compile(r"(?<![\w.@-])(?:[\w-]+\.)+(?:com|edu|net|org|io)/\S*", re.IGNORECASE), "[address]"),
    # eight digits and more, in groups; years and spans of years ("1998-2003") are shorter or have no such shape
    (re.compile(r"(?<!\w)\+?\d[\d ()/.-]{7,}\d(?!\w)"), "[number]"),
    # three digits and four, as local numbers are written; years and their spans have other shapes
    (re.compile(r"(?<![\w-])\d{3}[-. ]\d{4}(?![\w-])"), "[number]"),
)
_SPAN = re.compile(r"(?:19|20)\d\d\s*[-/]\s*(?:19|20)\d\d")


def on_this_machine(address: str | None) -> bool:
    """Whether what is sent to an address stays here. Such a server is never asked through a proxy."""
    return urlsplit(address or "").hostname in _OWN_HOSTS


def check_fields(fields: Collection[str]) -> None:
    """Raise a `UserError` unless all are known and those that every prompt needs are among them."""
    unknown, missing = sorted(set(fields) - set(FIELDS)), sorted(set(NEEDED) - set(fields))
    if unknown or missing:
        raise UserError(
            f"privacy.send: expected {', '.join(NEEDED)} and any of {', '.join(FIELDS[len(NEEDED) :])}; "
            f"{f'unknown: {unknown}' if unknown else f'missing: {missing}'}."
        )


def shared(career: Career, fields: Collection[str]) -> Career:
    """The career with only what may be sent. The person's id, slices and name for the data set never are.

    Contacts inside the text of an education are replaced; employers and names of people are not part of a career here.
    """
    check_fields(fields)
    return Career(
        person=Person(id="", birth_year=career.person.birth_year if "age" in fields else None),
        education=tuple(replace(e, title=_without_contacts(e.title)) for e in career.education)
        if "education" in fields
        else (),
        jobs=tuple(_job(job, fields) for job in career.jobs),
        stays=career.stays,
    )


def limited(transition: Transition, fields: Collection[str]) -> Transition:
    """The transition with only what may be sent, its person's id and slices kept, for work on this machine."""
    history = transition.history
    kept = replace(shared(history, fields), person=_person(history.person, fields), hidden=history.hidden)
    return replace(transition, history=kept)


def _person(person: Person, fields: Collection[str]) -> Person:
    return person if "age" in fields else replace(person, birth_year=None)


def _job(job: Job, fields: Collection[str]) -> Job:
    known = job.facts
    return replace(
        job,
        facts=Facts(
            tenure_years=known.tenure_years if "tenure" in fields else None,
            hours=known.hours if "hours" in fields else None,
            full_time=known.full_time if "hours" in fields else None,
            region=_without_contacts(known.region) if known.region and "region" in fields else None,
            pay=known.pay if "pay" in fields else None,
            sector=_without_contacts(known.sector) if known.sector and "sector" in fields else None,
            wage=job.facts.wage if "pay" in fields else None,
        ),
    )


def _without_contacts(text: str) -> str:
    for pattern, instead in _CONTACTS:
        text = pattern.sub(lambda found, instead=instead: _kept(found.group()) or instead, text)
    return text


def _kept(found: str) -> str | None:
    return found if _SPAN.fullmatch(found) else None
