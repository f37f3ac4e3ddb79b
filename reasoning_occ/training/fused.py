"""LoRA as one matrix product: faster than peft's three, and small updates survive rounding to bf16.

peft computes x W' in bf16, rounds it, and adds s B A x rounded on its own: while an adapter is young its part is less
than half a unit in the last place of x W' and is rounded away. Here [x | A x] meets [W | s B] in one product, which
sums in fp32 and rounds once. The parameters are peft's own, so the adapter is saved and loaded as ever.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch
from peft.tuners.lora.layer import Linear
from torch import Tensor, nn

from reasoning_occ.models.lora import plain_layers


class _LoraProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        x, weight_oi, a_ri, b_or, scale = inputs
        x_ti = x.reshape(-1, x.shape[-1])
        a_ri = a_ri.to(x.dtype)
        ax_tr = x_ti @ a_ri.t()
        both_oc = torch.cat([weight_oi, (b_or * scale).to(x.dtype)], dim=1)
        y_to = torch.cat([x_ti, ax_tr], dim=1) @ both_oc.t()
        ctx.save_for_backward(x_ti, ax_tr, a_ri, weight_oi, b_or)
        ctx.scale, ctx.shape = scale, x.shape
        return y_to.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, None, Tensor, Tensor, None]:
        x_ti, ax_tr, a_ri, weight_oi, b_or = ctx.saved_tensors
        g_to = grad_outputs[0].reshape(-1, weight_oi.shape[0])
        b_grad_or = (g_to.t() @ ax_tr).float() * ctx.scale
        g_ax_tr = g_to @ (b_or * ctx.scale).to(g_to.dtype)
        a_grad_ri = (g_ax_tr.t() @ x_ti).float()
        if not ctx.needs_input_grad[0]:  # the first layer: nothing below learns
            return None, None, a_grad_ri, b_grad_or, None
        x_grad_ti = torch.cat([g_to, g_ax_tr], dim=1) @ torch.cat([weight_oi, a_ri], dim=0)
        return x_grad_ti.view(ctx.shape), None, a_grad_ri, b_grad_or, None


def _forward(layer: Linear, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    (name,) = layer.active_adapters
    a, b = layer.lora_A[name], layer.lora_B[name]
    weight = layer.get_base_layer().weight
    return _LoraProduct.apply(x.to(weight.dtype), weight, a.weight, b.weight, layer.scaling[name])  # type: ignore[return-value]


@contextmanager
def fused(model: nn.Module) -> Iterator[int]:
    """Within it, plain LoRA layers of `model` compute as one product; yields how many do. See `plain_layers`."""
    layers = plain_layers(model)
    for layer in layers:
        layer.forward = MethodType(_forward, layer)
    try:
        yield len(layers)
    finally:
        for layer in layers:
            del layer.forward  # the class's own shows again
