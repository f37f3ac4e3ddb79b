"""What a model is trained on: token ids, each with the segment it belongs to."""

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from jaxtyping import Int, Int8


class Segment(IntEnum):
    """Which part of an example a token belongs to. Only reason and answer tokens carry loss."""

    PROMPT = 0
    REASON = 1
    ANSWER = 2


@dataclass(frozen=True, slots=True)
class Example:
    """One training sequence.

    key: the transition's key.
    ids, segments: its tokens, and which part each belongs to.
    title: the true title's number in the taxonomy, where a ranking head learns it from the last token's state; -1
        where the title is learnt token by token.
    barred: the number of the title that can't come next, the present one's; -1 as above, and where one may stay.
    held: the numbers of the titles held, as `held.held` gives them, where a head may prefer them; else empty. All
        examples of a training have equally many.
    """

    key: tuple[str, int]
    ids: Int[np.ndarray, " tokens"]
    segments: Int8[np.ndarray, " tokens"]
    title: int = -1
    barred: int = -1
    held: Int[np.ndarray, " places"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, segment: Segment) -> "Example":
        """The same sequence, of which one segment alone is learnt; what comes after its last token is cut off.

        A title that a ranking head learns is the answer's.
        """
        learnt = np.flatnonzero(self.segments == segment)
        answers = segment == Segment.ANSWER
        end = len(self) if answers else int(learnt[-1]) + 1
        kept = self.segments[:end]
        return replace(
            self,
            ids=self.ids[:end],
            segments=np.where(kept == segment, kept, np.int8(Segment.PROMPT)),
            title=self.title if answers else -1,
            barred=self.barred if answers else -1,
        )
