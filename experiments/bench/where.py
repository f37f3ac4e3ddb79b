"""Where the time of a training step goes: one row of 1,024 tokens, forward and backward, by kind of operation.

python -m experiments.bench.where               as a short training computes
python -m experiments.bench.where --compiled    as a long one does
"""

import argparse
import os
import time
from contextlib import nullcontext

import torch
from torch.profiler import ProfilerActivity, profile

from experiments.bench import work
from experiments.bench.measure import roofline
from reasoning_occ.machine import keep_memory
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.batches import all_rows, trees_of
from reasoning_occ.training.compiled import compiled
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.precision import autocast, set_precision

KINDS = {
    "products of layers and head": ("aten::mm", "aten::addmm"),
    "products of attention": ("aten::bmm", "aten::baddbmm"),
    "softmax": ("aten::_softmax", "aten::_softmax_backward_data", "aten::_log_softmax"),
    "joining and copying": ("aten::cat", "aten::copy_", "aten::fill_", "aten::zero_", "aten::index"),
    "joined small steps (compiled)": ("## Call CompiledFxGraph",),
}
"""Kinds by the names of their operations; all others are small steps (norms, rotations, gates, sums) and Python."""


def main() -> None:
    """Profile one step, after three that warm up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    keep_memory()
    model, cpu = work.model("bf16").train(), torch.device("cpu")
    set_precision(model, "bf16")
    examples = work.examples([t for career in work.careers(40) for t in career.transitions()], False)
    row = max(all_rows(trees_of(examples, 1024), 1024), key=lambda row: row.tokens)

    def step() -> None:
        with fused(model), autocast(cpu, "bf16"):
            segment_losses(model, row).sum().backward()

    with tree_attention(model, "cpu"), compiled(model) if chosen.compiled else nullcontext():
        for _ in range(3):
            began = time.perf_counter()
            step()
            seconds = time.perf_counter() - began
        with profile(activities=[ProfilerActivity.CPU]) as taken:
            step()
    spent = dict.fromkeys([*KINDS, "other small steps, Python"], 0.0)
    for operation in taken.key_averages():
        kind = next((k for k, names in KINDS.items() if operation.key.startswith(names)), "other small steps, Python")
        spent[kind] += operation.self_cpu_time_total / 1e6
    total = sum(spent.values())
    weights = sum(p.numel() for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name)
    peak = roofline()["bf16 model"]
    print(f"{row.tokens} tokens, {row.examples} transitions: {seconds:.2f} s, {row.tokens / seconds:.0f} tokens/s")
    # two operations a weight and token forward, two for the gradient of what lies below; frozen weights want none
    done = 4 * weights * row.tokens / seconds / 1e9
    print(f"{done:.0f} of {peak:.0f} Gflop/s ({100 * done / peak:.0f}%), counting what the weights must do")
    for kind, took in sorted(spent.items(), key=lambda one: -one[1]):
        print(f"{100 * took / total:>5.0f}%  {kind}")


if __name__ == "__main__":
    main()
