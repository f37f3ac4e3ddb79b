"""Errors that a user can act on. Commands print their sentence and no traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Something a user can mend: the message says what was expected, what came, where, what to do."""


class UnknownOccupation(UserError):
    """A title, code or alias that the taxonomy does not have; the message names the nearest titles."""


def nearest(word: str, known: Iterable[str], n: int = 3) -> str:
    """The `n` names in `known` that look most like `word`, quoted and joined, for an error message."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(by_lower), n=n, cutoff=0.0)
    return ", ".join(f"'{by_lower[name]}'" for name in close)
