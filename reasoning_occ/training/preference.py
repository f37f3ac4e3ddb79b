"""Preference training: a model that SFT left learns to prefer the better text of each pair.

In its folder: reference.jsonl (what the model of SFT says of every pair), checkpoints, and at the end preference.json.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback
from lightning.pytorch.loggers import Logger
from torch import nn

from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl, write_json, write_jsonl
from reasoning_occ.training.batches import plan, trees_digest
from reasoning_occ.training.callbacks import Cost
from reasoning_occ.training.fit import take_steps
from reasoning_occ.training.preference_loss import compare, text_tokens
from reasoning_occ.training.preference_module import PreferenceModule
from reasoning_occ.training.preference_pairs import Logps, PairLoader, PreferencePair, pair_trees
from reasoning_occ.training.preference_settings import PreferenceSettings
from reasoning_occ.training.settings import TrainingSettings
from reasoning_occ.training.tree import Tree

log = logging.getLogger(__name__)

REFERENCE_FILE = "reference.jsonl"
FIGURES_FILE = "preference.json"


@dataclass(frozen=True, slots=True)
class Preferred:
    """What a preference training did.

    steps: all of them. resumed_at: the step that this start went on from (0: anew).
    cost: of all steps, those of earlier starts too.
    figures: what preference.json holds.
    """

    steps: int
    resumed_at: int
    cost: Cost
    figures: dict[str, Any]


def prefer(
    model: nn.Module,
    pairs: Sequence[PreferencePair],
    folder: Path,
    *,
    settings: PreferenceSettings,
    trainer: TrainingSettings,
    logger: Logger | None,
    what: str = "Preference training",
    valid: Sequence[PreferencePair] = (),
    callbacks: Sequence[Callback] = (),
) -> Preferred:
    """Train `model` in place; checkpoints go to `folder`/checkpoints, and the newest readable one is gone on from.

    The reference is the model as it is given, dropout off; it is measured at the first start and kept. So every start
    must give the model as SFT left it.

    Args:
        model: a causal language model in its state after SFT: with peft adapters, of which the active one learns, or
            bare, where what wants a gradient learns.
        pairs: learnt from.
        folder: of this training alone.
        settings: the `preference` part of the configuration.
        trainer: the `trainer` part, for all that the first does not say.
        logger: gets every step's figures (`Compared`, `step_figures`, learning rate and speed); None for none.
        what: the progress bar's label.
        valid: measured at start and end; may be empty.
        callbacks: more Lightning callbacks, called before a step's checkpoint is written.

    Raises:
        UserError: there are no pairs, one can't be compared, nothing of the model learns, the loss is not finite, the
            disk is full, or the folder holds the work of another preference training.
        KeyboardInterrupt: Ctrl-C; a checkpoint of the last whole step was written before.
    """
    if not pairs:
        raise UserError("There are no preference pairs to learn from; see oracle.pairs and teacher.candidates.")
    trees = {
        name: pair_trees(given, settings.over, trainer.micro_tokens)
        for name, given in (("train", pairs), ("valid", valid))
    }
    steps = plan(
        trees["train"],
        seed=trainer.seed,
        epochs=settings.epochs,
        max_steps=settings.max_steps,
        batch=settings.batch,
        micro_tokens=trainer.micro_tokens,
        sizes=[tree.examples // 2 for tree in trees["train"]],
    )
    _active_learns(model)
    module = PreferenceModule(model, settings, trainer, len(steps))
    _log_size(trees["train"])
    reference = _reference(folder / REFERENCE_FILE, module, trees)
    identity = f"{settings!r} {module.chosen.shaping()} {_digest_of(reference)}"
    loader = PairLoader(trees["train"], steps, identity, reference["train"])
    rows = sum(map(len, steps))
    done, cost = take_steps(module, loader, folder, rows=rows, logger=logger, what=what, callbacks=callbacks)
    figures = {"settings": asdict(settings), "steps": len(steps), "tokens": _tokens(trees["train"])}
    for name, some in trees.items():
        figures[name] = _start_and_end(reference[name], module.measure(some, "Measuring pairs"), some, settings)
    write_json(folder / FIGURES_FILE, figures)
    return Preferred(len(steps), done, cost, figures)


def _active_learns(model: nn.Module) -> None:
    """The active adapter wants gradients, another none; peft freezes an adapter that was read from its files."""
    from peft import PeftModel

    if isinstance(model, PeftModel):
        (name,) = model.active_adapters
        model.set_adapter(name)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UserError("Nothing of the model is to be learnt: give it an adapter, or let its weights want a gradient.")


def _reference(path: Path, module: PreferenceModule, trees: dict[str, list[Tree]]) -> dict[str, Logps]:
    """Read, or measured and kept: never of another model than SFT's, whatever a kill left behind."""
    belongs_to = _belongs_to(module, trees)
    if path.is_file():
        first, *rows = read_jsonl(path)
        if first != {"belongs_to": belongs_to}:
            raise UserError(
                f"{path} belongs to another adapter of SFT, other pairs or another precision. "
                "Give the same as before, or remove its folder to train anew."
            )
        return {name: _logps([row for row in rows if row["pairs"] == name]) for name in trees}
    found = {name: module.measure(some, "Measuring pairs") for name, some in trees.items()}
    for logps in found.values():
        if not np.isfinite(logps).all():
            raise UserError(
                "The model gives a text of a pair no finite log-probability before any preference step. "
                "Use trainer.precision=fp32, or look at the loss of SFT."
            )
    rows = [
        {"pairs": name, "chosen": chosen, "rejected": rejected}
        for name, logps in found.items()
        for chosen, rejected in logps.tolist()
    ]
    write_jsonl(path, [{"belongs_to": belongs_to}, *rows])
    return found


