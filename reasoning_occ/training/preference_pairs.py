"""Pairs of texts as rows of trees: what the two share, and the history of all a person's pairs, goes through once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.training.batches import Step, StepLoader, check_examples, trees_of
from reasoning_occ.training.tree import Row, Tree

Logps = Float[np.ndarray, "pairs 2"]
"""Log-probabilities of the chosen and of the rejected text of each pair, nats."""


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two examples of one transition: what was chosen, and what was not."""

    chosen: Example
    rejected: Example


@dataclass(frozen=True, slots=True)
class PairRow(Row):
    """A row whose examples are pairs, each the chosen one and then the rejected one, with their reference."""

    reference_p2: Float[Tensor, "p 2"]

    @property
    def units(self) -> int:
        """How many pairs there are."""
        return self.examples // 2


def pair_trees(pairs: Sequence[PreferencePair], over: str, most: int) -> list[Tree]:
    """One tree a person, or several of one with many pairs; the two of a pair are neighbours on one tree.

    Args:
        pairs: of any people.
        over: which tokens are compared: "reason", or "all" that carry loss.
        most: tokens of a tree, where it holds more than one pair.

    Raises:
        UserError: the two of a pair are of different transitions, or one has nothing that is compared.
    """
    for pair in pairs:
        if pair.chosen.key != pair.rejected.key:
            raise UserError(
                f"A pair is of two transitions, {pair.chosen.key} and {pair.rejected.key}; both texts must be of one."
            )
    examples = [compared_part(example, over) for pair in pairs for example in (pair.chosen, pair.rejected)]
    check_examples(examples)
    return trees_of(examples, most, together=2)


def compared_part(example: Example, over: str) -> Example:
    """The example with only its compared tokens to be learnt, and nothing after the last of them.

    A title that a ranking head would learn is not compared.

    Raises:
        UserError: it has no such token.
    """
    learnt = example.segments == Segment.REASON if over == "reason" else example.segments != Segment.PROMPT
    if not learnt.any():
        what = "reason token" if over == "reason" else "token that carries loss"
        raise UserError(f"Example {example.key}: it has no {what}, so it can't be compared (preference.over={over}).")
    end = int(np.flatnonzero(learnt)[-1]) + 1
    segments = np.where(learnt, example.segments, Segment.PROMPT).astype(np.int8)
    return Example(example.key, example.ids[:end], segments[:end])


class PairLoader(StepLoader):
    """A step loader whose rows bring the reference of their pairs.

    Args:
        trees, steps, identity: as in `StepLoader`.
        reference: of every pair, in the order of the trees.
    """

    def __init__(self, trees: Sequence[Tree], steps: Sequence[Step], identity: str, reference: Logps) -> None:
        super().__init__(trees, steps, identity)
        ends = np.cumsum([tree.examples // 2 for tree in trees])
        self._reference = [torch.from_numpy(part) for part in np.split(reference, ends[:-1])]

    def row(self, numbers: Sequence[int]) -> PairRow:
        """What goes through the model at once, with its reference."""
        row = super().row(numbers)
        held = {field.name: getattr(row, field.name) for field in fields(row)}
        return PairRow(**held, reference_p2=torch.cat([self._reference[number] for number in numbers]))
