"""One training on one GPU, on several with a copy each (trainer=ddp), on several that share it (trainer=fsdp), and on
several that share gradients and moments alone (trainer=deepspeed; told as left out where that is not installed).

    python -m experiments.bench.several_gpus                       two GPUs, all weights of a model of about 1B learn
    python -m experiments.bench.several_gpus --devices 8 --layers 36 --hidden 4096 --skip one --skip ddp
    python -m experiments.bench.several_gpus --lora                a low-rank adapter learns
    python -m experiments.bench.several_gpus --cpu --layers 2 --hidden 64 --vocabulary 256     a look without a GPU

Random weights, random careers: the losses say only whether the ways learn the same. Ends with 1 where they don't.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from transformers import Qwen3Config, Qwen3ForCausalLM

from experiments.bench import work
from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.models.lora import add_lora
from reasoning_occ.training.fit import fit
from reasoning_occ.training.group import check_devices
from reasoning_occ.training.loop import check_sharding
from reasoning_occ.training.settings import TrainingSettings

WAYS = {"one": (False, "none"), "ddp": (True, "none"), "fsdp": (True, "full"), "deepspeed": (True, "zero2")}
"""Whether on several devices, and trainer.sharding."""
APART = {"fp32": 1e-3, "bf16": 2e-2}
"""How far a loss or a gradient's norm may be from the first way's: sums and roundings come in another order."""


@dataclass
class Seen(Callback):
    """Of the first process: losses, norms, speeds, and what it holds of weights and moments between two steps."""

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    held: int = 0

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        """A step is done."""
        self.losses.append(pl_module.figures["loss"])
        self.norms.append(pl_module.figures["gradient_norm"])
        self.speeds.append(pl_module.figures["tokens_per_second"])
        (optimizer,) = trainer.optimizers
        moments = [t for state in optimizer.state.values() for t in state.values()]
        stepped = [p for group in optimizer.param_groups for p in group["params"]]  # deepspeed's are copies, in parts
        weights = {id(tensor): tensor for tensor in [*pl_module.parameters(), *stepped]}
        self.held = sum(_here(tensor) for tensor in [*weights.values(), *moments])


def _here(tensor: Tensor) -> int:
    mine = tensor.to_local() if isinstance(tensor, DTensor) else tensor
    return mine.numel() * mine.element_size()


def model(chosen: argparse.Namespace) -> nn.Module:
    """Of Qwen3's form, the same at every call."""
    torch.manual_seed(0)
    heads = max(1, chosen.hidden // 128)
    shape = {"hidden_size": chosen.hidden, "intermediate_size": 3 * chosen.hidden, "head_dim": chosen.hidden // heads}
    several = {"num_hidden_layers": chosen.layers, "num_attention_heads": heads, "num_key_value_heads": heads}
    made = Qwen3ForCausalLM(Qwen3Config(**shape, **several, vocab_size=chosen.vocabulary, tie_word_embeddings=False))
    return add_lora(made, r=16, alpha=32, dropout=0.0, targets="all-linear") if chosen.lora else made


def examples(people: int, vocabulary: int) -> list[Example]:
    """Four transitions a person: a history of some 60 tokens each, a reason of 40, an answer of 5."""
    generator, made = np.random.default_rng(0), []
    for person in range(people):
        prompt = np.zeros(0, dtype=np.int64)
        for past in range(4):
            prompt = np.concatenate([prompt, generator.integers(vocabulary, size=generator.integers(30, 90))])
            ids = np.concatenate([prompt, generator.integers(vocabulary, size=45)])
            segments = np.repeat([Segment.PROMPT, Segment.REASON, Segment.ANSWER], [len(prompt), 40, 5])
            made.append(Example((f"person-{person}", past), ids, segments.astype(np.int8)))
    return made


def settings(way: str, chosen: argparse.Namespace, count: int) -> TrainingSettings:
    """Every step learns from all examples."""
    several, sharding = WAYS[way]
    made = replace(work.settings(count, chosen.steps), micro_tokens=chosen.micro_tokens, precision=chosen.precision)
    made = replace(made, devices=chosen.devices if several else 1, sharding=sharding, compile="never")
    return made if chosen.lora else replace(made, lora=None, gradient_checkpointing=True)


def train(way: str, chosen: argparse.Namespace) -> tuple[Seen, float]:
    """What was seen, and the most memory that the first GPU gave, in GiB; 0 on a CPU."""
    given, seen = examples(chosen.people, chosen.vocabulary), Seen()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as folder:
        chosen_now = settings(way, chosen, len(given))
        fit(model(chosen), given, [], Path(folder), settings=chosen_now, logger=None, what=way, callbacks=[seen])
    return seen, torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0


def show(found: dict[str, tuple[Seen, float]]) -> None:
    """Losses side by side, then memory and speed."""
    print("step " + "".join(f"{way:>12}" for way in found))
    for step, losses in enumerate(zip(*(seen.losses for seen, _ in found.values()), strict=True)):
        print(f"{step:>4} " + "".join(f"{loss:>12.5f}" for loss in losses))
    for way, (seen, gib) in found.items():
        # the first steps compile attention and fill the allocator
        speed = float(np.median(seen.speeds[len(seen.speeds) // 2 :]))
        most = f", {gib:.2f} GiB at most in all" if gib else ""
        held = f"{seen.held / 2**30:.4f} GiB of weights and moments on the first device"
        print(f"{way}: {held}{most}; {speed:,.0f} tokens/s")


def apart(found: dict[str, tuple[Seen, float]]) -> float:
    """The largest distance of a loss or a norm from the first way's, as a share of it."""
    first, *others = (np.array([seen.losses, seen.norms]) for seen, _ in found.values())
    return max((float(np.max(np.abs(other / first - 1))) for other in others), default=0.0)


def _can(way: str) -> bool:
    try:
        check_sharding(WAYS[way][1])
    except UserError as error:
        print(f"{way} is left out. {error}", file=sys.stderr)
        return False
    return True


def main(words: Sequence[str] | None = None) -> None:
    """Train each way and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    whole_numbers = {"devices": 2, "steps": 8, "layers": 20, "hidden": 2048, "vocabulary": 32_000, "people": 32}
    for name, value in {**whole_numbers, "micro-tokens": 2048}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--precision", choices=list(APART), default="bf16")
    parser.add_argument("--lora", action="store_true", help="an adapter learns; otherwise all weights")
    parser.add_argument("--skip", choices=list(WAYS), action="append", default=[], help="such as one that won't fit")
    parser.add_argument("--cpu", action="store_true", help="processes on the CPU, where there is no GPU")
    chosen = parser.parse_args(words)
    if not (chosen.cpu or torch.cuda.is_available()):
        sys.exit("There is no GPU here, and this compares several; --cpu with small sizes shows how it goes.")
    try:
        check_devices(chosen.devices)
    except UserError as error:
        sys.exit(str(error))
    found = {way: train(way, chosen) for way in WAYS if way not in chosen.skip and _can(way)}
    show(found)
    far, may = apart(found), APART[chosen.precision]
    told = "as it should be" if far <= may else "TOO FAR"
    print(f"largest distance of a loss or a gradient's norm: {far:.1e}, {told} (at most {may:.0e})")
    sys.exit(0 if far <= may else 1)


if __name__ == "__main__":
    main()
