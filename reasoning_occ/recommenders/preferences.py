"""From pairs.jsonl to what a model prefers by: each pair of reasons as two examples of one transition."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example
from reasoning_occ.reasons.pairs import read_pairs

if TYPE_CHECKING:
    from reasoning_occ.training.preference_pairs import PreferencePair


def preference_pairs(
    path: Path, transitions: Sequence[Transition], example: Callable[[Transition, str], Example]
) -> "list[PreferencePair]":
    """The pairs of a file, in its order.

    Args:
        path: pairs.jsonl (`reasons.pairs`).
        transitions: among them those that the pairs are of.
        example: the training sequence of a transition with a reason, such as `Language.example`.

    Raises:
        UserError: the file holds no pair, can't be read, or has one of a transition that is not given; or what
            `example` raises, such as a reason that does not fit into the window.
    """
    from reasoning_occ.training.preference_pairs import PreferencePair

    known = {transition.key: transition for transition in transitions}
    found = []
    for pair in read_pairs(path):
        transition = known.get((pair.person, pair.t))
        if transition is None:
            raise UserError(
                f"{path}: person {pair.person}, transition {pair.t + 1} is not among those learnt from. "
                "Move the file away and start again."
            )
        found.append(PreferencePair(example(transition, pair.chosen), example(transition, pair.rejected)))
    if not found:
        raise UserError(
            f"{path} holds no pair of a better and a worse reason, so there is nothing to prefer by. Ask for more "
            "candidates (teacher.candidates), lower oracle.pairs.margin or oracle.thresholds, or leave preference out."
        )
    return found
