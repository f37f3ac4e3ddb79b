"""Gradient checkpointing: of each decoder layer only the input is kept, the rest computed again in the backward pass.

A row then takes the memory of one layer's activations instead of all layers', for about a third more arithmetic. Ours
rather than transformers' own, because it has to go around a compiled layer, not into it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from reasoning_occ.models.causal import layers as layers_of


@contextmanager
def recomputed(model: nn.Module) -> Iterator[int]:
    """Within it, the layers of `model`'s decoder keep nothing but their input for the backward pass; yields how many.

    What changes a layer for a while (`fused`, `compiled`) must hold in the backward pass too, for there the layer
    computes again. Enter `compiled` first: a compiled layer is then computed twice, not compiled together with this.
    """
    layers = layers_of(model)
    before = [vars(layer).get("forward") for layer in layers]  # there where a layer is compiled
    for layer in layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
    try:
        yield len(layers)
    finally:
        for layer, forward in zip(layers, before, strict=True):
            del layer.forward  # the class's own shows again
            if forward is not None:
                layer.forward = forward
