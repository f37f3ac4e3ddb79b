"""Which examples are trained on at which optimiser step: a plan made once, and a loader that can stop and go on."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.training.tree import Row, Tree, grow, pack

Step = tuple[tuple[int, ...], ...]
"""One optimiser step: rows of tree numbers."""


def trees_of(examples: Sequence[Example], most: int, together: int = 1) -> list[Tree]:
    """One tree a person, in the order in which people first come.

    Args:
        examples: of any people.
        most: tokens of a tree; a person's examples that need more are halved, in their order, until they fit or are
            one (or `together`). Bounds memory.
        together: so many neighbours of one person are never halved: 2 where examples come in pairs.
    """
    people: dict[str, list[Example]] = {}
    for example in examples:
        people.setdefault(example.key[0], []).append(example)
    return [tree for of_one in people.values() for tree in _fitting(of_one, most, together)]


def _fitting(examples: Sequence[Example], most: int, together: int) -> list[Tree]:
    tree = grow(examples)
    if len(tree) <= most or len(examples) == together:
        return [tree]
    cuts = range(together, len(examples), together)
    # a transition's own examples stay together where they can, so that it counts once
    between = [cut for cut in cuts if examples[cut - 1].key != examples[cut].key]
    half = min(between or cuts, key=lambda cut: (abs(2 * cut - len(examples)), cut))
    return [*_fitting(examples[:half], most, together), *_fitting(examples[half:], most, together)]


def check_examples(examples: Sequence[Example]) -> None:
    """Refuse what can't be learnt from, before any step is taken.

    Raises:
        UserError: an example has no reason and no answer token, or begins with one (a first token has nothing
            before it to be predicted from); names the example's key.
    """
    for example in examples:
        if len(example.ids) != len(example.segments):
            raise UserError(
                f"Example {example.key}: {len(example.ids)} token ids but {len(example.segments)} segments; "
                "each token needs one."
            )
        if example.title < 0 and not np.any(example.segments != Segment.PROMPT):
            raise UserError(
                f"Example {example.key}: all its {len(example)} tokens are prompt, so nothing of it would be learnt. "
                "Give it a reason or an answer, or leave it out."
            )
        if example.segments[0] != Segment.PROMPT:
            raise UserError(f"Example {example.key}: its first token is not prompt, so nothing could predict it.")


def plan(
    trees: Sequence[Tree],
    *,
    seed: int,
    epochs: int,
    max_steps: int | None,
    batch: int,
    micro_tokens: int,
    ranks: int = 1,
    sizes: Sequence[int] | None = None,
) -> list[Step]:
    """The optimiser steps of a whole training, from the first epoch to the last.

    Each epoch shuffles the trees anew and cuts them into steps of about the size `batch`: a tree belongs to the step
    into which its beginning falls.

    Args:
        trees: one a person, or several of a long career.
        seed: with the epoch's number, fixes the shuffles.
        epochs: how often every example is seen, if `max_steps` does not stop it earlier.
        max_steps: at most so many optimiser steps; None for no such limit.
        batch: size of an optimiser step, on average.
        micro_tokens: tokens that go through the model at once. A tree larger than this goes alone.
        sizes: of the trees; None: their transitions, however many examples a transition has.
        ranks: processes among which the rows of a step are dealt out; they are made small enough for each to get some.

    Returns:
        Steps; every tree is in exactly one row an epoch.
    """
    size = np.array([tree.transitions for tree in trees] if sizes is None else sizes)
    steps: list[Step] = []
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(trees))
        step = (np.cumsum(size[order]) - size[order]) // batch
        cuts = np.flatnonzero(np.diff(step)) + 1
        for group in np.split(order, cuts):
            share = -(-sum(len(trees[number]) for number in group) // ranks)
            steps.append(in_rows(group.tolist(), trees, min(micro_tokens, share) if ranks > 1 else micro_tokens))
    return steps[:max_steps]


def all_rows(trees: Sequence[Tree], micro_tokens: int) -> list[Row]:
    """All trees once: for evaluation."""
    return [pack([trees[number] for number in row]) for row in in_rows(range(len(trees)), trees, micro_tokens)]


def in_rows(numbers: Iterable[int], trees: Sequence[Tree], micro_tokens: int) -> Step:
    """The numbers of trees, cut into rows. First fit, largest first: the first row of a step is then among those that
    need the most memory."""
    rows: list[list[int]] = []
    free: list[int] = []
    for number in sorted(numbers, key=lambda n: (-len(trees[n]), n)):
        size = len(trees[number])
        row = next((row for row, room in enumerate(free) if size <= room), len(rows))
        if row == len(rows):
            rows.append([])
            free.append(micro_tokens)
        rows[row].append(number)
        free[row] -= size
    return tuple(tuple(row) for row in rows)


class StepLoader:
    """Goes through a plan, one optimiser step (a list of rows) at a time, from where it was left.

    It has a length, so Lightning fetches nothing ahead: after a step its position is the number of steps taken,
    which is what a checkpoint made between two steps must hold.

    Args:
        trees: what the plan's numbers stand for.
        steps: the plan.
        identity: what else a resumed training must have in common with the one that was cut off.
        rank, ranks: of the rows of a step every `ranks`-th from number `rank` on; there may be none.
        even: give all ranks equally many rows a step, idle ones where there are not enough.
    """

    def __init__(
        self,
        trees: Sequence[Tree],
        steps: Sequence[Step],
        identity: str,
        rank: int = 0,
        ranks: int = 1,
        even: bool = False,
    ) -> None:
        self.position = 0
        self._ranks, self._even = ranks, even
        self._mine = slice(rank, None, ranks)
        self._trees = trees
        self._steps = steps
        told = f"{identity} {trees_digest(trees)} {steps!r}"
        self._identity = hashlib.sha256(told.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[list[Row]]:
        while self.position < len(self._steps):
            step = self._steps[self.position]
            self.position += 1
            rows = [self.row(numbers) for numbers in step[self._mine]]
            if self._even and len(rows) * self._ranks < len(step):
                rows.append(self.row(step[-1]).idle())
            yield rows

    def row(self, numbers: Sequence[int]) -> Row:
        """What goes through the model at once."""
        return pack([self._trees[number] for number in numbers])

    def state_dict(self) -> dict[str, Any]:
        """Where we are, and of what."""
        return {"position": self.position, "identity": self._identity}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on after the step that the state was taken at.

        Raises:
            UserError: the state belongs to other examples, another plan or other settings.
        """
        if state["identity"] != self._identity:
            raise UserError(
                "The checkpoint was made with other training examples or settings than are given now. "
                "Give the same as before, or remove the run's checkpoints folder to train anew."
            )
        self.position = state["position"]


def trees_digest(trees: Sequence[Tree]) -> str:
    """Names the content of some trees."""
    digest = hashlib.sha256()
    for tree in trees:
        for field in fields(tree):
            value = getattr(tree, field.name)
            digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()
