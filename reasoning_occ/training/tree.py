"""Career trees: a person's examples laid out so that the history they share goes through the model once.

Histories are rendered append-only, so the prompt of a transition begins every later prompt of the same person:

    task | school | job 1 | job 2 | job 3 | ask, reason, answer 3      the trunk: the longest example
                      |       '- ask, reason, answer 2                 a branch leaves where its text differs
                      '- ask, reason, answer 1

Nothing here knows of trunks and reasons, though: the longest example is laid down first, each other one leaves an
earlier one after the longest beginning that they share. So K reasons for one transition share its prompt, chosen and
rejected texts too, and equal examples are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from reasoning_occ.language.beginning import common_beginning
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.models.tree_attention.layout import Branch, Layout


@dataclass(frozen=True, slots=True)
class Tree:
    """Examples that share their beginnings. t: tokens, n: distinct targets, m: targets of single examples (e).

    ids: token ids.
    position: tokens before each one in its own example.
    branches: how tokens see each other.
    source: the token from which a target is predicted.
    label: the target's id.
    target: of each example's targets, its number among the distinct ones.
    segment: of each example's targets, whether reason or answer.
    example: of each example's targets, the example's number.
    end: of each example, its last token.
    title: of each example, the title that a ranking head learns there; -1 for none.
    barred: of each example, the title that can't be; -1 for none.
    apart: tokens that the examples would have as separate sequences.
    transitions: how many the examples are of; one may have several, such as its reason and its title.
    """

    ids: Int[np.ndarray, " t"]
    position: Int[np.ndarray, " t"]
    branches: tuple[Branch, ...]
    source: Int[np.ndarray, " n"]
    label: Int[np.ndarray, " n"]
    target: Int[np.ndarray, " m"]
    segment: Int[np.ndarray, " m"]
    example: Int[np.ndarray, " m"]
    end: Int[np.ndarray, " examples"]
    title: Int[np.ndarray, " examples"]
    barred: Int[np.ndarray, " examples"]
    apart: int
    transitions: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def examples(self) -> int:
        """How many there are."""
        return len(self.end)


def grow(examples: Sequence[Example]) -> Tree:
    """The tree of some examples, of one person or of many; it equals them as separate sequences.

    Args:
        examples: at least one; each begins with a prompt token.
    """
    paths = _paths(examples)
    size = 1 + max(int(path[-1]) for path, _ in paths)
    ids, position = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for example, (path, _) in zip(examples, paths, strict=True):
        ids[path], position[path] = example.ids, np.arange(len(path))
    # a target is a token; what predicts it is the token before it on any path, the same on all of them
    node, source, segment, number = [], [], [], []
    for place, (example, (path, _)) in enumerate(zip(examples, paths, strict=True)):
        learnt = np.flatnonzero(example.segments != Segment.PROMPT)
        node.append(path[learnt])
        source.append(path[learnt - 1])
        segment.append(example.segments[learnt].astype(np.int64))
        number.append(np.full(len(learnt), place))
    distinct, first, target = np.unique(np.concatenate(node), return_index=True, return_inverse=True)
    return Tree(
        ids=ids,
        position=position,
        branches=tuple(sorted(branch for _, branch in paths if branch is not None)),
        source=np.concatenate(source)[first],
        label=ids[distinct],
        target=target,
        segment=np.concatenate(segment),
        example=np.concatenate(number),
        end=np.array([path[-1] for path, _ in paths]),
        title=np.array([example.title for example in examples]),
        barred=np.array([example.barred for example in examples]),
        apart=sum(map(len, examples)),
        transitions=len({example.key for example in examples}),
    )


def _paths(examples: Sequence[Example]) -> list[tuple[Int[np.ndarray, " tokens"], Branch | None]]:
    """For each example where its tokens stand in the row, and the branch that it adds (None: it adds no token)."""
    paths: dict[int, np.ndarray] = {}
    branches: dict[int, Branch | None] = {}
    size = 0
    for number in sorted(range(len(examples)), key=lambda n: (-len(examples[n]), n)):
        ids = examples[number].ids
        shared, beginning = 0, np.zeros(0, dtype=np.int64)
        for other, path in paths.items():
            common = common_beginning(ids, examples[other].ids)
            if common > shared:
                shared, beginning = common, path[:common]
        end = size + len(ids) - shared
        paths[number] = np.concatenate([beginning, np.arange(size, end)])
        branches[number] = Branch(size, end, _stretches(beginning)) if end > size else None
        size = end
    return [(paths[number], branches[number]) for number in range(len(examples))]


def _stretches(path: np.ndarray) -> tuple[tuple[int, int], ...]:
    """The runs of neighbouring places in a path, in its order."""
    if not len(path):
        return ()
    cuts = np.flatnonzero(np.diff(path) != 1) + 1
    return tuple((int(run[0]), int(run[-1]) + 1) for run in np.split(path, cuts))


@dataclass(frozen=True, slots=True)
class Row:
    """Trees one after the other, as one pass through the model takes them; fields as in `Tree`. No padding."""

    ids_t: Int[Tensor, " t"]
    position_t: Int[Tensor, " t"]
    layout: Layout
    source_n: Int[Tensor, " n"]
    label_n: Int[Tensor, " n"]
    target_m: Int[Tensor, " m"]
    segment_m: Int[Tensor, " m"]
    example_m: Int[Tensor, " m"]
    end_e: Int[Tensor, " e"]
    title_e: Int[Tensor, " e"]
    barred_e: Int[Tensor, " e"]
    apart: int
    transitions: int

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Row":
        """The same on another device (the name and arguments by which Lightning moves a batch)."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {name: t.to(device, non_blocking=non_blocking) for name, t in held.items() if isinstance(t, Tensor)}
        return replace(self, **moved)

    def idle(self) -> "Row":
        """The same with nothing to be learnt, for a process that has fewer rows than those it keeps step with."""
        prompt, none = torch.full_like(self.segment_m, Segment.PROMPT), torch.full_like(self.title_e, -1)
        return replace(self, segment_m=prompt, title_e=none, transitions=0)

    @property
    def tokens(self) -> int:
        """How many go through the model to be learnt from."""
        return len(self.ids_t) if self.transitions else 0

    @property
    def examples(self) -> int:
        """How many there are."""
        return len(self.end_e)

    @property
    def units(self) -> int:
        """How many there are of what speed is told in: transitions, unless a kind of row says else."""
        return self.transitions


