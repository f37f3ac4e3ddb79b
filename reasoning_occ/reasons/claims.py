"""What can be read in a reason: jobs said to have been held, and remarks."""

from dataclasses import dataclass
from typing import Literal

from reasoning_occ.reasons.direction import Direction

RemarkKind = Literal[
    "pay", "hours", "region", "jobs", "returned", "school", "degree", "age", "employer", "unknown", "direction"
]
# between the directions in the value of a remark
ALTERNATIVES = "|"


@dataclass(frozen=True, slots=True)
class JobClaim:
    """An occupation said to have been held. `None`: not said. `sentence`: place of its sentence.

    during: a year in which it is said to have been held; backward: told with words such as "before that".
    """

    code: str
    sentence: int
    present: bool = False
    start: int | None = None
    end: int | None = None
    during: int | None = None
    length: int | None = None
    age: int | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Anything else said: `value` as in the statistics, or the words themselves."""

    kind: RemarkKind
    value: str
    sentence: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a reason. Jobs come in the order told; `checked` has one entry a sentence."""

    sentences: tuple[str, ...]
    checked: tuple[bool, ...]
    jobs: tuple[JobClaim, ...]
    remarks: tuple[Remark, ...]

    @property
    def coverage(self) -> float:
        """Share of sentences that could be read (0 for an empty text)."""
        return sum(self.checked) / len(self.checked) if self.checked else 0.0

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The alternatives of the last statement of a direction, in no order of theirs."""
        said = [r.value for r in self.remarks if r.kind == "direction"]
        return tuple(Direction[name] for name in said[-1].split(ALTERNATIVES)) if said else ()
