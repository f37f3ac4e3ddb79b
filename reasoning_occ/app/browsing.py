"""Which test people are looked at, and what one or two runs said of them."""

from collections.abc import Mapping, Sequence
from functools import cache
from math import exp
from pathlib import Path
from typing import Any, Literal, NamedTuple

from reasoning_occ.app.render import render
from reasoning_occ.app.showing import Bar, longest
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import prediction_file
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.evaluation.slices import slices
from reasoning_occ.occupations.taxonomy import Taxonomy

Which = Literal["all", "right", "wrong"]
EVERYBODY = "everybody"


class Side(NamedTuple):
    """What one run said of a person. place: of the truth, in words."""

    run: str
    name: str
    right: bool
    bars: tuple[Bar, ...]
    most: float
    reason: str | None
    place: str


class People:
    """The people that a run was scored on.

    Args:
        runs: folders of finished runs by name; the people are those of the first.
        taxonomy: knows what came next for each of them.
    """

    def __init__(self, runs: Mapping[str, Path], taxonomy: Taxonomy) -> None:
        self._runs = dict(runs)
        self.run = next(iter(runs))
        self._found = _read(self._runs[self.run])
        parts = slices(self._found, taxonomy)
        self._groups = {EVERYBODY: self._found} | {
            f"{dimension}: {label}": found for dimension, by_label in parts.items() for label, found in by_label.items()
        }

    @property
    def others(self) -> list[str]:
        """Names of the other runs."""
        return [name for name in self._runs if name != self.run]

    def groups(self) -> list[tuple[str, str]]:
        """A readable name with how many there are, and the group's own, of each slice."""
        return [(f"{name} ({len(found):,})", name) for name, found in self._groups.items()]

    def chosen(self, group: str | None, which: str | None) -> list[Prediction]:
        """The people of a slice whose first title is right, or wrong.

        Raises:
            UserError: there is no such slice.
        """
        if group not in self._groups:
            raise UserError("Choose one of the groups that are listed.")
        found = self._groups[group]
        return found if which in (None, "all") else [one for one in found if _right(one) == (which == "right")]

    def sides(self, one: Prediction, other: str | None) -> list[Side]:
        """What the run said of a person and, if wished for, another run.

        Raises:
            UserError: there is no such run, its file can't be read, or it has no word on this person.
        """
        found = [_side(self.run, one)]
        if other:
            if other not in self._runs:
                raise UserError("Choose one of the runs that are listed.")
            same = [said for said in _read(self._runs[other]) if said.key == one.key]
            if not same:
                raise UserError(f"{other} was not tested on person {one.person}: it has other test people.")
            found.append(_side(other, same[0]))
        return found


def card(one: Prediction, sides: Sequence[Side]) -> str:
    """A person's history, what came next, and what runs said, as HTML."""
    facts: dict[str, Any] = dict(one.slices)
    return render("person.html.j2", one=one, sides=sides, facts=facts)


def nobody() -> str:
    """In place of a person where the choice leaves none."""
    return render("nobody.html.j2")


@cache
def _read(folder: Path) -> list[Prediction]:
    return prediction_file.read(folder / "predictions.jsonl")


def _right(one: Prediction) -> bool:
    return one.title == one.truth_title


def _side(run: str, one: Prediction) -> Side:
    bars = tuple(Bar(title, place, share) for place, (title, share) in enumerate(one.top, start=1))
    if one.rank is None:
        place = "It names one title and ranks none."
    elif one.rank > len(bars) and one.log_prob is not None:
        place = f"What came next stands at place {one.rank:,}, with a probability of {100 * exp(one.log_prob):.2g}%."
    else:
        place = ""
    return Side(run, one.recommender, _right(one), bars, longest(bars), one.reason, place)
