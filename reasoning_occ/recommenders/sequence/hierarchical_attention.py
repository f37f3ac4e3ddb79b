"""Baseline: attention at two levels, within a job and over jobs, after HCPNN (Meng et al., 2019).

The published model's lower level are the positions held at one employer; here it is what is known of one job
(occupation, times and durations, education ...), of which attention says how much each counts. Above it a GRU goes over
the jobs, and attention over its earlier states gathers what of the career matters now.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reasoning_occ.recommenders.sequence.batches import Batch
from reasoning_occ.recommenders.sequence.module import FURTHEST, SequenceModule
from reasoning_occ.recommenders.sequence.recommender import SequenceRecommender


class HierarchicalModule(SequenceModule):
    """Attention within jobs, a GRU over jobs, attention over its states; see `SequenceModule` for the other arguments.

    layers: of the GRU. heads: of the attention over jobs.
    """

    def __init__(self, *shared: Any, layers: int, heads: int, **also: Any) -> None:
        super().__init__(*shared, **also)
        width = self._design.width
        self.matters = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1, bias=False))
        self.gru = nn.GRU(width, width, layers, batch_first=True)
        self.over = nn.MultiheadAttention(width, heads, self._design.dropout, batch_first=True)
        self.lag = nn.Parameter(torch.zeros(FURTHEST + 1))
        self.join = nn.Linear(2 * width, width)

    def read(self, facets: list[Float[Tensor, "b s d"]], batch: Batch) -> Float[Tensor, "b s d"]:
        """States that see this job and earlier ones alone. As padding stands last, no state that counts sees it."""
        facet_bsfd = self.drop(torch.stack(facets, dim=2))
        share_bsf1 = self.matters(facet_bsfd).softmax(dim=2)
        state_bsd, _ = self.gru((share_bsf1 * facet_bsfd).sum(2) * len(facets))
        length = state_bsd.shape[1]
        ago_ss = torch.arange(length)[:, None] - torch.arange(length)[None, :]
        later_ss = self.lag[ago_ss.clamp(0, FURTHEST)].masked_fill(ago_ss < 0, -torch.inf)
        gathered_bsd, _ = self.over(state_bsd, state_bsd, state_bsd, attn_mask=later_ss, need_weights=False)
        return torch.tanh(self.join(torch.cat([state_bsd, gathered_bsd], dim=-1)))


class HierarchicalAttention(SequenceRecommender):
    """Recommends by attention within jobs and over jobs."""

    name = "hierarchical_attention"
    module = HierarchicalModule
