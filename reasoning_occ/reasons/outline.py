"""What a reason is going to say, before it is put into words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import fsum

import numpy as np

from reasoning_occ.careers.types import Career, Education
from reasoning_occ.reasons.direction import Direction
from reasoning_occ.reasons.statistics import Fact, Statistics, count_fact, returned, school_fact, side_facts

# ours: every title told costs about ten tokens in each training step
_MOST_EARLIER = 1
_MOST_SIDES = 2
# ours: a ranking held to fewer directions than three loses more than it gains where the truth is another
_MOST_DIRECTIONS = 3
# earlier jobs considered, the strongest first: choosing among all pairs of a long career takes time and gains little
_CONSIDERED = 4
# ours: what a fact must add to the logarithm of the lift to be worth its tokens
_PRICE = 0.1
# ours: what likeness to an outline chosen before costs
_SAMENESS = 1.0


@dataclass(frozen=True, slots=True)
class Spell:
    """A job as told: years, and whether it is the present one."""

    code: str
    start: int
    end: int | None = None
    present: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """The content of a reason. `spells` come in the order told; `jobs` among the sides has its exact number.

    directions: where the next step may lie, the likeliest first; see `directions`.
    employer: an invented name (histories hold none), planted only.
    """

    spells: tuple[Spell, ...]
    sides: tuple[Fact, ...]
    directions: tuple[Direction, ...]
    school: Education | None = None
    employer: str | None = None

    @property
    def present(self) -> Spell:
        """The present job."""
        return next(spell for spell in self.spells if spell.present)


def items(outline: Outline) -> tuple[Fact, ...]:
    """The facts an outline cites, as the statistics count them."""
    found = [Fact("present" if s.present else "held", s.code) for s in outline.spells]
    found += [count_fact(int(s.value)) if s.kind == "jobs" else s for s in outline.sides]
    if outline.school is not None:
        years = outline.school.school_years
        found.append(Fact("degree", outline.school.title) if years is None else school_fact(years))
    return tuple(found)


def weight(fact: Fact, target: str, direction: Direction, statistics: Statistics, person: str) -> float:
    """How far a fact speaks for an occupation and its direction: the logarithm of both lifts, `person` left out."""
    lift = statistics.lift(fact, person)[statistics.taxonomy.index(target)]
    return float(np.log(lift) + np.log(statistics.direction_lift(fact, direction, person)))


def directions(history: Career, statistics: Statistics, avoid: Direction | None) -> tuple[Direction, ...]:
    """The likeliest directions from a history, likeliest first; which they are knows nothing of what came next.

    A reason that stated the true direction would be right in training and wrong for every second person at test time,
    and one that stated it beside others would still tell which to leave out. So the likeliest are stated whether or not
    the truth is among them: up to three, of three possible ones two (all three would say nothing), of two both. A
    reason that states the truth nowhere speaks against it, and the judge's utility falls.

    Args:
        history: what is known.
        statistics: the person of the history is left out of them.
        avoid: a direction not to be stated unless it is the only one possible; the next takes its place.
    """
    possible = statistics.likely_directions(history)
    number = len(possible) - 1 if len(possible) == _MOST_DIRECTIONS else min(len(possible), _MOST_DIRECTIONS)
    return tuple(d for d in possible if d is not avoid)[:number] or possible


def outlines(
    history: Career, target: str, statistics: Statistics, n: int, avoid: Direction | None = None
) -> tuple[Outline, ...]:
    """Up to `n` outlines that differ in the facts they cite, chosen to speak for `target` (a code).

    The first is the strongest; each later one is the strongest after what it shares with those before it is held
    against it. A history of few facts yields fewer. `avoid`: see `directions`.
    """
    direction = statistics.compass.of(history, target)
    stated = directions(history, statistics, avoid)
    person = history.person.id
    weights: dict[Fact, float] = {}

    def worth(fact: Fact) -> float:
        if fact not in weights:
            weights[fact] = weight(fact, target, direction, statistics, person) - _PRICE
        return weights[fact]

    earlier = sorted(_earlier(history), key=lambda spell: -worth(Fact("held", spell.code)))[:_CONSIDERED]
    possible = [(outline, frozenset(items(outline))) for outline in _possible(history, earlier, stated)]
    # fsum: a set has another order in every process, and sums must not
    strengths = np.array([fsum(worth(fact) for fact in facts) for _, facts in possible])
    likeness = np.zeros(len(possible))
    chosen: list[Outline] = []
    for _ in range(min(n, len(possible))):
        best = int(np.argmax(strengths - _SAMENESS * likeness))
        outline, facts = possible[best]
        chosen.append(outline)
        strengths[best] = -np.inf
        likeness = np.maximum(likeness, [len(facts & other) / len(facts | other) for _, other in possible])
    return tuple(chosen)


def _earlier(history: Career) -> list[Spell]:
    """The last spell of each occupation held before, oldest first."""
    *earlier, present = history.jobs
    spells = {
        job.occupation: Spell(job.occupation, job.start.year, job.end.year if job.end else None) for job in earlier
    }
    # an earlier spell of the present occupation adds little and reads like a contradiction
    spells.pop(present.occupation, None)
    return sorted(spells.values(), key=lambda spell: spell.start)


def _possible(history: Career, earlier: Sequence[Spell], stated: tuple[Direction, ...]) -> Iterator[Outline]:
    """Every outline with at most one earlier job and two other facts besides the present job."""
    present = history.jobs[-1]
    now = Spell(present.occupation, present.start.year, present=True)
    sides = [*side_facts(present), Fact("jobs", str(len(history.jobs)))]
    if returned(history):
        sides.append(Fact("returned", "yes"))
    education = history.education[-1] if history.education else None
    for told in _subsets(sorted(earlier, key=lambda spell: spell.start), _MOST_EARLIER):
        for side in _subsets(sides, _MOST_SIDES):
            outline = Outline((*told, now), side, stated)
            yield outline
            if education is not None and len(side) < _MOST_SIDES:
                yield replace(outline, school=education)


def _subsets(things: Sequence, most: int) -> Iterator[tuple]:
    for size in range(min(most, len(things)) + 1):
        yield from combinations(things, size)
