"""Which title to name where related ones count in part: the one with the highest expected AccRM.

The most probable title is the best choice for AccEM. For AccRM another one can be better: a title that is on the
related lists of several probable occupations.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from reasoning_occ.occupations.taxonomy import Taxonomy

Decide = Callable[[Float[np.ndarray, " occupations"], Bool[np.ndarray, " occupations"]], int]
"""From probabilities and which occupations are allowed to the place of the one to name."""


class ExpectedAccRM:
    """Chooses the allowed occupation with the highest expected AccRM; of equal ones the first in the taxonomy.

    The expected score of naming an occupation is the sum over truths of their probability times what AccRM gives for
    it: 1 if equal, 1 / (r + 1) where it is number r among the truth's related occupations.

    Args:
        taxonomy: with relatedness. Where it has none, the choice is the most probable occupation.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        from scipy.sparse import csr_array

        places = [
            (t, taxonomy.index(code), r + 2) for t, o in enumerate(taxonomy) for r, code in _related(taxonomy, o.code)
        ]
        same = [(t, t, 1) for t in range(len(taxonomy))]
        truths, named, ranks = np.array(same + places).T
        self._credit_no = csr_array((1.0 / ranks, (named, truths)), shape=(len(taxonomy),) * 2)

    def expected(self, probs_o: Float[np.ndarray, " occupations"]) -> Float[np.ndarray, " occupations"]:
        """Expected AccRM of naming each occupation, under probabilities that add up to one."""
        return self._credit_no @ probs_o

    def __call__(self, probs_o: Float[np.ndarray, " occupations"], may_o: Bool[np.ndarray, " occupations"]) -> int:
        """The place of the occupation to name."""
        return int(np.argmax(np.where(may_o, self.expected(probs_o), -np.inf)))


def _related(taxonomy: Taxonomy, code: str) -> list[tuple[int, str]]:
    """Related occupations with their place in the list, from 0; the first place of one that stands there twice, and
    never the occupation itself, which counts as equal."""
    first: dict[str, int] = {}
    for r, other in enumerate(taxonomy.related(code)):
        first.setdefault(other, r)
    return [(r, other) for other, r in first.items() if other != code]
