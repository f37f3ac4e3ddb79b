"""Trainings by one process and by several, whose steps can be told apart."""

import signal

from lightning.pytorch import Callback


class Seen(Callback):
    """Losses and norms of steps; a Ctrl-C after one of them."""

    def __init__(self, after=None):
        self.losses, self.norms, self.after = [], [], after

    def on_train_batch_end(self, trainer, module, *_):
        self.losses.append(module.figures["loss"])
        self.norms.append(module.figures["gradient_norm"])
        if trainer.global_step == self.after:
            signal.raise_signal(signal.SIGINT)


def close(ones, others, far=1e-4):
    """Whether tensors are as far apart at most as sums in another order."""
    return all((one - other).norm() <= far * other.norm() for one, other in zip(ones, others, strict=True))
