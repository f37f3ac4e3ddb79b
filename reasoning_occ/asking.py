"""A job's teacher and judge, and the desk from which those call that ask models of others. No SDK is imported here."""

from inspect import signature
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.config import CONF, build, locate
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk
from reasoning_occ.reasons.pairs import Pairing
from reasoning_occ.reasons.selection import Selection

STAND_IN = CONF / "teacher" / "grounded.yaml"
"""The built-in teacher, which `oracle.fallback=grounded` takes; its mistakes are left out."""


def desk(cfg: DictConfig) -> Desk:
    """Where a job's calls are made from.

    Raises:
        UserError: a value of `calls` or `privacy` makes no sense.
    """
    calls, privacy = cfg.calls, cfg.privacy
    return Desk(
        ledger=Path(calls.ledger),
        prices=CONF / "prices.yaml" if calls.prices is None else Path(calls.prices),
        budget_usd=calls.budget_usd,
        send=list(privacy.send),
        local_only=privacy.local_only,
    )


def reasoner(node: DictConfig, taxonomy: Taxonomy, at: Desk) -> Any:
    """A teacher or a judge; those that ask models of others are handed the desk.

    Raises:
        UserError: as `build`, or as its class does.
    """
    return build(node, taxonomy=taxonomy, **({"desk": at} if asks_others(node) else {}))


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
    node = OmegaConf.merge(OmegaConf.load(STAND_IN), {"seed": cfg.seed, "mistakes": 0.0})
    assert isinstance(node, DictConfig)
    return build(node, taxonomy=taxonomy)


def asks_others(node: DictConfig) -> bool:
    """Whether a teacher or judge makes calls: it says so by what it takes."""
    return "desk" in signature(locate(str(node._target_)).__init__).parameters
