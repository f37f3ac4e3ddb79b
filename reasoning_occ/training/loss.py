"""The loss: cross-entropy of reason tokens and of answer tokens, each divided by its own count over the whole step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reasoning_occ.language.example import Segment
from reasoning_occ.models.causal import decoder, head
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.training.head_loss import head_losses
from reasoning_occ.training.tree import Row

SEGMENTS = (Segment.REASON, Segment.ANSWER)
"""The segments that carry loss, in the order of every vector of two in this file."""


@dataclass(frozen=True, slots=True)
class SegmentWeights:
    """How much the mean loss of each segment counts."""

    reason: float
    answer: float


def segment_counts(rows: Sequence[Row]) -> Int[Tensor, "2"]:
    """How many reason and answer tokens carry loss, over all the rows; a token of two examples counts twice.

    A title that a ranking head learns counts as one answer token.
    """
    if not rows:  # a process that has no share in a step
        return torch.zeros(len(SEGMENTS), dtype=torch.int64)
    counts = torch.stack([torch.stack([(row.segment_m == segment).sum() for segment in SEGMENTS]) for row in rows])
    titles = torch.stack([(row.title_e >= 0).sum() for row in rows])
    return counts.sum(0) + torch.stack([torch.zeros_like(titles[0]), titles.sum()])


def hidden_states(model: nn.Module, row: Row) -> Float[Tensor, "t h"]:
    """The last hidden state of every token.

    Args:
        model: a transformers causal language model, bare or wrapped by peft, within `tree_attention`.
        row: no token of it is padding.
    """
    given = {"input_ids": row.ids_t[None], "position_ids": row.position_t[None], "layout": row.layout}
    return decoder(model)(**given, use_cache=False).last_hidden_state[0]


def target_losses(model: nn.Module, row: Row, hidden_th: Float[Tensor, "t h"]) -> Float[Tensor, " m"]:
    """The cross-entropy of every target of every example, in nats, in the order of `row.target_m`.

    `lm_head` is applied only where a target is predicted; the logarithm is taken in fp32.
    """
    return head_losses(head(model), hidden_th[row.source_n], row.label_n)[row.target_m]


def segment_losses(model: nn.Module, row: Row, titles: TitleHead | None = None) -> Float[Tensor, "2"]:
    """The *sum* over reason tokens, and over answer tokens, of the cross-entropy in nats; see `target_losses`.

    Args:
        model, row: as in `hidden_states`.
        titles: gives the cross-entropy of titles that examples name by number; it is added to the answers'.
    """
    hidden_th = hidden_states(model, row)
    loss_m = target_losses(model, row, hidden_th)
    reason, answer = (loss_m[row.segment_m == segment].sum() for segment in SEGMENTS)
    if titles is not None:
        named_e = row.title_e >= 0
        log_prob_eo = titles(hidden_th[row.end_e[named_e]], row.barred_e[named_e], row.held_ep[named_e])
        answer = answer - log_prob_eo.gather(1, row.title_e[named_e][:, None]).sum()
    return torch.stack([reason, answer])


def log_probabilities(model: nn.Module, row: Row, segments: Sequence[Segment]) -> Float[Tensor, " examples"]:
    """The log-probability of each example's targets of some segments, in nats: what preference losses compare.

    Args:
        model, row: as in `hidden_states`.
        segments: reason, answer or both.
    """
    loss_m = target_losses(model, row, hidden_states(model, row))
    counted_m = torch.isin(row.segment_m, torch.tensor([int(segment) for segment in segments], device=loss_m.device))
    return loss_m.new_zeros(row.examples).index_add(0, row.example_m[counted_m], -loss_m[counted_m])


def share_of_each(counts: Int[Tensor, "2"], weights: SegmentWeights) -> Float[Tensor, "2"]:
    """What one token's loss counts in a step's total: weight / count; 0 for a segment that has no token."""
    weight = torch.tensor([weights.reason, weights.answer], dtype=torch.float32, device=counts.device)
    return torch.where(counts > 0, weight / counts.clamp(min=1), torch.zeros_like(weight))
