"""Baseline: BERT4Rec (Sun et al., 2019), attention both ways over a career in which some jobs are masked.

Learning: jobs drawn at random are masked, and so is the one after the last; each is told from all others. Ranking: what
comes after a job is told from the jobs up to it and a mask, so that nothing later is seen.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from reasoning_occ.recommenders.sequence.batches import NOTHING, Batch
from reasoning_occ.recommenders.sequence.recommender import SequenceRecommender
from reasoning_occ.recommenders.sequence.sasrec import AttentionModule


class MaskedModule(AttentionModule):
    """Attention both ways; see `AttentionModule` for the other arguments.

    masked: share of the jobs that are masked in learning, besides the one after the last.
    """

    def __init__(self, *shared: Any, masked: float, **also: Any) -> None:
        super().__init__(*shared, **also)
        self.masked = masked
        self.mask = nn.Parameter(torch.zeros(self._design.width))

    def read(self, facets: list[Float[Tensor, "b s d"]], batch: Batch) -> Float[Tensor, "b s d"]:
        """The state of a mask after each job, seeing this job and earlier ones alone: a pass for each."""
        jobs_bsd = self.drop(sum(facets))
        nothing_bs = torch.zeros_like(batch.real_bs)
        passes = [
            self._between(jobs_bsd[:, :end], nothing_bs[:, :end], torch.ones_like(nothing_bs[:, :end]))[:, -1]
            for end in range(1, jobs_bsd.shape[1] + 1)
        ]
        return torch.stack(passes, dim=1)

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """In learning, log-loss over masked jobs and the one after the last; else as all sequence models."""
        if not self.training:
            return super().loss(batch)
        hidden_bs = (torch.rand(batch.real_bs.shape) < self.masked).to(batch.real_bs) & batch.real_bs
        state_bsd = self._between(self.drop(sum(self.facets(batch))), hidden_bs, batch.real_bs)
        last_bs = batch.real_bs & ~_shifted(batch.real_bs)
        asked_bs = (_shifted(hidden_bs) | last_bs) & (batch.target_bs != NOTHING)
        log_probs_tv = self.rank(self.drop(state_bsd), batch)[asked_bs]
        return -log_probs_tv.gather(1, batch.target_bs[asked_bs][:, None]).sum(), len(log_probs_tv)

    def _between(
        self, jobs_bsd: Float[Tensor, "b s d"], hidden_bs: Bool[Tensor, "b s"], real_bs: Bool[Tensor, "b s"]
    ) -> Float[Tensor, "b s d"]:
        """The states one place after each job, where a masked job stands or, after the last, a mask."""
        rows, length = torch.arange(len(jobs_bsd)), real_bs.sum(1)
        input_bsd = torch.cat([jobs_bsd, torch.zeros_like(jobs_bsd[:, :1])], dim=1)
        masked_bs = torch.cat([hidden_bs, torch.zeros_like(hidden_bs[:, :1])], dim=1)
        masked_bs[rows, length] = True
        input_bsd = torch.where(masked_bs[..., None], self.mask, input_bsd) + self.places(input_bsd.shape[1])
        beyond_bs = torch.arange(input_bsd.shape[1]) > length[:, None]
        return self.layers(input_bsd, src_key_padding_mask=beyond_bs)[:, 1:]


def _shifted(flag_bs: Bool[Tensor, "b s"]) -> Bool[Tensor, "b s"]:
    """At each place what holds one place later."""
    return torch.cat([flag_bs[:, 1:], torch.zeros_like(flag_bs[:, :1])], dim=1)


class BERT4Rec(SequenceRecommender):
    """Recommends by attention both ways over jobs up to a mask."""

    name = "bert4rec"
    module = MaskedModule
