"""How a recommender's adapters are learnt: in stages that other jobs may share, each gone on with where it was cut."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
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
    from reasoning_occ.training.settings import TrainingSettings

Reasons = Mapping[tuple[str, int], str]
LOG = "metrics.csv"
LEARNT = ("adapter", "model")
"""The folder of what was learnt: an adapter, or all weights."""


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
    examples: of an adapter, from transitions and their oracle reasons.
    titles: makes the ranking head of a model with its adapter; None for none.
    """

    name: str
    adapters: tuple[str, ...]
    load: "Callable[[], Backbone]"
    trainer: "TrainingSettings"
    logger: "Callable[[str, Path], AbstractContextManager[Logger]]"
    place: Callable[[str], AbstractContextManager[Path]]
    prepare: "Callable[[Backbone, Sequence[Transition]], None]"
    reasons: Callable[[Sequence[Transition], Sequence[Transition]], tuple[Reasons, Reasons]]
    examples: Callable[[str, Sequence[Transition], Reasons], list[Example]]
    titles: "Callable[[Any, str], TitleHead | None] | None"


def learn(learning: Learning, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
    """Learn all adapters, or find them learnt; `folder` gets them with their log and what they cost.

    Raises:
        UserError: there is nothing to learn from, or as `training.fit`.
    """
    if _all_in(folder, learning):
        return
    with learning.place("learn") as where:
        if not _all_in(where, learning):
            _tune(learning, train, valid, where)
        for name in learning.adapters:
            for file in (LOG, *LEARNT):  # what was learnt last: it says that all is there
                if (where / name / file).exists():
                    share(where / name / file, folder / name / file)
        spent = [costs.read(where / name) for name in learning.adapters]
        costs.note(
            folder,
            {"learn": sum(one["seconds"]["learn"] for one in spent)},
            transitions_seen=max(one["transitions_seen"] for one in spent),
            tokens_seen=sum(one["tokens_seen"] for one in spent),
            trained_parameters=sum(one["trained_parameters"] for one in spent),
        )


def _all_in(folder: Path, learning: Learning) -> bool:
    return all(_is_in(folder / name) for name in learning.adapters)


def _is_in(folder: Path) -> bool:
    return any((folder / file).is_file() for file in ("adapter/adapter_config.json", "model/config.json"))


def _tune(learning: Learning, train: Sequence[Transition], valid: Sequence[Transition], where: Path) -> None:
    """Supervised fine-tuning of one adapter after the other, each on the backbone as it came."""
    import torch

    from reasoning_occ.models.full import save_full
    from reasoning_occ.models.lora import add_lora, save_adapter
    from reasoning_occ.training.fit import fit

    backbone = learning.load()
    learning.prepare(backbone, train)
    settings, lora = learning.trainer, learning.trainer.lora

    def adapted(model: Any) -> Any:
        if lora is None:
            return model
        torch.manual_seed(settings.seed)  # the adapter's first weights
        return add_lora(model, r=lora.r, alpha=lora.alpha, dropout=lora.dropout, targets=lora.targets)

    model = adapted(backbone.model)
    reasons_train, reasons_valid = learning.reasons(train, valid)  # may be dear: all else is known to work
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
                learning.examples(name, train, reasons_train),
                learning.examples(name, valid, reasons_valid),
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
        if lora is None:
            save_full(model, backbone.tokenizer, place / "model", titles)
        else:
            save_adapter(model, backbone.tokenizer, place / "adapter", titles)
