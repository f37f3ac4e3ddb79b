"""How a recommender's adapters are learnt: in stages that other jobs may share, each gone on with where it was cut."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ import costs
from reasoning_occ.careers.types import Transition
from reasoning_occ.files import share
from reasoning_occ.language.example import Example

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from reasoning_occ.models.backbone import Backbone
    from reasoning_occ.models.title_head import TitleHead
    from reasoning_occ.training.preference_pairs import PreferencePair
    from reasoning_occ.training.preference_settings import PreferenceSettings
    from reasoning_occ.training.settings import TrainingSettings

Reasons = Mapping[tuple[str, int], str]
Own = Mapping[tuple[str, int], str | None]
LOG, ADAPTER, MODEL = "metrics.csv", "adapter", "model"
"""What learning leaves in a folder: its log; an adapter, or where all weights learn the model."""
PREFERENCE_FILES = ("preference.csv", "preference.json")


@dataclass(frozen=True, slots=True)
class Learning:
    """What there is to learn, and how.

    name: the recommender's.
    adapters: names, "" for a lone one; each is also the folder in which it is learnt.
    load: gives the backbone.
    trainer: how to train.
    logger: opens the log of a stage in a folder.
    place: gives the folder of a stage, held while it is used.
    prepare: looks at the backbone before anything dear is done.
    reasons: gives the oracle reasons of training and of validation transitions.
    own: gives the model's own reasons of training transitions, given the oracle reasons, and the seconds they took; see
        `own_reasons`.
    examples: of an adapter, from transitions, their oracle reasons and the model's own.
    titles: makes the ranking head of a model with its adapter; None for none.
    preference: how the adapter that writes reasons is then trained on pairs; None: it isn't.
    """

    name: str
    adapters: tuple[str, ...]
    load: "Callable[[], Backbone]"
    trainer: "TrainingSettings"
    logger: "Callable[[str, Path], AbstractContextManager[Logger]]"
    place: Callable[[str], AbstractContextManager[Path]]
    prepare: "Callable[[Backbone, Sequence[Transition]], None]"
    reasons: Callable[[Sequence[Transition], Sequence[Transition]], tuple[Reasons, Reasons]]
    own: Callable[[Sequence[Transition], Reasons], tuple[Own, float]]
    examples: Callable[[str, Sequence[Transition], Reasons, Own], list[Example]]
    titles: "Callable[[Any, str], TitleHead | None] | None"
    preference: "Preference | None"


@dataclass(frozen=True, slots=True)
class Preference:
    """Preference training of one adapter.

    settings: the `preference` part of the configuration.
    adapter: the name of the one that learns.
    pairs: gives its pairs from training transitions, once their oracle reasons are made.
    """

    settings: "PreferenceSettings"
    adapter: str
    pairs: "Callable[[Sequence[Transition]], list[PreferencePair]]"


def learn(learning: Learning, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
    """Learn all adapters, or find them learnt; `folder` gets them with their logs and what they cost.

    Raises:
        UserError: there is nothing to learn from, or as `training.fit`.
    """
    if _all_in(folder, learning):
        return
    with learning.place("learn") as tuned:
        if _all_in(tuned, learning):
            learning.reasons(train, valid)  # another job's adapter; its reasons belong into this job's folder too
        else:
            _tune(learning, train, valid, tuned)
        spent = [costs.read(tuned / name) for name in learning.adapters]
        own = {name: took for name, took in costs.read(tuned)["seconds"].items() if name == "own"}
        costs.note(
            folder,
            {**own, "learn": sum(one["seconds"]["learn"] for one in spent)},
            transitions_seen=max(one["transitions_seen"] for one in spent),
            tokens_seen=sum(one["tokens_seen"] for one in spent),
            trained_parameters=sum(one["trained_parameters"] for one in spent),
        )
        better = None if learning.preference is None else learning.preference.adapter
        for name in learning.adapters:
            _share(LOG, tuned / name, folder / name)
            if name != better:
                _share(_kept(learning), tuned / name, folder / name)
    if learning.preference is not None:
        _improve(learning, learning.preference, train, tuned, folder)


def _improve(
    learning: Learning,
    preference: Preference,
    train: Sequence[Transition],
    tuned: Path,
    folder: Path,
) -> None:
    name = preference.adapter
    with learning.place("prefer") as where:
        if not _is_in(where):
            _prefer(learning, preference, train, tuned / name / _kept(learning), where)
        spent = costs.read(where)
        costs.note(folder, spent["seconds"], pair_tokens_seen=spent["pair_tokens_seen"])
        for file in PREFERENCE_FILES:
            _share(file, where, folder)
        _share(_kept(learning), where, folder / name)


def _share(file: str, source: Path, target: Path) -> None:
    if (source / file).exists():
        share(source / file, target / file)


def _all_in(folder: Path, learning: Learning) -> bool:
    return all(_is_in(folder / name) for name in learning.adapters)


def _is_in(folder: Path) -> bool:
    return any((folder / file).is_file() for file in (f"{ADAPTER}/adapter_config.json", f"{MODEL}/config.json"))


def _kept(learning: Learning) -> str:
    return MODEL if learning.trainer.lora is None else ADAPTER


def _save(learning: Learning, model: Any, backbone: "Backbone", where: Path, titles: "TitleHead | None") -> None:
    from reasoning_occ.models.full import save_full
    from reasoning_occ.models.lora import save_adapter

    save = save_full if learning.trainer.lora is None else save_adapter
    save(model, backbone.tokenizer, where / _kept(learning), titles)


def _tune(learning: Learning, train: Sequence[Transition], valid: Sequence[Transition], where: Path) -> None:
    """Supervised fine-tuning of one adapter after the other, each on the backbone as it came."""
    import torch

    from reasoning_occ.models.lora import add_lora
    from reasoning_occ.training.fit import fit

    backbone = learning.load()
    learning.prepare(backbone, train)
    settings, lora = learning.trainer, learning.trainer.lora

    def adapted(model: Any) -> Any:
        if lora is None:
            return model
        torch.manual_seed(settings.seed)  # the adapter's first weights
        return add_lora(model, **{field.name: getattr(lora, field.name) for field in fields(lora)})

    model = adapted(backbone.model)
    reasons_train, reasons_valid = learning.reasons(train, valid)  # may be dear: all else is known to work
    if learning.preference is not None:
        learning.preference.pairs(train)  # none is an error that should not wait
    own, took = learning.own(train, reasons_train)
    if own:
        costs.note(where, {"own": took})
    for number, name in enumerate(learning.adapters):
        if number:
            model = adapted(model.unload())
        place = where / name
        if _is_in(place):
            continue
        titles = None if learning.titles is None else learning.titles(model, name)
        with learning.logger("learn", place) as logger:
            fitted = fit(
                model,
                learning.examples(name, train, reasons_train, own),
                learning.examples(name, valid, reasons_valid, {}),
                place,
                settings=settings,
                logger=logger,
                what=f"Training {learning.name}{f', {name}' if name else ''}",
                titles=titles,
            )
        parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
        parameters += 0 if titles is None else sum(p.numel() for p in titles.parameters())
        cost = fitted.cost
        costs.note(
            place,
            {"learn": cost.seconds},
            transitions_seen=cost.transitions,
            tokens_seen=cost.tokens,
            trained_parameters=parameters,
        )
        _save(learning, model, backbone, place, titles)


def _prefer(learning: Learning, preference: Preference, train: Sequence[Transition], start: Path, where: Path) -> None:
    """Preference training of what supervised fine-tuning left."""
    from reasoning_occ.models.full import load_full
    from reasoning_occ.models.lora import load_adapter
    from reasoning_occ.models.title_head import FILE as TITLES
    from reasoning_occ.models.title_head import TitleHead
    from reasoning_occ.training.preference import prefer

    backbone = learning.load()
    learning.prepare(backbone, train)
    read = load_full if learning.trainer.lora is None else load_adapter
    model = read(backbone.model, start, trainable=True)
    with learning.logger("prefer", where) as logger:
        done = prefer(
            model,
            preference.pairs(train),
            where,
            settings=preference.settings,
            trainer=learning.trainer,
            logger=logger,
            what=f"Preferring, {learning.name}",
        )
    costs.note(where, {"prefer": done.cost.seconds}, pair_tokens_seen=done.cost.tokens)
    titles = TitleHead.read(start) if (start / TITLES).is_file() else None
    _save(learning, model, backbone, where, titles)
