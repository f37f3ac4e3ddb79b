"""A tiny model with adapters, and a task it can learn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reasoning_occ.language.example import Example, Segment
from reasoning_occ.training.settings import LoraChoice, TrainingSettings

VOCABULARY = 32


def tiny_model(
    seed: int = 0, *, adapter: bool = True, tied: bool = True, family: str = "llama", groups: int = 2
) -> nn.Module:
    """Random weights, hidden size 64, two layers; with LoRA on all linear layers unless told otherwise."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    shape = {
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": groups,
        "intermediate_size": 96,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": tied,
        "initializer_range": 0.1,  # at the usual 0.02 a frozen head of this size can't give sure answers
    }
    if family == "llama":
        model: nn.Module = LlamaForCausalLM(LlamaConfig(**shape))
    else:
        model = Qwen3ForCausalLM(Qwen3Config(**shape, head_dim=16))
    if not adapter:
        return model
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    with torch.no_grad():  # adapters begin at zero, where some gradients vanish: begin elsewhere
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.02)
    return model


def tiny_examples(count: int, seed: int = 0, transitions: int = 1) -> list[Example]:
    """The reason repeats the prompt's first tokens, the answer its last one; every third has no reason.

    Each person has so many `transitions`; a later one's prompt goes on from the one before.
    """
    generator = np.random.default_rng(seed)
    examples, prompt = [], np.zeros(0, dtype=np.int64)
    for number in range(count):
        person, past = divmod(number, transitions)
        more = generator.integers(3, VOCABULARY, size=generator.integers(4, 12 if transitions == 1 else 6))
        prompt = np.concatenate([prompt, more]) if past else more
        reason = prompt[: 0 if number % 3 == 0 else 3]
        answer = [prompt[-1], 2]
        segments = [Segment.PROMPT] * len(prompt) + [Segment.REASON] * len(reason) + [Segment.ANSWER] * len(answer)
        ids = np.concatenate([prompt, reason, answer]).astype(np.int64)
        examples.append(Example((f"person-{person}", past), ids, np.array(segments, dtype=np.int8)))
    return examples


@pytest.fixture
def settings() -> Callable[..., TrainingSettings]:
    """Makes settings, with any of them changed."""

    def make(**changed: object) -> TrainingSettings:
        values: dict = {
            "epochs": 2,
            "max_steps": None,
            "lr": 1e-2,
            "warmup": 0.1,
            "weight_decay": 0.0,
            "clip": 1.0,
            "batch": 8,
            "micro_tokens": 64,
            "reason_weight": 1.0,
            "answer_weight": 1.0,
            "precision": "fp32",
            "attention": "auto",
            "compile": "auto",
            "gradient_checkpointing": False,
            "devices": 1,
            "sharding": "none",
            "checkpoint_minutes": 60.0,
            "validate_every": 0.5,
            "validate_examples": 64,
            "seed": 0,
            "lora": LoraChoice(4, 8, 0.0, "all-linear", None),
        }
        return TrainingSettings(**{**values, **changed})

    return make


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Sums in one order, so that equal work gives equal bits."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def make_model() -> Callable[..., nn.Module]:
    """Makes tiny models."""
    return tiny_model


@pytest.fixture(scope="session")
def make_examples() -> Callable[..., list[Example]]:
    """Makes examples of the tiny task."""
    return tiny_examples


@pytest.fixture
def train(tmp_path: Path, settings: Callable[..., TrainingSettings]) -> Callable[..., tuple[Any, Any, list[Tensor]]]:
    """Trains a tiny model on so many devices; gives what was seen, what `fit` tells and what was learnt."""
    from together import Seen

    from reasoning_occ.training.fit import fit

    def run(
        folder: str,
        devices: int,
        *,
        after: int | None = None,
        model: Any = None,
        count: int = 40,
        seen: Any = None,
        titles: Any = None,
        named: Callable[[list[Example]], list[Example]] = list,
        **changed: Any,
    ) -> tuple[Any, Any, list[Tensor]]:
        model, seen = model or tiny_model(), seen or Seen(after)
        fitted = fit(
            model,
            named(tiny_examples(count, transitions=4)),
            named(tiny_examples(8, seed=1, transitions=4)),
            tmp_path / folder,
            settings=settings(devices=devices, **changed),
            logger=None,
            callbacks=[seen],
            titles=titles,
        )
        return seen, fitted, [p.detach().clone() for p in model.parameters() if p.requires_grad]

    return run
