"""What a model is trained on: token ids, each with the segment it belongs to."""

from dataclasses import dataclass
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
    """One training sequence. `key` is the transition's key."""

    key: tuple[str, int]
    ids: Int[np.ndarray, " tokens"]
    segments: Int8[np.ndarray, " tokens"]

    def __len__(self) -> int:
        return len(self.ids)
