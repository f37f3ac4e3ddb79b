"""Attention by PyTorch's kernels for GPUs: FlexAttention, and flash attention over uneven lengths."""

import inspect
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.attention.flex_attention import flex_attention

from reasoning_occ.errors import UserError
from reasoning_occ.models.tree_attention.layout import Layout


def flex(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """FlexAttention, compiled on a GPU: blocks of the row in which nobody sees anybody are skipped."""
    attend = _flex(query_htd.device.type)
    mask = layout.block_mask(query_htd.device)
    out_1htd = attend(query_htd[None], key_gtd[None], value_gtd[None], block_mask=mask, scale=scaling, enable_gqa=True)
    return out_1htd[0].transpose(0, 1)


@cache
def _flex(device_type: str) -> Callable[..., Tensor]:
    return torch.compile(flex_attention) if device_type == "cuda" else flex_attention


def varlen(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """Flash attention over sequences of uneven lengths (a GPU, bf16 or fp16): what branches share is copied to each.

    The copies cost memory in proportion to the tokens that trees save; the products of the layers are saved all the
    same. On a CPU the kernel is a loop, so that the copying can be tested.

    Raises:
        UserError: on a GPU, this torch has no such kernel.
    """
    attend = _varlen_kernel() if query_htd.is_cuda else _varlen_loop
    seen = layout.sequences(query_htd.device)
    query_thd, key_sgd, value_sgd = (
        states.transpose(0, 1) for states in (query_htd, key_gtd[:, seen.place_s], value_gtd[:, seen.place_s])
    )
    # window (-1, 0): each query sees all keys of its sequence but those that follow it, the last query all
    return attend(
        query_thd.contiguous(),
        key_sgd.contiguous(),
        value_sgd.contiguous(),
        seen.begins_q,
        seen.begins_s,
        seen.most_q,
        seen.most_s,
        scale=scaling,
        window_size=(-1, 0),
        enable_gqa=len(query_htd) != len(key_gtd),
    )


@cache
def _varlen_kernel() -> Callable[..., Any]:
    # younger than the oldest torch that this project runs with; the last of its arguments came later still
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        varlen_attn = None
    if varlen_attn is None or "enable_gqa" not in inspect.signature(varlen_attn).parameters:
        raise UserError(
            "trainer.attention=varlen: expected a torch with flash attention over uneven lengths (2.12 or later), "
            f"this is torch {torch.__version__}; use trainer.attention=auto or a newer torch."
        )
    return varlen_attn


def _varlen_loop(
    query_thd: Tensor,
    key_sgd: Tensor,
    value_sgd: Tensor,
    begins_q: Tensor,
    begins_s: Tensor,
    *_: int,
    scale: float,
    window_size: tuple[int, int],
    enable_gqa: bool,
) -> Tensor:
    """What `varlen_attn` computes, one sequence after the other."""
    out = []
    for (q, q_end), (s, s_end) in zip(pairwise(begins_q.tolist()), pairwise(begins_s.tolist()), strict=True):
        query_hqd, key_gsd, value_gsd = (
            states.transpose(0, 1) for states in (query_thd[q:q_end], key_sgd[s:s_end], value_sgd[s:s_end])
        )
        length, seen = q_end - q, s_end - s
        sees_qs = torch.ones(length, seen, dtype=torch.bool, device=query_thd.device).tril(seen - length)
        out_hqd = nn.functional.scaled_dot_product_attention(
            query_hqd, key_gsd, value_gsd, attn_mask=sees_qs, scale=scale, enable_gqa=enable_gqa
        )
        out.append(out_hqd.transpose(0, 1))
    return torch.cat(out)
