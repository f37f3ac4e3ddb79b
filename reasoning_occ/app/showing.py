"""What the page shows of a career and its ranking, as HTML."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reasoning_occ.app.render import render
from reasoning_occ.careers.json_resume import UNMATCHED
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommend import Ranked, Recommended
from reasoning_occ.recommend.reading import Understood, told
from reasoning_occ.recommend.results import Claim, Line, TitleMatch, Verdict
from reasoning_occ.recommend.show import counted
from reasoning_occ.recommend.what_if import Moved

VERDICTS: dict[Verdict, str] = {
    "holds": "stands in the history",
    "imprecise": "a year off",
    "wrong": "does not stand in the history",
    "outlook": "an outlook, no claim about the past",
    "unread": "could not be checked",
}


class Bar(NamedTuple):
    """A title with its probability, and the lowest and highest after any of several reasons (`None`: one reason)."""

    title: str
    rank: int | None
    probability: float | None
    low: float | None = None
    high: float | None = None


class Shown(NamedTuple):
    """A line of the timeline. claims: numbers of the sentences that speak of it."""

    number: int
    text: str
    guesses: tuple[str, ...]
    claims: tuple[int, ...]


def history(one: Understood, taxonomy: Taxonomy, left: Sequence[str] = ()) -> str:
    """A career before it is ranked. left: sentences on what was left out before it was understood."""
    lines = timeline(told(one, taxonomy), ())
    notes = [*left, *mended(one.titles, one.left_out)]
    return render("told.html.j2", history=lines, mended=notes, warnings=one.warnings, ranked=None)


def answer(said: Recommended, shown: int, writes: bool, drawn: int, left: Sequence[str] = ()) -> str:
    """What a run says of a person.

    Args:
        said: with at least `shown` titles.
        shown: how many titles.
        writes: whether the run writes reasons.
        drawn: over how many reasons probabilities are a mean.
        left: as in `history`.
    """
    found = [bar(one) for one in said.ranked[:shown]]
    return render(
        "told.html.j2",
        history=timeline(said.history, said.claims),
        mended=[*left, *mended(said.titles, said.left_out)],
        claims=said.claims,
        reason=said.reason,
        verdicts=VERDICTS,
        writes=writes,
        ranked=found,
        most=longest(found),
        drawn=drawn,
        notes=said.notes,
        warnings=said.warnings,
    )


def moves(edits: Sequence[str], moved: Sequence[Moved], after: Recommended) -> str:
    """What edits of a career move, and what is said after them: the history as understood, and the reason."""
    return render(
        "moved.html.j2",
        edits=edits,
        moved=moved,
        history=timeline(after.history, ()),
        mended=mended(after.titles, after.left_out),
        warnings=after.warnings,
        reason=after.reason,
        claims=after.claims,
        verdicts=VERDICTS,
    )


def timeline(lines: Sequence[Line], claims: Sequence[Claim]) -> list[Shown]:
    """The lines of a history, each with the sentences that speak of it."""
    return [
        Shown(
            line.number,
            line.text,
            line.guesses,
            tuple(n for n, claim in enumerate(claims, start=1) if line.number in claim.evidence),
        )
        for line in lines
    ]


def bar(one: Ranked) -> Bar:
    """A ranked title as it is drawn."""
    return Bar(one.title, one.rank, one.probability, one.lowest, one.highest)


def longest(bars: Sequence[Bar]) -> float:
    """The probability that a full bar stands for."""
    return max((one.high or one.probability or 0.0 for one in bars), default=0.0)


def mended(titles: Sequence[TitleMatch], left_out: Mapping[str, int]) -> list[str]:
    """Sentences on titles that are others' names or nobody's, and counts of what was left out."""
    told_of = [f"“{one.given}” is another name of {one.title}." for one in titles if one.how == "alias"]
    told_of += [
        f"“{one.given}” is near no title of the taxonomy and is left out." for one in titles if one.code is None
    ]
    return told_of + [f"{counted(n, what)}." for what, n in left_out.items() if what != UNMATCHED]
