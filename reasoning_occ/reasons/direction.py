"""Where a next occupation lies, seen from a history: the closed set of meanings a reason may end on."""

from collections.abc import Sequence
from enum import Enum

import numpy as np
from jaxtyping import Bool

from reasoning_occ.careers.types import Career
from reasoning_occ.occupations.taxonomy import Taxonomy


class Direction(Enum):
    """Relation of the next occupation to the history. NEAR and FAR serve taxonomies without industries."""

    BACK = "back to an occupation held before"
    SAME_WORK = "same kind of work, another industry"
    SAME_INDUSTRY = "same industry, another kind of work"
    BOTH = "another kind of work in another industry"
    NEAR = "an occupation close to the present one"
    FAR = "an occupation far from the present one"


DIRECTIONS = tuple(Direction)


class Compass:
    """Directions of all occupations at once.

    Two occupations with a sector each are compared by group and sector; otherwise by group or relatedness: same group
    or on the present one's related list is NEAR.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._group = np.array([o.group for o in taxonomy], dtype=object)
        self._sector = np.array([o.sector for o in taxonomy], dtype=object)
        self._of_present: dict[str, dict[Direction, np.ndarray]] = {}

    def of(self, history: Career, target: str) -> Direction:
        """The direction of `target` (a code) from a history."""
        *earlier, present = (job.occupation for job in history.jobs)
        return self.between(earlier, present, target)

    def between(self, earlier: Sequence[str], present: str, target: str) -> Direction:
        """The direction of `target` from the present occupation, or BACK where it was held earlier (codes)."""
        if target in earlier:
            return Direction.BACK
        i = self.taxonomy.index(target)
        return next(d for d in DIRECTIONS if d is not Direction.BACK and self.members(present, d)[i])

    def members(self, present: str, direction: Direction) -> Bool[np.ndarray, " occupations"]:
        """Which occupations lie in a direction from the present one, forgetting what was held earlier.

        BACK has no members: it depends on the history alone.
        """
        if present not in self._of_present:
            self._of_present[present] = self._all_members(present)
        return self._of_present[present][direction]

    def _all_members(self, present: str) -> dict[Direction, np.ndarray]:
        i = self.taxonomy.index(present)
        sectors = (self._sector != "") & (self._sector[i] != "")
        same_group = (self._group == self._group[i]) & (self._group[i] != "")
        same_sector = self._sector == self._sector[i]
        related = np.zeros(len(self.taxonomy), dtype=bool)
        related[[self.taxonomy.index(code) for code in self.taxonomy.related(present)]] = True
        near = same_group | related
        return {
            Direction.BACK: np.zeros_like(sectors),
            Direction.SAME_WORK: sectors & same_group & ~same_sector,
            Direction.SAME_INDUSTRY: sectors & same_sector & ~same_group,
            # two labels with one group and one sector differ in something else: a change, at least
            Direction.BOTH: sectors & (same_group == same_sector),
            Direction.NEAR: ~sectors & near,
            Direction.FAR: ~sectors & ~near,
        }
