"""Which attention a training runs with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from reasoning_occ.models.causal import causal


@contextmanager
def fastest_attention(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Within it, `model` attends in the way that trains fastest on `device`; afterwards as before.

    On CPU that is plain matrix products: the backward pass of torch's fused attention costs more there than it saves
    (7-9% of a step at 200 tokens, experiments/bench/training_speed.py).
    """
    inner = causal(model)
    before = inner.config._attn_implementation
    if device.type == "cpu":
        inner.set_attn_implementation("eager")
    try:
        yield
    finally:
        inner.set_attn_implementation(before)
