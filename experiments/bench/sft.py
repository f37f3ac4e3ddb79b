"""Supervised fine-tuning against trl's SFTTrainer: the same transitions in every step on both sides."""

import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import Callback
from transformers import PrinterCallback, TrainerCallback

from experiments.bench import work
from experiments.bench.measure import Comparison, Work, in_turn
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.training.fit import fit

VARIANTS: dict[str, dict[str, Any]] = {
    "padded": {"per_device_train_batch_size": 4},
    "padding-free": {"per_device_train_batch_size": 4, "padding_free": True},
    "packed": {"per_device_train_batch_size": 1, "packing": True, "max_length": 1024},
}
"""Settings of trl that may be its best here; all without checkpointing, in bf16."""


class _Clock:
    """Seconds and losses of every step; the last one is what is compared, those before warm up."""

    def __init__(self) -> None:
        self.began = 0.0
        self.seconds: list[float] = []
        self.losses: list[float] = []

    def start(self) -> None:
        self.began = time.perf_counter()

    def stop(self) -> None:
        self.seconds.append(time.perf_counter() - self.began)

    def work(self) -> Work:
        losses = " ".join(f"{loss:.3f}" for loss in self.losses)
        return Work(self.seconds[-1], f"loss {losses}, first step {self.seconds[0]:.1f} s")


class _Theirs(TrainerCallback):
    def __init__(self, clock: _Clock) -> None:
        self.clock = clock

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.clock.start()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.clock.stop()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **__: Any) -> None:
        if "loss" in logs:
            self.clock.losses.append(float(logs["loss"]))


class _Ours(Callback):
    def __init__(self, clock: _Clock) -> None:
        self.clock = clock

    def on_train_batch_start(self, *_: Any) -> None:
        self.clock.start()

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        self.clock.stop()
        # as trl counts: the mean over all tokens, reason and answer alike
        counts = {segment: sum(int((row.segment_m == segment).sum()) for row in batch) for segment in Segment}
        losses = {segment: module.figures.get(f"loss_{segment.name.lower()}", 0.0) for segment in Segment}
        self.clock.losses.append(
            sum(counts[s] * losses[s] for s in Segment if s) / sum(counts[s] for s in Segment if s)
        )


def trl(examples: Sequence[Example], steps: int, variant: str) -> Work:
    """So many steps of SFTTrainer, each over all examples: an epoch is one step, however it batches."""
    from datasets import Dataset
    from datasets import logging as datasets_logging
    from trl import SFTConfig, SFTTrainer

    datasets_logging.set_verbosity_error()
    datasets_logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    rows = [
        {
            "input_ids": example.ids.tolist(),
            "labels": np.where(example.segments == Segment.PROMPT, -100, example.ids).tolist(),
        }
        for example in examples
    ]
    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = SFTConfig(
            output_dir=folder,
            num_train_epochs=steps,
            gradient_accumulation_steps=100_000,
            learning_rate=1e-4,
            lr_scheduler_type="cosine",
            bf16=True,
            use_cpu=True,
            gradient_checkpointing=False,
            save_strategy="no",
            logging_steps=1,
            report_to=[],
            disable_tqdm=True,
            **{"max_length": None, **VARIANTS[variant]},
        )
        trainer = SFTTrainer(
            model=work.model("bf16"),
            args=config,
            train_dataset=Dataset.from_list(rows),
            processing_class=work.language().tokenizer,
            callbacks=[_Theirs(clock)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return clock.work()


def ours(examples: Sequence[Example], steps: int, compile_: str) -> Work:
    """The same by `fit`."""
    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder:
        fit(
            work.model("bf16"),
            examples,
            [],
            Path(folder),
            settings=replace(work.settings(len(examples), steps), compile=compile_),
            logger=None,
            callbacks=[_Ours(clock)],
        )
    return clock.work()


def best_variant(examples: Sequence[Example], steps: int) -> tuple[str, dict[str, float]]:
    """The setting of trl that is fastest here, and the seconds of each."""
    seconds = {name: trl(examples, steps, name).seconds for name in VARIANTS}
    return min(seconds, key=seconds.__getitem__), seconds


def compare(quick: bool) -> Iterator[Comparison]:
    """One target a person, then all transitions of people with many, without and with reasons.

    In full ours compiles its layers, as it does by itself in a training of some hundred rows. Quick leaves out the
    reasons and the search for trl's best setting.
    """
    rounds, steps, compile_ = (1, 2, "never") if quick else (3, 2, "always")
    everyone = work.careers(4 if quick else 8)
    steady = work.careers(1 if quick else 2, at_least=5)
    mixes: list[tuple[str, list, bool, float]] = [
        ("SFT, direct, one target a person", [list(career.transitions())[-1] for career in everyone], False, 10),
        ("SFT, direct, whole careers (5 or more moves)", [t for c in steady for t in c.transitions()], False, 25),
        ("SFT, joint, whole careers (5 or more moves)", [t for c in steady for t in c.transitions()], True, 15),
    ]
    best = "packed" if quick else None
    for name, transitions, reasons, goal in mixes[: 2 if quick else 3]:
        made = work.examples(transitions, reasons)
        if best is None:
            best, seconds = best_variant(made, steps)
            told = ", ".join(f"{variant} {s:.1f} s" for variant, s in seconds.items())
            print(f"trl, a step of {len(made)} transitions: {told}; its best is taken", flush=True)
        sides: dict[str, Callable[[], Work]] = {
            f"trl, {best}": partial(trl, made, steps, best),
            "ours" if quick else "ours, compiled": partial(ours, made, steps, compile_),
        }
        units = dict.fromkeys(sides, float(len(made)))
        yield in_turn(f"{name}; {len(made)}", "transition", sides, units=units, rounds=rounds, goal=goal)
