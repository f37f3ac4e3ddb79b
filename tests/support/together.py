"""Trainings by one process and by several, whose steps can be told apart."""

import os
import signal

import torch
from lightning.pytorch import Callback
from torch import nn

from reasoning_occ.training.group import rank


class Seen(Callback):
    """Losses and norms of steps; a Ctrl-C after one of them."""

    def __init__(self, after=None):
        self.losses, self.norms, self.after = [], [], after

    def on_train_batch_end(self, trainer, module, *_):
        self.losses.append(module.figures["loss"])
        self.norms.append(module.figures["gradient_norm"])
        if trainer.global_step == self.after:
            signal.raise_signal(signal.SIGINT)


class Ends(nn.Dropout):
    """In place of a dropout that drops nothing: in rank 1 the process ends in the middle of a step, some steps on."""

    def __init__(self, how):
        super().__init__(0.0)
        self.how, self.passes = how, 0

    def forward(self, input):
        self.passes += rank() == 1
        if self.passes > 4 and self.how == "said":
            print("no memory left, say", flush=True)
            os._exit(3)
        if self.passes > 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return input


class Steep(torch.autograd.Function):
    """Itself, with a gradient that is not finite."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * float("inf")


class SteepNorm(nn.Module):
    """A layer through which no finite gradient comes. Here, where the processes that help to train find it."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        return Steep.apply(self.norm(x))


def close(ones, others, far=1e-4):
    """Whether tensors are as far apart at most as sums in another order."""
    return all((one - other).norm() <= far * other.norm() for one, other in zip(ones, others, strict=True))
