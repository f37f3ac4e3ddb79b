"""The loss: cross-entropy of reason tokens and of answer tokens, each divided by its own count over the whole step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from torch import Tensor, nn

from reasoning_occ.language.example import Segment
from reasoning_occ.models.causal import decoder, head
from reasoning_occ.training.batches import MicroBatch

SEGMENTS = (Segment.REASON, Segment.ANSWER)
"""The segments that carry loss, in the order of every vector of two in this file."""


@dataclass(frozen=True, slots=True)
class SegmentWeights:
    """How much the mean loss of each segment counts."""

    reason: float
    answer: float


def segment_counts(batches: Sequence[MicroBatch]) -> Int[Tensor, "2"]:
    """How many reason and answer tokens carry loss, over all the micro-batches."""
    return torch.stack(
        [torch.stack([(batch.segments_bs[:, 1:] == segment).sum() for segment in SEGMENTS]) for batch in batches]
    ).sum(0)


def segment_losses(model: nn.Module, batch: MicroBatch) -> Float[Tensor, "2"]:
    """The *sum* over reason tokens, and over answer tokens, of the cross-entropy in nats.

    `lm_head` is applied only where the next token carries loss; the logarithm is taken in fp32.

    Args:
        model: a transformers causal language model, bare or wrapped by peft.
        batch: right-padded; no attention mask goes to the model, because causal attention never looks to the
            right and what padding itself computes is not used. Attention kernels are faster so.
    """
    hidden_bsh = decoder(model)(input_ids=batch.ids_bs, use_cache=False).last_hidden_state
    segments_bs = batch.segments_bs[:, 1:]
    carries_bs = segments_bs != Segment.PROMPT
    logits_tv = head(model)(hidden_bsh[:, :-1][carries_bs])
    loss_t = F.cross_entropy(logits_tv.float(), batch.ids_bs[:, 1:][carries_bs], reduction="none")
    segments_t = segments_bs[carries_bs]
    return torch.stack([loss_t[segments_t == segment].sum() for segment in SEGMENTS])


def share_of_each(counts: Int[Tensor, "2"], weights: SegmentWeights) -> Float[Tensor, "2"]:
    """What one token's loss counts in a step's total: weight / count; 0 for a segment that has no token."""
    weight = torch.tensor([weights.reason, weights.answer], dtype=torch.float32, device=counts.device)
    return torch.where(counts > 0, weight / counts.clamp(min=1), torch.zeros_like(weight))
