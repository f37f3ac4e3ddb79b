"""Dates as other people's files write them."""

import re

from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError

_YEAR_FIRST = re.compile(r"([12]\d{3})(?:[-/.](0?[1-9]|1[0-2])(?:[-/.](0?[1-9]|[12]\d|3[01]))?)?(?:[T ][\d:.Z+-]+)?")
_MONTH_FIRST = re.compile(r"(0?[1-9]|1[0-2])[-/.]([12]\d{3})")
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
# the day is first where dots are used and the year is last; with slashes nobody can tell
_DAY_FIRST = re.compile(rf"{_DAY}\.(0?[1-9]|1[0-2])\.([12]\d{{3}})")
_MONTH_NAMED = re.compile(rf"([a-z]{{3,9}})\.?(?: {_DAY}(?:st|nd|rd|th)?)?,?[ -]([12]\d{{3}})", re.IGNORECASE)
_DAY_NAMED = re.compile(rf"{_DAY}(?:st|nd|rd|th|\.)?[ -]([a-z]{{3,9}})\.?,?[ -]([12]\d{{3}})", re.IGNORECASE)
_YEAR_NAMED = re.compile(r"([12]\d{3})[ -]([a-z]{3,9})\.?", re.IGNORECASE)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_QUARTER_FIRST = re.compile(r"Q([1-4])[ -]?([12]\d{3})", re.IGNORECASE)
_YEAR_QUARTER = re.compile(r"([12]\d{3})[ -]?Q([1-4])", re.IGNORECASE)
SUCH_AS = "such as 2012, 2012-03, 03/2012 or March 2012"
"""For a sentence that says what dates are read."""
# what files write where a date is not known or a job goes on
_NONE = frozenset(
    (
        *("", "-", "none", "null", "nan", "nat", "n/a"),
        *("present", "now", "current", "currently", "ongoing", "today", "to date"),
    )
)


def read_date(text: str) -> Date | None:
    """The date "1999", "1999-05", "1999-05-17", "17.05.1999", "05/1999", "May 1999", "17 May 1999", "1999 May",
    "Q3 1996" or "1996Q3"; `None` for an empty one, for "-", and for a word such as "Present".

    A quarter counts as its first month, as a start and as an end. Days are not kept.

    Raises:
        UserError: it is none of these; says what came.
    """
    plain = text.strip()
    if plain.lower() in _NONE:
        return None
    if found := _YEAR_FIRST.fullmatch(plain):
        return Date(int(found[1]), int(found[2] or 0))
    if found := _MONTH_FIRST.fullmatch(plain) or _DAY_FIRST.fullmatch(plain):
        return Date(int(found[2]), int(found[1]))
    found = _MONTH_NAMED.fullmatch(plain) or _DAY_NAMED.fullmatch(plain)
    if found and (month := _month(found[1])):
        return Date(int(found[2]), month)
    if (found := _YEAR_NAMED.fullmatch(plain)) and (month := _month(found[2])):
        return Date(int(found[1]), month)
    if found := _QUARTER_FIRST.fullmatch(plain):
        return _quarter(found[2], found[1])
    if found := _YEAR_QUARTER.fullmatch(plain):
        return _quarter(found[1], found[2])
    raise UserError(f"expected a date {SUCH_AS}; got '{plain}'")


def _month(name: str) -> int:
    """1 to 12, from an English name or its beginning; 0 for anything else."""
    return next((n for n, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower())), 0)


def _quarter(year: str, quarter: str) -> Date:
    return Date(int(year), 3 * int(quarter) - 2)
