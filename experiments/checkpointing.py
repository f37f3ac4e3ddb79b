"""What `trainer.gradient_checkpointing` saves and costs: `python -m experiments.checkpointing [tokens ...]`.

A pass there and back of the embedded model with an adapter, in bf16, over one row of random tokens of which the last
tenth is learnt. Memory is the peak beyond that of the model at rest; times are of the second of two passes.
"""

import sys
import time

import numpy as np
import torch
from torch import nn

from experiments.bench import work
from experiments.bench.measure import peak
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.precision import autocast, set_precision
from reasoning_occ.training.recomputed import recomputed
from reasoning_occ.training.tree import Row, grow, pack

CPU = torch.device("cpu")


def row(tokens: int) -> Row:
    """One sequence of random ids."""
    ids = np.random.default_rng(0).integers(5, 40_000, tokens)
    segments = np.full(tokens, int(Segment.PROMPT), dtype=np.int8)
    segments[-tokens // 10 :] = int(Segment.ANSWER)
    return pack([grow([Example(("0", 0), ids, segments)])])


def step(model: nn.Module, given: Row) -> float:
    """Seconds of one pass there and back."""
    began = time.perf_counter()
    with autocast(CPU, "bf16"):
        loss = segment_losses(model, given).sum()
    loss.backward()
    model.zero_grad()
    return time.perf_counter() - began


def measured(model: nn.Module, given: Row) -> tuple[float, float]:
    """Peak in MiB, and seconds."""
    step(model, given)  # the first pass also makes what stays
    with peak() as seen:
        seconds = step(model, given)
    return seen["mib"], seconds


if __name__ == "__main__":
    model = work.model("bf16").train()
    set_precision(model, "bf16")
    print(f"{'tokens':>7}{'MiB':>8}{'seconds':>9}{'MiB, recomputed':>18}{'seconds':>9}")
    for tokens in [int(word) for word in sys.argv[1:]] or [1024, 4096]:
        given = row(tokens)
        with tree_attention(model, "cpu"), fused(model):
            plainly = measured(model, given)
            with recomputed(model):
                again = measured(model, given)
        print(f"{tokens:>7}{plainly[0]:>8.0f}{plainly[1]:>9.1f}{again[0]:>18.0f}{again[1]:>9.1f}")
