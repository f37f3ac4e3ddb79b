"""Baseline: SASRec (Kang and McAuley, 2018), causal self-attention over a career, with a full softmax."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reasoning_occ.recommenders.sequence.batches import Batch
from reasoning_occ.recommenders.sequence.module import SequenceModule
from reasoning_occ.recommenders.sequence.recommender import SequenceRecommender


class AttentionModule(SequenceModule):
    """A causal transformer over jobs; see `SequenceModule` for the other arguments.

    layers, heads: of the transformer. positions: places with an embedding of their own; later jobs share the last.
    """

    def __init__(self, *shared: Any, layers: int, heads: int, positions: int, **also: Any) -> None:
        super().__init__(*shared, **also)
        width = self._design.width
        self.place = nn.Parameter(torch.randn(positions, width) * 0.05)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, self._design.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)

    def read(self, facets: list[Float[Tensor, "b s d"]], batch: Batch) -> Float[Tensor, "b s d"]:
        """States that attend to this job and earlier ones. As padding stands last, no state that counts sees it."""
        jobs_bsd = self.drop(sum(facets))
        length = jobs_bsd.shape[1]
        later_ss = torch.ones(length, length, dtype=torch.bool, device=jobs_bsd.device).triu(1)
        return self.layers(jobs_bsd + self.places(length), mask=later_ss)

    def places(self, length: int) -> Float[Tensor, "s d"]:
        """One vector a place."""
        return self.place[torch.arange(length, device=self.place.device).clamp(max=len(self.place) - 1)]


class SASRec(SequenceRecommender):
    """Recommends by causal self-attention over the career."""

    name = "sasrec"
    module = AttentionModule
