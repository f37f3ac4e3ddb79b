"""Training on a GPU: tokens a second and the share of the machine's peak, with FlexAttention over career trees.

    python -m experiments.bench --only gpu

SmolLM2-135M-Instruct, and a model of 1.5B parameters with random weights (the sizes of Qwen2.5-1.5B). LoRA needs four
operations a weight and token: two forward, two for the gradient of what lies below; none for the frozen weight's own.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from peft import PeftModel
from transformers import LlamaConfig, LlamaForCausalLM

from experiments.bench import work
from reasoning_occ.models.lora import add_lora
from reasoning_occ.models.tree_attention.interface import fastest, tree_attention
from reasoning_occ.training.batches import all_rows, trees_of
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.precision import autocast, set_precision
from reasoning_occ.training.tree import Row

LARGE = {
    "vocab_size": 151_936,
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_hidden_layers": 28,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
}


@dataclass(frozen=True, slots=True)
class Speed:
    """What training came to on a device."""

    model: str
    parameters: int
    tokens_per_second: float
    apart_per_second: float
    share_of_peak: float
    gib: float

    def __str__(self) -> str:
        return (
            f"{self.model}, {self.parameters / 1e6:,.0f}M parameters: {self.tokens_per_second:,.0f} tokens/s through "
            f"the model, {self.apart_per_second:,.0f} as separate sequences; {self.share_of_peak:.0%} of the measured "
            f"peak of bf16 products; {self.gib:.1f} GiB"
        )


def peak(device: torch.device, size: int = 8192) -> float:
    """Flop/s of a large bf16 matrix product."""
    one = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(10):
        _wait(device)
        began = time.perf_counter()
        one @ one
        _wait(device)
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def speeds(
    device: torch.device, people: int, micro_tokens: int, large: dict[str, int] | None = None
) -> Iterator[Speed]:
    """Both models, on the careers of some people of the survey with reasons of 60 tokens."""
    top = peak(device, 8192 if device.type == "cuda" else 512)
    examples = work.examples([t for career in work.careers(people) for t in career.transitions()], True)
    torch.manual_seed(0)
    bare = LlamaForCausalLM(LlamaConfig(**(large or LARGE))).to(torch.bfloat16)  # type: ignore[arg-type]
    models = {
        "SmolLM2-135M": work.model("bf16"),
        "random, Llama form": add_lora(bare, r=16, alpha=32, dropout=0.0, targets="all-linear"),
    }
    rows = all_rows(trees_of(examples, micro_tokens), micro_tokens)
    for name, model in models.items():
        yield _speed(name, model.to(device).train(), [row.to(device) for row in rows], top, device)
        model.to("cpu")


def _speed(name: str, model: PeftModel, rows: Sequence[Row], top: float, device: torch.device) -> Speed:
    set_precision(model, "bf16")
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with tree_attention(model, fastest(device)), fused(model), autocast(device, "bf16"):
        for _ in range(2):  # the first time compiles
            _wait(device)
            began = time.perf_counter()
            for row in rows:
                segment_losses(model, row).sum().backward()
            _wait(device)
            seconds = time.perf_counter() - began
            model.zero_grad()
    tokens = sum(row.tokens for row in rows) / seconds
    weights = sum(p.numel() for n, p in model.named_parameters() if "lora_" not in n and "embed" not in n)
    gib = torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else 0.0
    return Speed(name, weights, tokens, sum(row.apart for row in rows) / seconds, 4 * weights * tokens / top, gib)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