def pack(trees: Sequence[Tree]) -> Row:
    """Put trees into one row. No token of one sees a token of another."""
    starts = np.cumsum([0, *(len(tree) for tree in trees[:-1])]).tolist()
    targets = np.cumsum([0, *(len(tree.source) for tree in trees[:-1])]).tolist()
    examples = np.cumsum([0, *(tree.examples for tree in trees[:-1])]).tolist()

    def joined(parts: Sequence[np.ndarray], shifts: Sequence[int] | None = None) -> Tensor:
        moved = parts if shifts is None else [part + by for part, by in zip(parts, shifts, strict=True)]
        return torch.from_numpy(np.concatenate(moved))

    return Row(
        ids_t=joined([tree.ids for tree in trees]),
        position_t=joined([tree.position for tree in trees]),
        layout=Layout(tuple(b.moved(by) for tree, by in zip(trees, starts, strict=True) for b in tree.branches)),
        source_n=joined([tree.source for tree in trees], starts),
        label_n=joined([tree.label for tree in trees]),
        target_m=joined([tree.target for tree in trees], targets),
        segment_m=joined([tree.segment for tree in trees]),
        example_m=joined([tree.example for tree in trees], examples),
        end_e=joined([tree.end for tree in trees], starts),
        title_e=joined([tree.title for tree in trees]),
        barred_e=joined([tree.barred for tree in trees]),
        apart=sum(tree.apart for tree in trees),
        transitions=sum(tree.transitions for tree in trees),
    )
