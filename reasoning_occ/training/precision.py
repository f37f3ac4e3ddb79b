"""Number types: frozen weights in bf16 where that is chosen, what is learnt always in fp32."""

import torch
from torch import nn


def set_precision(model: nn.Module, precision: str) -> None:
    """Cast in place: trainable parameters to fp32, frozen ones to `precision`. Buffers (rotary tables) stay.

    Trainable weights in bf16 would lose every update smaller than 1/256 of the weight.
    """
    frozen = torch.bfloat16 if precision == "bf16" else torch.float32
    for parameter in model.parameters():
        parameter.data = parameter.data.to(torch.float32 if parameter.requires_grad else frozen)


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """What a forward pass runs under."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
