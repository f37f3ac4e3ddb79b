"""Attention on a CPU: matrix products branch by branch."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reasoning_occ.models.tree_attention.layout import Branch, Layout


class _Products(torch.autograd.Function):
    """Branch by branch, matrix products over just what the branch sees; the gradient by hand.

    Left to autograd, every slice of keys and values would get a gradient of the row's full size.
    g: groups of heads that share keys, r: heads a group, l: tokens of the branch, s: tokens it sees.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        query_htd, key_gtd, value_gtd, branches, scaling = inputs
        groups = len(key_gtd)
        out_thd = query_htd.new_empty(query_htd.shape[1], len(query_htd), query_htd.shape[2])
        probabilities = []
        for branch in branches:
            length = branch.stop - branch.start
            key_gsd, value_gsd = _seen(key_gtd, branch), _seen(value_gtd, branch)
            query_gnd = query_htd[:, branch.start : branch.stop].reshape(groups, -1, query_htd.shape[2])
            hidden_1ns = _hidden(length, key_gsd.shape[1], query_gnd.shape[1] // length, query_htd)
            scores_gns = torch.baddbmm(hidden_1ns, query_gnd, key_gsd.transpose(1, 2), alpha=scaling)
            p_gns = scores_gns.softmax(-1, dtype=torch.float32).to(query_htd.dtype)
            out_hld = torch.bmm(p_gns, value_gsd).view(len(query_htd), length, -1)
            out_thd[branch.start : branch.stop] = out_hld.transpose(0, 1)
            probabilities.append(p_gns)
        ctx.save_for_backward(query_htd, key_gtd, value_gtd, *probabilities)
        ctx.branches, ctx.scaling = branches, scaling
        return out_thd

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        query_htd, key_gtd, value_gtd, *probabilities = ctx.saved_tensors
        (grad_thd,) = grad_outputs
        groups, heads, width = len(key_gtd), len(query_htd), query_htd.shape[2]
        query_grad = torch.empty_like(query_htd)
        # many branches add to the same history: in fp32, rounded once
        key_grad = torch.zeros_like(key_gtd, dtype=torch.float32, memory_format=torch.contiguous_format)
        value_grad = torch.zeros_like(key_grad)
        for branch, p_gns in zip(ctx.branches, probabilities, strict=True):
            own = slice(branch.start, branch.stop)
            key_gsd, value_gsd = _seen(key_gtd, branch), _seen(value_gtd, branch)
            query_gnd = query_htd[:, own].reshape(groups, -1, width)
            grad_gnd = grad_thd[own].transpose(0, 1).reshape(groups, -1, width)
            p_grad_gns = torch.bmm(grad_gnd, value_gsd.transpose(1, 2))
            scores_grad_gns = torch.ops.aten._softmax_backward_data(p_grad_gns, p_gns, -1, p_gns.dtype)
            query_grad[:, own] = (torch.bmm(scores_grad_gns, key_gsd) * ctx.scaling).view(heads, -1, width)
            _add(key_grad, branch, torch.bmm(scores_grad_gns.transpose(1, 2), query_gnd).float() * ctx.scaling)
            _add(value_grad, branch, torch.bmm(p_gns.transpose(1, 2), grad_gnd).float())
        return query_grad, key_grad.to(key_gtd.dtype), value_grad.to(value_gtd.dtype), None, None


def _seen(states_gtd: Tensor, branch: Branch) -> Float[Tensor, "g s d"]:
    """Keys or values of a branch's history and of itself, in order."""
    stretches = [*branch.before, (branch.start, branch.stop)]
    return torch.cat([states_gtd[:, start:stop] for start, stop in stretches], dim=1)


def _add(total_gtd: Tensor, branch: Branch, seen_gsd: Tensor) -> None:
    """Add what `_seen` gave back to where it was taken from."""
    done = 0
    for start, stop in (*branch.before, (branch.start, branch.stop)):
        total_gtd[:, start:stop] += seen_gsd[:, done : done + stop - start]
        done += stop - start


def _hidden(length: int, seen: int, repeat: int, like: Tensor) -> Float[Tensor, "1 n s"]:
    """What is added to the scores of a branch of `length` tokens: -inf where a token would see what follows it."""
    future_ll = torch.full((length, length), float("-inf"), dtype=like.dtype, device=like.device).triu_(1)
    return nn.functional.pad(future_ll, (seen - length, 0)).repeat(repeat, 1)[None]


def products(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """Matrix products over just what each branch sees: the fastest way on a CPU."""
    return _Products.apply(query_htd, key_gtd, value_gtd, layout.branches, scaling)  # type: ignore[return-value]
