"""Attention by its definition: slow and obvious."""

import torch
from jaxtyping import Float
from torch import Tensor

from reasoning_occ.models.tree_attention.layout import Layout


def reference(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """All scores, then those that may not be seen struck out: slow and obvious; the others are tested against it."""
    repeat = len(query_htd) // len(key_gtd)
    key_htd, value_htd = key_gtd.repeat_interleave(repeat, 0), value_gtd.repeat_interleave(repeat, 0)
    scores_htt = (query_htd @ key_htd.transpose(1, 2)) * scaling
    scores_htt = scores_htt.masked_fill(~layout.sees().to(scores_htt.device), float("-inf"))
    return (scores_htt.softmax(-1, dtype=torch.float32).to(value_htd.dtype) @ value_htd).transpose(0, 1)
