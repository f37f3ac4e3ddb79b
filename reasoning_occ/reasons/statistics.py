"""What training people did next, given one fact of their history.

Counts come from the transitions handed to `fit` and nothing else: whoever splits by time hands over those before the
cut only. The person being explained is always left out.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from math import fsum
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Job, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.direction import DIRECTIONS, Compass, Direction

# ours: fewer hours a week count as part time, as the survey's publishers have it
FULL_TIME_HOURS = 35
_MANY_JOBS = 4


class Fact(NamedTuple):
    """One countable thing a history says, such as ("held", "03-06") or ("pay", "up")."""

    kind: str
    value: str


def half(person_id: str) -> int:
    """0 for the teacher's half of the training people, 1 for the judge's."""
    return hashlib.sha256(f"half of {person_id}".encode()).digest()[0] & 1


def returned(history: Career) -> bool:
    """Whether the person has gone back to an occupation held before."""
    held = [job.occupation for job in history.jobs]
    return len(set(held)) < len(held)


def hours_fact(hours: int) -> Fact:
    """Full or part time, from usual weekly hours."""
    return Fact("hours", "full" if hours >= FULL_TIME_HOURS else "part")


def school_fact(years: int) -> Fact:
    """School years in four bands, so that each has enough people."""
    return Fact(
        "school", "below 12" if years < 12 else "12" if years == 12 else "13-15" if years < 16 else "16 or more"
    )


def count_fact(jobs: int) -> Fact:
    """Number of jobs so far, the present one included; many are one value."""
    return Fact("jobs", str(min(jobs, _MANY_JOBS)))


def side_facts(present: Job) -> tuple[Fact, ...]:
    """Facts of the present job besides its occupation, where recorded."""
    facts = present.facts
    found = []
    if facts.pay is not None:
        found.append(Fact("pay", facts.pay))
    if facts.hours is not None:
        found.append(hours_fact(facts.hours))
    if facts.region:
        found.append(Fact("region", facts.region))
    return tuple(found)


def facts_of(history: Career) -> frozenset[Fact]:
    """Everything countable that a history says on the day its present job began."""
    *earlier, present = history.jobs
    found = {Fact("present", present.occupation), count_fact(len(history.jobs)), *side_facts(present)}
    found |= {Fact("held", job.occupation) for job in earlier}
    if returned(history):
        found.add(Fact("returned", "yes"))
    if history.education:
        last = history.education[-1]
        found.add(Fact("degree", last.title) if last.school_years is None else school_fact(last.school_years))
    return frozenset(found)


class Statistics:
    """Counts of next occupations and directions by fact, with the lift of each.

    Lift is P(next | fact) / P(next) = transitions seen / transitions expected were the fact to tell nothing: 1 says
    that it does. `shrink` transitions are added to both, so that where little is expected, because fact or occupation
    is rare, the lift stays near 1, or rather near what the fact says of the occupation's group and sector, where it has
    them (their lifts, shrunk towards 1 in the same way, multiplied).

    Args:
        taxonomy: the occupations.
        shrink: transitions added to those seen and to those expected.

    Raises:
        UserError: `shrink` is not above 0.
    """

    def __init__(self, taxonomy: Taxonomy, shrink: float) -> None:
        if shrink <= 0:
            raise UserError(f"shrink: expected a number of transitions above 0, got {shrink}.")
        self.taxonomy = taxonomy
        self.compass = Compass(taxonomy)
        self._shrink = shrink
        self._width = len(taxonomy) + len(DIRECTIONS)
        self._families = [
            numbered
            for names in ([o.group for o in taxonomy], [o.sector for o in taxonomy])
            if (numbered := _number(names)) is not None
        ]
        self._counts: dict[Fact, np.ndarray] = {}
        self._all = np.zeros(self._width)
        self._of_person: dict[str, list[tuple[frozenset[Fact], list[int]]]] = {}
        self._without: str | None = None
        self._kept: dict[Fact | None, np.ndarray] = {}

    def fit(self, transitions: Sequence[Transition]) -> None:
        """Count. Earlier counts are forgotten."""
        self._counts = defaultdict(lambda: np.zeros(self._width))
        self._all = np.zeros(self._width)
        self._of_person = defaultdict(list)
        for transition in transitions:
            facts = facts_of(transition.history)
            direction = self.compass.of(transition.history, transition.target)
            columns = [self.taxonomy.index(transition.target), len(self.taxonomy) + DIRECTIONS.index(direction)]
            self._all[columns] += 1
            for fact in facts:
                self._counts[fact][columns] += 1
            self._of_person[transition.history.person.id].append((facts, columns))
        self._counts = dict(self._counts)
        self._without, self._kept = None, {}

    def prior(self, without: str) -> Float[np.ndarray, " occupations"]:
        """P(next occupation), every occupation counted once more than seen; `without`: the person left out."""
        return self._shares(without)[: len(self.taxonomy)]

    def lift(self, fact: Fact, without: str) -> Float[np.ndarray, " occupations"]:
        """Lift of each next occupation given a fact; `without`: the person left out."""
        n = len(self.taxonomy)
        seen = self._count(fact, without)[:n]
        expected = seen.sum() * self._shares(without)[:n]
        near = np.ones(n)
        for family in self._families:
            near *= self._ratio(np.bincount(family, seen), np.bincount(family, expected))[family]
        return self._ratio(seen, expected, near)

    def direction_lift(self, fact: Fact, direction: Direction, without: str) -> float:
        """Lift of a direction given a fact; `without`: the person left out."""
        n, i = len(self.taxonomy), DIRECTIONS.index(direction)
        seen = self._count(fact, without)[n:]
        return float(self._ratio(seen, seen.sum() * self._shares(without)[n:])[i])

    def likely_directions(self, history: Career) -> tuple[Direction, ...]:
        """The directions that some occupation lies in, likeliest first from the history's facts, its person left out.

        Facts are multiplied as if independent, which exaggerates but serves for an order.
        """
        person, n = history.person.id, len(self.taxonomy)
        present = history.jobs[-1].occupation
        reached = {self.compass.of(history, code) for code in self.taxonomy.codes if code != present}
        open_to = [direction for direction in DIRECTIONS if direction in reached]
        facts = facts_of(history)

        def score(direction: Direction) -> float:
            share = self._shares(person)[n + DIRECTIONS.index(direction)]
            # fsum: the facts are a set, which has another order in every process
            return float(np.log(share) + fsum(np.log(self.direction_lift(fact, direction, person)) for fact in facts))

        return tuple(sorted(open_to, key=score, reverse=True))

    def likely(self, history: Career) -> Float[np.ndarray, " occupations"]:
        """P(next occupation | the history's facts), as if facts were independent, the history's person left out."""
        person = history.person.id
        facts = sorted(facts_of(history))  # a set has another order in every process, and sums must not
        scores = np.log(self.prior(person)) + sum(np.log(self.lift(fact, person)) for fact in facts)
        chances = np.exp(scores - scores.max())
        return chances / chances.sum()

    def support(self, fact: Fact, without: str) -> int:
        """Number of transitions with this fact; `without`: the person left out."""
        return int(self._count(fact, without)[: len(self.taxonomy)].sum())

    def _ratio(self, seen: np.ndarray, expected: np.ndarray, near: np.ndarray | float = 1.0) -> np.ndarray:
        return (seen + self._shrink * near) / (expected + self._shrink)

    def _count(self, fact: Fact | None, without: str) -> np.ndarray:
        """Counts of a fact (of everything: `None`) without a person; kept while the same person is asked for."""
        if without != self._without:
            self._without, self._kept = without, {}
        if fact not in self._kept:
            counts = (self._all if fact is None else self._counts.get(fact, np.zeros(self._width))).copy()
            for facts, columns in self._of_person.get(without, ()):
                if fact is None or fact in facts:
                    counts[columns] -= 1
            self._kept[fact] = counts
        return self._kept[fact]

    def _shares(self, without: str) -> np.ndarray:
        """Occupations and directions, each part summing to one, every one counted once more than seen."""
        counts = self._count(None, without) + 1
        n = len(self.taxonomy)
        return np.concatenate([counts[:n] / counts[:n].sum(), counts[n:] / counts[n:].sum()])


def _number(names: Sequence[str]) -> np.ndarray | None:
    """A number for each name, equal for equal names; `None` where a name is missing or all are one."""
    different = sorted(set(names))
    return None if "" in different or len(different) == 1 else np.array([different.index(name) for name in names])
