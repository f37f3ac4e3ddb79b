"""Which training people's histories are nearest to a history, by the occupations held."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from reasoning_occ.careers.split import place
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError

# similarities that differ less are equal: sums of the same weights in another order may differ in their last digits
DECIMALS = 12


class Nearest:
    """Finds training transitions whose histories are most like a given one.

    A history is a bag of occupations: the present one weighs 1, each one before it `recency` times the one after it;
    weights of an occupation held twice add up. Two histories are as similar as their bags overlap: the sum of the
    lesser weights over the sum of the greater ones (weighted Jaccard, 0 to 1). Dates, schooling and other facts do not
    count. Equal similarities are ordered by a hash of seed and person.

    Args:
        train: transitions to choose from.
        recency: in (0, 1]; 1: order does not count.
        seed: of the order of equals.

    Raises:
        UserError: there is no transition, or recency is out of range.
    """

    def __init__(self, train: Sequence[Transition], recency: float, seed: int) -> None:
        if not train:
            raise UserError("few_shot: no training transition to show. Use more people or another split.")
        if not 0 < recency <= 1:
            raise UserError(f"few_shot, recency: expected a number above 0 and at most 1; got {recency}.")
        self._train = tuple(train)
        self._recency = recency
        self._people = [t.history.person.id for t in train]
        self._order = np.array([place(person, seed, "few_shot") for person in self._people])
        self._total = np.empty(len(train))
        held: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, transition in enumerate(train):
            bag = self._bag(transition.history)
            self._total[row] = sum(bag.values())
            for code, weight in bag.items():
                held[code].append((row, weight))
        self._held = {
            code: (np.array([row for row, _ in found]), np.array([weight for _, weight in found]))
            for code, found in held.items()
        }

    def of(self, history: Career, n: int) -> list[Transition]:
        """Up to `n` transitions, nearest first: of each other person the nearest one, never of the person itself."""
        chosen: dict[str, Transition] = {}
        for row in np.lexsort((self._order, -np.round(self.similarities(history), DECIMALS))):
            person = self._people[row]
            if person != history.person.id and person not in chosen:
                chosen[person] = self._train[row]
                if len(chosen) == n:
                    break
        return list(chosen.values())

    def similarities(self, history: Career) -> np.ndarray:
        """Of each training transition's history, in their order."""
        bag = self._bag(history)
        overlap = np.zeros(len(self._train))
        for code, weight in bag.items():
            if code in self._held:
                rows, weights = self._held[code]
                overlap[rows] += np.minimum(weights, weight)
        return overlap / (self._total + sum(bag.values()) - overlap)

    def _bag(self, history: Career) -> dict[str, float]:
        bag: defaultdict[str, float] = defaultdict(float)
        for steps, job in enumerate(reversed(history.jobs)):
            bag[job.occupation] += self._recency**steps
        return bag
