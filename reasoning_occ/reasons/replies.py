"""From what a judge wrote to a score, or to none: what can't be read is never a low score."""

import json
import re
from collections.abc import Iterator
from typing import Any

from reasoning_occ.reasons.calls.request import Reply
from reasoning_occ.reasons.types import Score

_LONGEST = 50_000
"""Characters at a reply's end that are looked at: nonsense takes time in the square of its length. More than twice as
many as a prompt shows of a text, which a judge may repeat after its verdict."""
_START = re.compile(r"\{\s*[\"}]")
_DEEP = 500
"""Characters that are passed over where objects lie in one another deeper than can be read; they have more levels."""
_OF_FIVE = re.compile(r"\s*([1-5])(?:\s*(?:/|out of)\s*5)?\s*")


class Unreadable(Exception):
    """Why a reply is no score."""


def read_score(reply: Reply) -> tuple[Score, tuple[str, ...]]:
    """The score in a judge's reply and the errors it lists; unscored, with the reply's text, where there is none."""
    try:
        if reply.stop == "refusal":
            raise Unreadable("the judge refused")
        if reply.stop == "length":
            raise Unreadable("the reply was cut off at max_tokens")
        verdict = last_object(reply.text)
        value = _value(verdict.get("score"))
        errors = verdict.get("errors", [])
        listed = tuple(str(error) for error in errors if str(error).strip()) if isinstance(errors, list) else ()
        return Score(value, str(verdict.get("justification", ""))), listed
    except Unreadable as why:
        return Score(None, f"Unscored, {why}: {reply.text}"), ()


def _value(score: Any) -> int:
    """A whole number from 1 to 5, also as 4.0, "4" or "4/5"."""
    if isinstance(score, str) and (found := _OF_FIVE.fullmatch(score)):
        return int(found.group(1))
    if isinstance(score, int | float) and not isinstance(score, bool) and score in (1, 2, 3, 4, 5):
        return int(score)
    raise Unreadable(f"no score from 1 to 5 but {score!r}")


def last_object(text: str) -> dict[str, Any]:
    """The last complete JSON object of a text, whatever stands around it.

    Raises:
        Unreadable: there is none, or it says two things by one name.
    """
    found = list(_objects(text[-_LONGEST:]))
    if not found:
        raise Unreadable("no JSON object in it")
    if isinstance(found[-1], Unreadable):
        raise found[-1]
    return found[-1]


def _objects(text: str) -> Iterator[dict[str, Any] | Unreadable]:
    """Objects that are not part of another, in order."""
    decoder = json.JSONDecoder(object_pairs_hook=_distinct)
    start = _START.search(text)
    while start is not None:
        at = start.start()
        end = at + 1
        try:
            value, end = decoder.raw_decode(text, at)
            yield value
        except Unreadable as twice:
            if (closed := _end(text, at)) is not None:
                end = closed
                yield twice
        except RecursionError:
            end = at + _DEEP
        except ValueError:  # no JSON, or a number of thousands of digits
            pass
        start = _START.search(text, end)


def _end(text: str, at: int) -> int | None:
    """Where the object that begins at a place ends; None where it does not."""
    try:
        return json.JSONDecoder().raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values and values[name] != value:
            raise Unreadable(f"'{name}' is given twice")
        values[name] = value
    return values
