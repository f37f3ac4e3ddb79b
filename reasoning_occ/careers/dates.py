"""Dates as other people's files write them."""

import re

from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError

_YEAR_FIRST = re.compile(r"([12]\d{3})(?:[-/](0?[1-9]|1[0-2])(?:[-/](0?[1-9]|[12]\d|3[01]))?)?(?:[T ][\d:.Z+-]+)?")
_MONTH_FIRST = re.compile(r"(0?[1-9]|1[0-2])/([12]\d{3})")
_QUARTER_FIRST = re.compile(r"Q([1-4])[ -]?([12]\d{3})", re.IGNORECASE)
_YEAR_QUARTER = re.compile(r"([12]\d{3})[ -]?Q([1-4])", re.IGNORECASE)
# what files write where a date is not known or a job goes on
_NONE = frozenset(("", "none", "null", "nan", "nat", "n/a", "present", "now", "current"))


def read_date(text: str) -> Date | None:
    """The date "1999", "1999-05", "1999-05-17", "05/1999", "Q3 1996" or "1996Q3"; `None` for an empty one.

    A quarter counts as its first month, as a start and as an end. Days are not kept.

    Raises:
        UserError: it is none of these; says what came.
    """
    plain = text.strip()
    if plain.lower() in _NONE:
        return None
    if found := _YEAR_FIRST.fullmatch(plain):
        return Date(int(found[1]), int(found[2] or 0))
    if found := _MONTH_FIRST.fullmatch(plain):
        return Date(int(found[2]), int(found[1]))
    if found := _QUARTER_FIRST.fullmatch(plain):
        return _quarter(found[2], found[1])
    if found := _YEAR_QUARTER.fullmatch(plain):
        return _quarter(found[1], found[2])
    raise UserError(f"expected a date such as 1999, 1999-05, 1999-05-17, 05/1999 or Q3 1996; got '{plain}'")


def _quarter(year: str, quarter: str) -> Date:
    return Date(int(year), 3 * int(quarter) - 2)
