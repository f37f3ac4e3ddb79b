"""What a model is trained on: token ids, each with the segment it belongs to."""

from dataclasses import dataclass, field
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
    held: the numbers of the titles held, as `held.held` gives them, where a head may prefer them; else empty.
    """

    key: tuple[str, int]
    ids: Int[np.ndarray, " tokens"]
    segments: Int8[np.ndarray, " tokens"]
    title: int = -1
    barred: int = -1
    held: Int[np.ndarray, " places"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ids)
