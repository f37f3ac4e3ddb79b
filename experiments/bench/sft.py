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
import torch
from lightning.pytorch import Callback
from transformers import PrinterCallback, TrainerCallback

from experiments.bench import work
from experiments.bench.measure import Comparison, Work, in_turn
from reasoning_occ.careers.types import Transition
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.models.backbone import Precision
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
        _wait()
        self.began = time.perf_counter()

    def stop(self) -> None:
        _wait()
        self.seconds.append(time.perf_counter() - self.began)

    def work(self) -> Work:
        return Work(self.seconds[-1], f"loss {self.told()}, first step {self.seconds[0]:.1f} s")

    def told(self) -> str:
        return " ".join(f"{loss:.3f}" for loss in self.losses)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


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


def trl(examples: Sequence[Example], steps: int, variant: str, precision: Precision = "bf16") -> _Clock:
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
            bf16=precision == "bf16",
            use_cpu=not torch.cuda.is_available(),  # as ours: the GPU where there is one
            gradient_checkpointing=False,
            save_strategy="no",
            logging_steps=1,
            report_to=[],
            disable_tqdm=True,
            **{"max_length": None, **VARIANTS[variant]},
        )
        trainer = SFTTrainer(
            model=work.model(precision),
            args=config,
            train_dataset=Dataset.from_list(rows),
            processing_class=work.language().tokenizer,
            callbacks=[_Theirs(clock)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return clock


def ours(examples: Sequence[Example], steps: int, compile_: str, precision: Precision = "bf16") -> _Clock:
    """The same by `fit`."""
    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder:
        fit(
            work.model(precision),
            examples,
            [],
            Path(folder),
            settings=replace(work.settings(len(examples), steps), compile=compile_, precision=precision),
            logger=None,
            callbacks=[_Ours(clock)],
        )
    return clock


def best_variant(examples: Sequence[Example], steps: int) -> tuple[str, dict[str, float]]:
    """The setting of trl that is fastest here, and the seconds of each."""
    seconds = {name: trl(examples, steps, name).seconds[-1] for name in VARIANTS}
    return min(seconds, key=seconds.__getitem__), seconds


def check_same(work: str, theirs: Sequence[float], ours: Sequence[float], tolerance: float) -> None:
    """Stop the benchmark where two sides that should learn the same do not.

    Args:
        work: what is learnt, for the message.
        theirs, ours: losses, step by step.
        tolerance: how far ours may be, as a share of theirs.

    Raises:
        ValueError: they have not the same number of steps, or at a step they are further apart.
    """
    for number, (their, our) in enumerate(zip(theirs, ours, strict=True), start=1):
        if not abs(our - their) <= tolerance * abs(their):
            raise ValueError(
                f"{work}: at step {number} trl's loss is {their:.4f} and ours {our:.4f}, more than {tolerance:.1%} "
                "apart: the sides did not learn the same, so their times can't be compared."
            )


def in_fp32(examples: Sequence[Example]) -> tuple[str, str]:
    """Losses before and after one update in fp32, theirs and ours, which must be equal; in words."""
    theirs, ours_ = trl(examples, 2, "padded", "fp32"), ours(examples, 2, "never", "fp32")
    check_same(f"SFT in fp32 of {len(examples)}", theirs.losses, ours_.losses, 1e-3)
    before = f"; in fp32, {len(examples)} of them: loss "
    return before + theirs.told(), before + ours_.told()


def unselected(at_least: int) -> list[Transition]:
    """So many transitions or a few more: whole careers of people who were not chosen for their length."""
    found: list[Transition] = []
    for career in work.careers(at_least):
        if len(found) < at_least:
            found += career.transitions()
    return found


def compare(quick: bool) -> Iterator[Comparison]:
    """One target a person, then all transitions of people: of those with many without and with reasons, of others.

    In full ours compiles its layers, as it does by itself in a training of some hundred rows. Quick leaves out the
    last two and the search for trl's best setting.
    """
    rounds, steps, compile_ = (1, 2, "never") if quick else (3, 2, "always")
    last = [list(career.transitions())[-1] for career in work.careers(4 if quick else 8)]
    many = [t for career in work.careers(1 if quick else 2, at_least=5) for t in career.transitions()]
    mixes: list[tuple[str, list[Transition], bool, float | None]] = [
        ("SFT, direct, one target a person", last, False, 10),
        ("SFT, direct, whole careers (5 or more moves)", many, False, 25),
        ("SFT, joint, whole careers (5 or more moves)", many, True, 15),
        ("SFT, direct, whole careers of anybody", unselected(len(many)), False, None),
    ]
    for place, (name, transitions, reasons, goal) in enumerate(mixes[: 2 if quick else 4]):
        made = work.examples(transitions, reasons)
        best = "packed" if quick else _search(made, steps)
        comparison = _pair(f"{name}; {len(made)}", made, steps, best, compile_, rounds, goal)
        if place == 0:
            proof = in_fp32(made[:4])
            theirs, ours_ = (
                replace(side, proof=side.proof + more)
                for side, more in zip((comparison.theirs, comparison.ours), proof, strict=True)
            )
            comparison = replace(comparison, theirs=theirs, ours=ours_)
        yield comparison


def _search(made: Sequence[Example], steps: int) -> str:
    best, seconds = best_variant(made, steps)
    told = ", ".join(f"{variant} {s:.1f} s" for variant, s in seconds.items())
    print(f"trl, a step of {len(made)} transitions: {told}; its best is taken", flush=True)
    return best


def _pair(
    what: str, made: Sequence[Example], steps: int, best: str, compile_: str, rounds: int, goal: float | None
) -> Comparison:
    first: dict[str, float] = {}

    def kept(name: str, train: Callable[[], _Clock]) -> Callable[[], Work]:
        def side() -> Work:
            clock = train()
            first[name] = clock.losses[0]
            return clock.work()

        return side

    names = f"trl, {best}", "ours, compiled" if compile_ == "always" else "ours"
    trains = partial(trl, made, steps, best), partial(ours, made, steps, compile_)
    sides = {name: kept(name, train) for name, train in zip(names, trains, strict=True)}
    units = dict.fromkeys(sides, float(len(made)))
    comparison = in_turn(what, "transition", sides, units=units, rounds=rounds, goal=goal)
    # before any update: afterwards the sides' rounding in bf16 differs
    check_same(what, [first[names[0]]], [first[names[1]]], 0.01)
    return comparison
