"""What two sequences of token ids begin with alike."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int


def common_beginning(
    one: Sequence[int] | Int[np.ndarray, " one"], other: Sequence[int] | Int[np.ndarray, " other"]
) -> int:
    """How many ids two sequences have in common at their beginning."""
    length = min(len(one), len(other))
    differ = np.flatnonzero(np.asarray(one[:length]) != np.asarray(other[:length]))
    return int(differ[0]) if len(differ) else length
