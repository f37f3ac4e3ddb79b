"""The ways by name, registered with transformers, whose model code stays as it is.

with tree_attention(model, way="cpu"):
    model.get_decoder()(input_ids=ids_1t, position_ids=position_1t, use_cache=False, layout=layout)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AttentionInterface

from reasoning_occ.models.causal import causal, check_full_attention
from reasoning_occ.models.tree_attention.kernels import flex, varlen
from reasoning_occ.models.tree_attention.layout import Layout
from reasoning_occ.models.tree_attention.products import products
from reasoning_occ.models.tree_attention.reference import reference

# no name has "flash" in it: transformers would look for a kernel of its own by that name
WAYS: dict[str, Callable[[Tensor, Tensor, Tensor, Layout, float], Tensor]] = {
    "reference": reference,
    "cpu": products,
    "flex": flex,
    "varlen": varlen,
}
"""By name: how attention over a row can be computed."""


def _interface(way: str) -> Any:
    compute = WAYS[way]

    def attend(
        module: nn.Module,
        query_1htd: Tensor,
        key_1gtd: Tensor,
        value_1gtd: Tensor,
        attention_mask: None,
        *,
        scaling: float,
        layout: Layout,
        **_: Any,
    ) -> tuple[Float[Tensor, "1 t h d"], None]:
        # under autocast, norms and rotations of weights that learn leave queries and keys in fp32
        query_htd, key_gtd, value_gtd = (s[0].to(value_1gtd.dtype) for s in (query_1htd, key_1gtd, value_1gtd))
        return compute(query_htd, key_gtd, value_gtd, layout, scaling)[None], None

    return torch.compiler.disable(attend)  # other shapes in every row: compiled layers call it from outside


for _way in WAYS:
    # no mask function is registered beside it: transformers then makes no mask, and guesses none from positions
    AttentionInterface.register(f"tree_{_way}", _interface(_way))


def fastest(device: torch.device) -> str:
    """The way that trains fastest on a device."""
    return "flex" if device.type == "cuda" else "cpu"


@contextmanager
def tree_attention(model: nn.Module, way: str) -> Iterator[None]:
    """Within it, `model` attends by a layout, computed in one of `WAYS`; afterwards as before.

    Raises:
        UserError: the model has layers without full attention.
    """
    inner = causal(model)
    check_full_attention(model, "training over career trees")
    before = inner.config._attn_implementation
    inner.set_attn_implementation(f"tree_{way}")
    try:
        yield
    finally:
        inner.set_attn_implementation(before)
