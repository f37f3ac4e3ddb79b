"""Baseline: CAREER (Vafa et al., 2022), a causal transformer over occupation, years and education in two steps.

First whether the person moves at all, then where to. The published model is first trained on millions of resumes; this
one learns from the job's training people alone.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import log_softmax, logsigmoid

from reasoning_occ.recommenders.sequence.batches import Batch
from reasoning_occ.recommenders.sequence.module import present
from reasoning_occ.recommenders.sequence.recommender import SequenceRecommender
from reasoning_occ.recommenders.sequence.sasrec import AttentionModule


class CareerModule(AttentionModule):
    """Move or stay, then which occupation; where a career's jobs are merged, it always moves."""

    def __init__(self, *shared: Any, **also: Any) -> None:
        super().__init__(*shared, **also)
        self.move = nn.Linear(self._design.width, 1)

    def rank(self, state_bsd: Float[Tensor, "b s d"], batch: Batch) -> Float[Tensor, "b s v"]:
        """Log-probabilities: of staying for the present occupation, else of moving and of where to, given a move."""
        everywhere = batch._replace(stays_b=torch.zeros_like(batch.stays_b))
        here_bsv = present(everywhere, self.common)
        where_bsv = log_softmax(self.scores(state_bsd, batch).masked_fill(here_bsv, -torch.inf), -1)
        move_bs1 = self.move(state_bsd)
        two_bsv = torch.where(here_bsv, logsigmoid(-move_bs1), where_bsv + logsigmoid(move_bs1))
        return torch.where(batch.stays_b[:, None, None], two_bsv, where_bsv)


class CAREER(SequenceRecommender):
    """Recommends by the two steps of CAREER."""

    name = "career"
    module = CareerModule
