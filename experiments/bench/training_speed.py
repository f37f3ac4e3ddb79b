"""How fast the training step is, against the way everybody writes it; all variants in one run, ratios at the end.

    python experiments/bench/training_speed.py --threads 2

CPU seconds are what is compared, not the clock, so that a machine that others use too gives steady ratios.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch
from peft import LoraConfig, get_peft_model
from peft.helpers import disable_input_dtype_casting
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from reasoning_occ.training.batches import MicroBatch
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.precision import set_precision


def model_of(layers: int, precision: str) -> nn.Module:
    """SmolLM2-135M's shape, with random weights and LoRA r=16 on all linear layers."""
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=576,
        num_hidden_layers=layers,
        num_attention_heads=9,
        num_key_value_heads=3,
        intermediate_size=1536,
        vocab_size=49152,
        tie_word_embeddings=True,
    )
    lora = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(LlamaForCausalLM(config), lora)
    set_precision(model, precision)
    return model.train()


def batch_of(tokens: int, length: int, targets: int) -> MicroBatch:
    """Equally long examples, a fifth of whose targets are answer."""
    rows = max(1, tokens // length)
    ids_bs = torch.randint(0, 49152, (rows, length), generator=torch.Generator().manual_seed(0))
    segments_bs = torch.zeros(rows, length, dtype=torch.int8)
    segments_bs[:, -targets:] = 1
    segments_bs[:, -targets // 5 :] = 2
    return MicroBatch(ids_bs, torch.ones_like(ids_bs, dtype=torch.bool), segments_bs)


def everybody(model: nn.Module, batch: MicroBatch) -> torch.Tensor:
    """Labels in, loss out: all logits, attention mask given."""
    labels_bs = batch.ids_bs.masked_fill(batch.segments_bs == 0, -100)
    return model(input_ids=batch.ids_bs, attention_mask=batch.mask_bs.long(), labels=labels_bs).loss


def ours(model: nn.Module, batch: MicroBatch) -> torch.Tensor:
    """Logits at targets, no mask."""
    return segment_losses(model, batch).sum() / (batch.segments_bs != 0).sum()


def speed(model: nn.Module, batch: MicroBatch, loss_of: Callable, steps: int, autocast: bool) -> float:
    """Useful tokens a CPU second; the best of `steps` after one to warm up."""
    seconds = []
    for _ in range(steps + 1):
        began = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = loss_of(model, batch)
        loss.backward()
        model.zero_grad()
        seconds.append(time.process_time() - began)
    return batch.tokens / min(seconds[1:])


def main() -> None:
    """Time each variant and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="1 gives the steadiest ratios (default)")
    parser.add_argument("--layers", type=int, default=30, help="30 is SmolLM2-135M")
    parser.add_argument("--tokens", type=int, default=2048, help="of a micro-batch")
    parser.add_argument("--length", type=int, default=200, help="tokens an example")
    parser.add_argument("--targets", type=int, default=60, help="of these, tokens that carry loss")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--fp32", action="store_true", help="also time fp32 (slow)")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    batch = batch_of(chosen.tokens, chosen.length, chosen.targets)
    variants = [
        # name, loss, attention, autocast, peft casts, one product
        ("plain: all logits, mask, autocast", everybody, "sdpa", True, True, False),
        ("lm_head at targets, no mask", ours, "sdpa", True, True, False),
        ("+ peft casts nothing", ours, "sdpa", True, False, False),
        ("+ eager attention", ours, "eager", True, False, False),
        ("+ one LoRA product, eager, autocast", ours, "eager", True, True, True),
        ("+ one LoRA product, sdpa, autocast", ours, "sdpa", True, True, True),
        ("+ one LoRA product, eager, no autocast", ours, "eager", False, True, True),
        ("+ one LoRA product, sdpa, no autocast", ours, "sdpa", False, True, True),
    ]
    models = {"bf16": model_of(chosen.layers, "bf16")}
    print(f"{'variant':<42}{'tokens / CPU s':>15}{'ratio':>8}")
    plain = 0.0
    for name, loss_of, attention, autocast, casts, one in variants:
        model = models["bf16"]
        model.get_base_model().set_attn_implementation(attention)  # type: ignore[operator]
        with nullcontext() if casts else disable_input_dtype_casting(model), fused(model) if one else nullcontext():
            tokens = speed(model, batch, loss_of, chosen.steps, autocast)
        plain = plain or tokens
        print(f"{name:<42}{tokens:>15.1f}{tokens / plain:>8.2f}", flush=True)
    if chosen.fp32:
        tokens = speed(model_of(chosen.layers, "fp32"), batch, ours, chosen.steps, False)
        print(f"{'fp32, lm_head at targets, no mask':<42}{tokens:>15.1f}{tokens / plain:>8.2f}")


if __name__ == "__main__":
    main()
