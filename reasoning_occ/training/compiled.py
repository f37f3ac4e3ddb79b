"""torch.compile for the layers of a decoder: the many small steps between matrix products become few.

The first step then takes as long as dozens of others, so it is for long trainings. Attention over career trees stays
outside (`models/tree_attention`): its shapes are other ones in every row, and it is matrix products as it is.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from reasoning_occ.models.causal import layers as layers_of

WORTH = 400
"""Rows still to be learnt from, from which on "auto" compiles: about twice as many as win back what compiling takes."""


def worth_compiling(chosen: str, rows: int, device: torch.device) -> tuple[bool, str]:
    """Whether a training is compiled, and why, in words.

    Args:
        chosen: "auto", "always" or "never".
        rows: how many are still to go through the model: all, or on a resume those that are left.
        device: where; a C++ compiler is needed.
    """
    if chosen != "auto":
        return chosen == "always", f"trainer.compile={chosen}"
    if device.type != "cpu":
        return False, "what it brings was measured on CPUs only; trainer.compile=always tries it"
    if not any(map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))):
        return False, "there is no C++ compiler"
    return rows >= WORTH, f"{rows:,} rows to go through the model; compiling pays from {WORTH} on"


@contextmanager
def compiled(model: nn.Module) -> Iterator[int]:
    """Within it, the layers of `model`'s decoder are compiled at their first use in training; yields how many.

    The first layer stays as it is: where only adapters learn, nothing below it wants a gradient, and compiling that for
    one layer would double the wait. What can't be compiled runs as ever.
    """
    layers = layers_of(model)[1:]
    for layer in layers:
        layer.forward = torch.compile(layer.forward, dynamic=True)
    try:
        with torch._dynamo.config.patch(suppress_errors=True):
            yield len(layers)
    finally:
        for layer in layers:
            del layer.forward  # the class's own shows again
