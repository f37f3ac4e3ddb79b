"""A job's teacher and judge, and what they are handed: a desk to call from, models. No SDK and no torch is imported."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from inspect import signature
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.careers.types import Transition
from reasoning_occ.config import CONF, build, locate
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk
from reasoning_occ.reasons.pairs import Pairing
from reasoning_occ.reasons.privacy import limited
from reasoning_occ.reasons.selection import Selection
from reasoning_occ.reasons.types import Chat, Predictor

STAND_IN = CONF / "teacher" / "grounded.yaml"
"""The built-in teacher, which `oracle.fallback=grounded` takes; its mistakes are left out."""


def desk(cfg: DictConfig, *, keys: bool = True) -> Desk:
    """Where a job's calls are made from.

    Args:
        cfg: the job.
        keys: whether the keys of providers must be there; not where nothing will be asked.

    Raises:
        UserError: a value of `calls` or `privacy` makes no sense.
    """
    calls, privacy = cfg.calls, cfg.privacy
    return Desk(
        ledger=_path("calls.ledger", calls.ledger),
        prices=CONF / "prices.yaml" if calls.prices is None else _path("calls.prices", calls.prices),
        budget_usd=calls.budget_usd,
        send=_names("privacy.send", privacy.send),
        local_only=privacy.local_only,
        replay=calls.replay,
        keys=keys,
    )


def _path(key: str, value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise UserError(f"{key}: expected a file's path; got {value!r}.")
    return Path(value)


def _names(key: str, value: Any) -> list[str]:
    if not OmegaConf.is_list(value) or not all(isinstance(one, str) for one in value):
        raise UserError(f"{key}: expected a list of words, such as [occupation,dates]; got {value!r}.")
    return list(value)


@dataclass(frozen=True, slots=True)
class Hands:
    """What only a job can give to its teacher and judge; each takes what its arguments name.

    desk: to ask models of others from. chat: gives a model in this process by name, None for the job's own. predict:
    gives a predictor likewise.
    """

    desk: Desk
    chat: Callable[[str | None], Chat]
    predict: Callable[[str | None], Predictor]


def reasoner(node: DictConfig, taxonomy: Taxonomy, hands: Hands) -> Any:
    """A teacher or a judge, with the judges inside it, if it has any.

    Raises:
        UserError: as `build`, or as its class does.
    """
    wanted = _wanted(node)
    given: dict[str, Any] = {
        "taxonomy": taxonomy,
        **{field.name: getattr(hands, field.name) for field in fields(hands)},
    }
    inside: dict[str, Any] = {}
    for key, value in node.items():
        if _is_node(value):
            inside[str(key)] = reasoner(value, taxonomy, hands)
        elif OmegaConf.is_dict(value) and any(_is_node(one) for one in value.values()):
            inside[str(key)] = {name: reasoner(one, taxonomy, hands) for name, one in value.items() if one is not None}
    # resolved here: a copy has no parent in which "${seed}" could be looked up
    values: Any = OmegaConf.to_container(node, resolve=True)
    own = OmegaConf.create({key: value for key, value in values.items() if key not in inside})
    return build(own, **{name: value for name, value in given.items() if name in wanted}, **inside)


def choosing(cfg: DictConfig) -> tuple[Selection, Pairing]:
    """How a job chooses its oracle reasons and its pairs.

    Raises:
        UserError: a value of `oracle` makes no sense.
    """
    values: Any = OmegaConf.to_container(cfg.oracle, resolve=True)
    pairs = values.pop("pairs", {})
    return Selection(**values), Pairing(**pairs)


def stand_in(cfg: DictConfig, taxonomy: Taxonomy) -> Any:
    """The teacher that writes where no candidate of the job's own passed; `None` where nobody does."""
    if cfg.oracle.fallback != "grounded":
        return None
    values = {"seed": cfg.split.seed, "mistakes": 0.0, "hindsight": cfg.teacher.get("hindsight", True)}
    node = OmegaConf.merge(OmegaConf.load(STAND_IN), values)
    assert isinstance(node, DictConfig)
    return build(node, taxonomy=taxonomy)


def shown(cfg: DictConfig, transitions: Sequence[Transition]) -> tuple[Transition, ...]:
    """What a job's teacher and judge see of transitions. Where one of them is elsewhere, both see only what may be
    sent: a judge learns from a reason what its writer knew, and a teacher from a judge's errors what that one saw."""
    send = cfg.privacy.send
    elsewhere = asks_others(cfg.teacher) or asks_others(cfg.judge)
    return tuple(limited(t, send) for t in transitions) if elsewhere else tuple(transitions)


def asks_others(node: DictConfig) -> bool:
    """Whether a teacher or judge, or a judge inside it, makes calls: it says so by what it takes."""
    return any(True for _ in asking_nodes(node, ""))


def asking_nodes(node: DictConfig, name: str) -> Iterator[tuple[str, DictConfig]]:
    """A teacher or judge and those inside it, as far as they make calls; each with its dotted name."""
    if _is_node(node) and "desk" in _wanted(node):
        yield name, node
    for key, value in node.items():
        if OmegaConf.is_dict(value):
            yield from asking_nodes(value, f"{name}.{key}")


def needs_nothing(node: DictConfig) -> bool:
    """Whether a teacher or judge works with what it is by itself: it takes nothing out of `Hands`."""
    return not {field.name for field in fields(Hands)} & set(_wanted(node))


def reads_model(node: DictConfig) -> bool:
    """Whether a teacher or judge, or a judge inside it, may read the job's own model."""
    mine = _is_node(node) and bool({"chat", "predict"} & set(_wanted(node)))
    return mine or any(reads_model(value) for value in node.values() if OmegaConf.is_dict(value))


def _wanted(node: DictConfig) -> Collection[str]:
    return signature(locate(str(node._target_)).__init__).parameters


def _is_node(value: Any) -> bool:
    return OmegaConf.is_dict(value) and "_target_" in value
