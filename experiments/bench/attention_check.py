"""Every way to compute attention over career trees against the reference, outputs and gradients; for a GPU above all.

    python experiments/bench/attention_check.py                 on the GPU if there is one, else on the CPU
    python experiments/bench/attention_check.py --tokens 8192

On a CPU FlexAttention gives no gradients, so only its output is compared, and the kernel of varlen is a loop.
Ends with 1 if a way is wrong.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from reasoning_occ.models.causal import device
from reasoning_occ.models.tree_attention.interface import WAYS
from reasoning_occ.models.tree_attention.layout import Branch, Layout

TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 3e-2}
"""Largest relative distance (of norms) that counts as equal."""


def people(tokens: int) -> Layout:
    """Trees like those of careers: a trunk of 200-400 tokens, 3-8 branches of 40-120 that leave it anywhere."""
    drawn, branches, size = random.Random(0), list[Branch](), 0
    while size < tokens:
        trunk = drawn.randint(200, 400)
        branches.append(Branch(size, size + trunk, ()))
        start, size = size, size + trunk
        for _ in range(drawn.randint(3, 8)):
            length, leaves = drawn.randint(40, 120), drawn.randint(50, trunk)
            branches.append(Branch(size, size + length, ((start, start + leaves),)))
            size += length
    return Layout(tuple(branches))


def run(way: str, inputs: list[Tensor], layout: Layout, pull: Tensor, learns: bool) -> tuple[list[Tensor], float]:
    """Output and (where it learns) gradients, and the seconds of the second of two runs."""
    given = [tensor.clone().requires_grad_(learns) for tensor in inputs]
    taken, results = 0.0, list[Tensor]()
    for _ in range(2):
        began = time.perf_counter()
        out = WAYS[way](*given, layout, 0.125)
        results = [out.detach(), *(torch.autograd.grad(out, given, pull) if learns else ())]
        if out.is_cuda:
            torch.cuda.synchronize()
        taken = time.perf_counter() - began
    return results, taken


@dataclass(frozen=True, slots=True)
class Checked:
    """One way and number type: seconds there and back, and how far output and gradients are from the reference's."""

    way: str
    dtype: str
    tokens: int
    seconds: float
    distances: tuple[float, ...]
    right: bool

    def __str__(self) -> str:
        told = " ".join(f"{distance:.1e}" for distance in self.distances)
        wrong = "" if self.right else "   WRONG"
        return f"{self.way:<10} {self.dtype:<9} {1000 * self.seconds:>8.1f} ms   distances {told}{wrong}"


def check(where: torch.device, layout: Layout) -> Iterator[Checked]:
    """Every way in every number type that it takes there: 9 heads in 3 groups of width 64."""
    size = layout.branches[-1].stop
    for dtype, tolerance in TOLERANCE.items():
        torch.manual_seed(0)
        inputs = [torch.randn(heads, size, 64, device=where).to(dtype) for heads in (9, 3, 3)]
        pull = torch.randn(size, 9, 64, device=where).to(dtype)
        exact, _ = run("reference", [tensor.float() for tensor in inputs], layout, pull.float(), True)
        for way in WAYS:
            if way == "varlen" and where.type == "cuda" and dtype == torch.float32:
                continue  # the kernel takes bf16 and fp16
            learns = way != "flex" or where.type == "cuda"
            results, taken = run(way, inputs, layout, pull, learns)
            far = tuple(float((a.float() - b).norm() / b.norm()) for a, b in zip(results, exact, strict=False))
            yield Checked(way, str(dtype).removeprefix("torch."), size, taken, far, max(far) <= tolerance)


def main() -> None:
    """Print a line a way and number type."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=2048)
    chosen = parser.parse_args()
    where = device()
    layout, right = people(chosen.tokens), True
    size = layout.branches[-1].stop
    print(f"{where}: {size} tokens in {len(layout.branches)} branches, 9 heads in 3 groups of width 64")
    for one in check(where, layout):
        right &= one.right
        print(one)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