def _logps(rows: Sequence[Mapping[str, float]]) -> Logps:
    return np.array([(row["chosen"], row["rejected"]) for row in rows], dtype=np.float32).reshape(-1, 2)


def _belongs_to(module: PreferenceModule, trees: dict[str, list[Tree]]) -> str:
    digest = hashlib.sha256(module.chosen.precision.encode())
    for name, some in trees.items():
        digest.update(f"{name} {trees_digest(some)} ".encode())
    for name, weight in module.state_dict().items():
        digest.update(name.encode())
        digest.update(weight.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _digest_of(reference: dict[str, Logps]) -> str:
    return hashlib.sha256(reference["train"].tobytes()).hexdigest()


def _start_and_end(
    start: Logps, end: Logps, trees: Sequence[Tree], settings: PreferenceSettings
) -> dict[str, Any] | None:
    """Means over pairs before the first and after the last step; None without a pair."""
    if not len(start):
        return None
    tokens_p2 = torch.cat([text_tokens(torch.from_numpy(tree.example), tree.examples) for tree in trees])
    compared = compare(torch.from_numpy(end), torch.from_numpy(start), tokens_p2, settings).sums()
    return {
        "pairs": len(start),
        "start": _means(start),
        "end": {**_means(end), **{name: compared[name] / len(start) for name in _AT_THE_END}},
    }


_AT_THE_END = ("reward_chosen", "reward_rejected", "reward_margin", "reward_accuracy", "kl")


def _means(logps: Logps) -> dict[str, float]:
    chosen, rejected = logps.astype(np.float64).T
    likelier = float((chosen > rejected).mean())
    return {
        "logp_chosen": float(chosen.mean()),
        "logp_rejected": float(rejected.mean()),
        "chosen_likelier": likelier,
    }


def _tokens(trees: Sequence[Tree]) -> dict[str, int]:
    """Of the training pairs: as separate sequences, in trees, and those compared."""
    return {
        "apart": sum(tree.apart for tree in trees),
        "in_trees": sum(map(len, trees)),
        "compared": sum(len(tree.target) for tree in trees),
    }


def _log_size(trees: Sequence[Tree]) -> None:
    told = _tokens(trees)
    log.info(
        "%d pairs in %d career trees: %d tokens as separate sequences, %d in trees, %d compared",
        sum(tree.examples for tree in trees) // 2,
        len(trees),
        told["apart"],
        told["in_trees"],
        told["compared"],
    )
