"""Baseline: GRU4Rec (Hidasi et al., 2016) over a career, with a full softmax over all occupations."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from reasoning_occ.recommenders.sequence.batches import Batch
from reasoning_occ.recommenders.sequence.module import SequenceModule
from reasoning_occ.recommenders.sequence.recommender import SequenceRecommender


class GRUModule(SequenceModule):
    """A GRU over jobs; see `SequenceModule` for the other arguments.

    layers: of the GRU.
    """

    def __init__(self, *shared: Any, layers: int, **also: Any) -> None:
        super().__init__(*shared, **also)
        width = self._design.width
        self.gru = nn.GRU(width, width, layers, batch_first=True)

    def read(self, facets: list[Float[Tensor, "b s d"]], batch: Batch) -> Float[Tensor, "b s d"]:
        """The GRU's state after each job. Padding stands last, no state that counts sees it."""
        return self.gru(self.drop(sum(facets)))[0]


class GRU4Rec(SequenceRecommender):
    """Recommends by a GRU over the career."""

    name = "gru4rec"
    module = GRUModule
