"""Reasons of a model's own for people it learns from: titles are then learnt after what stands before them later.

An oracle reason was written knowing the next occupation; what a model writes at test time was not. One that has only
ever read the first kind believes the second too much. Here titles are learnt after reasons that were written from the
history alone, by a model that learnt from other people: a model's reasons for people it knows would be better than
those it writes for strangers (cross-fitting; Chernozhukov et al. 2018 fit nuisance functions so).
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from reasoning_occ import costs
from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.learning import Own, Reasons

FOLDS = 2
Writer = Callable[[int, Sequence[Transition], Sequence[Transition], Reasons, Path], Sequence[str | None]]
"""Given a fold's number, the transitions to learn from with their oracle reasons, those to write reasons for, and a
folder: the reasons, None where one is empty."""


def cross_fitted(
    transitions: Sequence[Transition], reasons: Reasons, share: float, seed: int, write: Writer, where: Path
) -> Own:
    """Reasons for a share of training transitions, each written by a model that has not learnt from that person.

    Args:
        transitions: of the training people.
        reasons: their oracle reasons, which the writers learn from.
        share: of the transitions that get a reason. Which ones is drawn by the seed; a larger share has those of a
            smaller one among its own.
        seed: draws the folds of people too.
        write: learns and writes, going on where it was cut off.
        where: a folder for each fold's writer is made here.

    Raises:
        UserError: all people fall into one fold.
    """
    chosen = [t for t in transitions if _drawn(f"own reason {seed} {t.key}") < share]
    found: dict[tuple[str, int], str | None] = {}
    for fold in range(FOLDS):
        learnt = [t for t in transitions if fold_of(t.key[0], seed) != fold]
        asked = [t for t in chosen if fold_of(t.key[0], seed) == fold]
        if not learnt:
            raise UserError(
                f"method.own_reasons={share}: {len({t.key[0] for t in transitions})} training people are too few to "
                f"learn from in {FOLDS} parts; give more people, or method.own_reasons=0."
            )
        texts = write(fold, learnt, asked, reasons, where / f"fold{fold}") if asked else []
        found |= dict(zip((t.key for t in asked), texts, strict=True))
    return found


def seconds(where: Path) -> float:
    """What the writers of a folder took, learning and writing."""
    return sum(sum(costs.read(where / f"fold{fold}")["seconds"].values()) for fold in range(FOLDS))


def fold_of(person: str, seed: int) -> int:
    """The fold of a person, all of whose transitions are in it."""
    return int(_drawn(f"fold {seed} {person}") * FOLDS)


def _drawn(told: str) -> float:
    """A number from 0 to below 1 that depends on a text alone."""
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:6], "big") / 2**48
