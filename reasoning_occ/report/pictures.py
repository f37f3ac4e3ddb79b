"""A picture on a page: drawn ones, or bars that the page draws itself, under a title and over a caption."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["first", "second", "rest"]
"""What a bar's colour says: the thing meant, another that counts, or what is left."""

Part = tuple[str, int, Kind]
"""Of a whole: its name, how many, and what its colour says."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a whole: its name, how many, and its share in percent."""

    label: str
    n: int
    percent: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Picture:
    """svgs: of `figures`; bars: of `bars`."""

    title: str
    text: str
    svgs: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()


def bars(parts: Sequence[Part]) -> tuple[Bar, ...]:
    """The parts of one whole, in this order; a whole of nothing has bars without a length."""
    whole = sum(n for _, n, _ in parts)
    return tuple(Bar(label, n, 100 * n / whole if whole else 0.0, kind) for label, n, kind in parts)
