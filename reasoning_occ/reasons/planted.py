"""One named mistake put into a clean outline, so that a judge has something to find and quality can be dosed."""

from dataclasses import replace
from random import Random
from typing import Literal

from reasoning_occ.careers.types import Education, Transition
from reasoning_occ.reasons.outline import Outline, outlines
from reasoning_occ.reasons.statistics import Statistics
from reasoning_occ.reasons.types import Criterion

Mistake = Literal[
    "wrong_year", "invented_occupation", "invented_employer", "wrong_schooling", "reversed_order", "other_occupation"
]
# which criterion each one hurts; what it does to the others is measured
HURTS: dict[Mistake, Criterion] = {
    "wrong_year": "factuality",
    "invented_occupation": "factuality",
    "invented_employer": "factuality",
    "wrong_schooling": "factuality",
    "reversed_order": "coherence",
    "other_occupation": "utility",
}
# a wrong fact, an impossible order and a reason for another occupation are equally frequent
FAMILIES: tuple[tuple[Mistake, ...], ...] = (
    ("wrong_year", "invented_occupation", "invented_employer", "wrong_schooling"),
    ("reversed_order",),
    ("other_occupation",),
)
_PLACES = ("Ashdown", "Brookfield", "Crossgate", "Eastham", "Fairhill", "Northgate", "Ridgeway", "Westbourne")
_FIRMS = ("Brothers", "Company", "Partners", "Stores", "Works")
# years of school on either side of the truth: far enough to be wrong, near enough to be believed
_SCHOOL_SHIFTS = (-4, -3, 2, 3)


def draw(rng: Random) -> Mistake:
    """A kind of mistake: a family first, then one of it."""
    return rng.choice(rng.choice(FAMILIES))


def plant(mistake: Mistake, clean: Outline, transition: Transition, statistics: Statistics, rng: Random) -> Outline:
    """The outline with one mistake in it.

    Args:
        mistake: which one. Where the history has no schooling, wrong_schooling invents some.
        clean: an outline of `transition`'s history.
        transition: what must not be hit by accident: jobs held, and the target, which is never named.
        statistics: serve other_occupation, whose evidence and direction are steered at an occupation in another
            direction than the truth, drawn by frequency; the true direction is not stated.
        rng: the only source of chance.
    """
    match mistake:
        case "wrong_year":
            return _wrong_year(clean, transition, rng)
        case "invented_occupation":
            return _invented_occupation(clean, transition, statistics, rng)
        case "invented_employer":
            return replace(clean, employer=f"{rng.choice(_PLACES)} {rng.choice(_FIRMS)}")
        case "wrong_schooling":
            return _wrong_schooling(clean, transition, rng)
        case "reversed_order":
            return _reversed(clean, rng)
        case "other_occupation":
            return _other(transition, statistics, rng)


def _wrong_year(clean: Outline, transition: Transition, rng: Random) -> Outline:
    i = rng.randrange(len(clean.spells))
    spell = clean.spells[i]
    true_starts = {j.start.year for j in transition.history.jobs if j.occupation == spell.code}
    # two years and more: a year beside the true one is no more than imprecise
    shifts = [s for s in (*range(-9, -1), *range(2, 10)) if all(abs(spell.start + s - y) > 1 for y in true_starts)]
    wrong = replace(spell, start=spell.start + rng.choice(shifts), end=None)
    return replace(clean, spells=(*clean.spells[:i], wrong, *clean.spells[i + 1 :]))


def _invented_occupation(clean: Outline, transition: Transition, statistics: Statistics, rng: Random) -> Outline:
    held = {job.occupation for job in transition.history.jobs}
    never = [code for code in statistics.taxonomy.codes if code not in held and code != transition.target]
    if not never:
        return replace(clean, employer=f"{rng.choice(_PLACES)} {rng.choice(_FIRMS)}")
    i = rng.randrange(len(clean.spells))
    wrong = replace(clean.spells[i], code=rng.choice(never))
    return replace(clean, spells=(*clean.spells[:i], wrong, *clean.spells[i + 1 :]))


def _wrong_schooling(clean: Outline, transition: Transition, rng: Random) -> Outline:
    known = transition.history.education
    years = known[-1].school_years if known and known[-1].school_years is not None else 12
    true = {e.school_years for e in known}
    choices = [years + s for s in _SCHOOL_SHIFTS if years + s > 0 and years + s not in true]
    wrong = rng.choice(choices)
    return replace(clean, school=Education(transition.history.jobs[-1].start, f"{wrong} years of school", wrong))


def _reversed(clean: Outline, rng: Random) -> Outline:
    if len(clean.spells) > 1:
        return replace(clean, spells=tuple(reversed(clean.spells)))
    # a single job can't be told in a wrong order, but it can end before it begins
    return replace(clean, spells=(replace(clean.present, end=clean.present.start - rng.randint(1, 5)),))


def _other(transition: Transition, statistics: Statistics, rng: Random) -> Outline:
    history, compass = transition.history, statistics.compass
    truth = compass.of(history, transition.target)
    present = history.jobs[-1].occupation
    prior = statistics.prior(history.person.id)
    others = [c for c in statistics.taxonomy.codes if c != present and compass.of(history, c) is not truth]
    if not others:  # every occupation lies where the truth lies; the nearest thing is another occupation
        others = [c for c in statistics.taxonomy.codes if c not in (present, transition.target)]
    chances = [prior[statistics.taxonomy.index(c)] for c in others]
    return outlines(history, rng.choices(others, chances)[0], statistics, 1, avoid=truth)[0]
