"""Cross-entropy from hidden states without ever holding all logits.

One target's logits are as long as the vocabulary: a thousand targets of SmolLM2 take 200 MB in fp32, and autograd would
keep them several times over. What a target's loss does to its hidden state is known as soon as the loss is, up to one
factor that comes from above, so both are computed a few targets at a time and the logits let go.
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from torch import Tensor, nn

_LOGITS = 2**22
"""Logits held at a time (numbers, not bytes): 16 MiB in fp32. Changes no result."""


def head_losses(head: nn.Module, hidden_nh: Float[Tensor, "n h"], label_n: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """The cross-entropy of each label after its hidden state, in nats and in fp32.

    Args:
        head: turns hidden states into logits; a linear layer without bias goes the short way.
        hidden_nh: states from which a label is predicted.
        label_n: token ids.
    """
    if type(head) is nn.Linear and head.bias is None:
        return _HeadLosses.apply(hidden_nh, head.weight, label_n)  # type: ignore[return-value]
    return F.cross_entropy(head(hidden_nh).float(), label_n, reduction="none")


class _HeadLosses(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        hidden_nh, weight_vh, label_n = inputs
        weight_vh = weight_vh.to(hidden_nh.dtype)
        loss_n = hidden_nh.new_empty(len(hidden_nh), dtype=torch.float32)
        slope_nh = torch.empty_like(hidden_nh)
        for part in _parts(hidden_nh, weight_vh):
            excess_pv, loss_n[part] = _excess(hidden_nh[part], weight_vh, label_n[part])
            if ctx.needs_input_grad[0]:
                slope_nh[part] = excess_pv @ weight_vh
        ctx.save_for_backward(hidden_nh, weight_vh, label_n, slope_nh)
        return loss_n

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        hidden_nh, weight_vh, label_n, slope_nh = ctx.saved_tensors
        (grad_n,) = grad_outputs
        hidden_grad = (slope_nh * grad_n[:, None]).to(hidden_nh.dtype) if ctx.needs_input_grad[0] else None
        if not ctx.needs_input_grad[1]:
            return hidden_grad, None, None
        # a head that learns: its logits are computed once more, rather than kept
        weight_grad = torch.zeros_like(weight_vh, dtype=torch.float32)
        for part in _parts(hidden_nh, weight_vh):
            excess_pv, _ = _excess(hidden_nh[part], weight_vh, label_n[part])
            weight_grad += (excess_pv * grad_n[part, None]).to(weight_vh.dtype).t() @ hidden_nh[part]
        return hidden_grad, weight_grad, None


def _parts(hidden_nh: Tensor, weight_vh: Tensor) -> list[slice]:
    step = max(1, _LOGITS // len(weight_vh))
    return [slice(start, start + step) for start in range(0, len(hidden_nh), step)]


def _excess(hidden_ph: Tensor, weight_vh: Tensor, label_p: Tensor) -> tuple[Float[Tensor, "p v"], Float[Tensor, " p"]]:
    """How much probability every token has beyond what it should have, and the losses."""
    log_probs_pv = (hidden_ph @ weight_vh.t()).float().log_softmax(-1)
    place_p1 = label_p[:, None]
    loss_p = -log_probs_pv.gather(1, place_p1).squeeze(1)
    excess_pv = log_probs_pv.exp_()
    excess_pv.scatter_add_(1, place_p1, excess_pv.new_full(place_p1.shape, -1.0))
    return excess_pv.to(hidden_ph.dtype), loss_p
