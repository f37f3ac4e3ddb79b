"""Titles as a tree of tokens, so that what titles share is computed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Int

from reasoning_occ.errors import UserError
from reasoning_occ.language.beginning import common_beginning


@dataclass(frozen=True)
class Trie:
    """A tree of tokens: every title is a path from a top node to a leaf.

    The context a title follows is not part of the tree; top nodes hang on it. A parent's number is smaller
    than its children's.

    token: the token id of each node.
    parent: the node above; -1 for top nodes.
    depth: tokens between the context and the node, 0 for top nodes.
    paths: for each title the nodes of its tokens, in order.
    """

    token: Int[np.ndarray, " nodes"]
    parent: Int[np.ndarray, " nodes"]
    depth: Int[np.ndarray, " nodes"]
    paths: tuple[Int[np.ndarray, " tokens"], ...]

    @classmethod
    def build(cls, sequences: Sequence[Sequence[int]]) -> "Trie":
        """The trie of all titles.

        Args:
            sequences: for each title its token ids followed by the ids that close it.

        Raises:
            UserError: there is no title, a title is empty, two are equal, or one is the beginning of another
                (then the shorter one would have no end of its own).
        """
        sequences = [tuple(int(id_) for id_ in sequence) for sequence in sequences]
        _check(sequences)
        below: dict[tuple[int, int], int] = {}
        token: list[int] = []
        parent: list[int] = []
        depth: list[int] = []
        paths: list[np.ndarray] = []
        for sequence in sequences:
            node, path = -1, []
            for step, id_ in enumerate(sequence):
                key = (node, id_)
                if key not in below:
                    below[key] = len(token)
                    token.append(id_)
                    parent.append(node)
                    depth.append(step)
                node = below[key]
                path.append(node)
            paths.append(np.array(path))
        return cls(np.array(token), np.array(parent), np.array(depth), tuple(paths))

    def __len__(self) -> int:
        return len(self.token)

    @property
    def inner(self) -> Bool[np.ndarray, " nodes"]:
        """Which nodes have something below them: only these have to go through the model."""
        inner = np.zeros(len(self), dtype=bool)
        inner[self.parent[self.parent >= 0]] = True
        return inner

    @cached_property
    def below(self) -> list[list[int]]:
        """The children of each node; those of the context, the top nodes, stand last (so below[-1] are they)."""
        below: list[list[int]] = [[] for _ in range(len(self) + 1)]
        for node, above in enumerate(self.parent.tolist()):
            below[above].append(node)
        return below

    def leads_to(self, titles: Bool[np.ndarray, " titles"]) -> Bool[np.ndarray, " nodes"]:
        """Which nodes are the beginning, or the end, of one of these titles."""
        leads = np.zeros(len(self), dtype=bool)
        for title in np.flatnonzero(titles):
            leads[self.paths[title]] = True
        return leads

    def ancestors(self) -> Bool[np.ndarray, "nodes nodes"]:
        """Row i marks node i and all nodes above it: what node i may attend to."""
        seen = np.eye(len(self), dtype=bool)
        for node, above in enumerate(self.parent):
            if above >= 0:
                seen[node] |= seen[above]
        return seen

    def split(self, limit: int) -> list[tuple[Int[np.ndarray, " titles"], "Trie"]]:
        """Smaller tries of at most `limit` inner nodes (or one title), each with the numbers of its titles.

        Neighbours in the tree stay together, so that little of what titles share is computed twice.
        """
        sequences = [tuple(self.token[path].tolist()) for path in self.paths]
        groups: list[list[int]] = []
        size = 0
        for title in sorted(range(len(sequences)), key=sequences.__getitem__):
            # all but the last node of a title's own branch are inner
            own = len(sequences[title]) - 1
            shared = common_beginning(sequences[groups[-1][-1]], sequences[title]) if groups else 0
            if not groups or size + own - shared > limit:
                groups.append([])
                size = shared = 0
            groups[-1].append(title)
            size += own - shared
        return [(np.array(group), Trie.build([sequences[title] for title in group])) for group in groups]


def _check(sequences: Sequence[tuple[int, ...]]) -> None:
    if not sequences:
        raise UserError("A trie needs at least one title; none came. Check the taxonomy.")
    ordered = sorted((sequence, number) for number, sequence in enumerate(sequences))
    if not ordered[0][0]:
        raise UserError(f"Title {ordered[0][1]} has no tokens; every title must have some. Check the taxonomy.")
    # in sorted order a beginning stands directly before a sequence that goes on with it
    for (first, one), (second, other) in pairwise(ordered):
        if second[: len(first)] == first:
            what = "are the same tokens" if first == second else "overlap: the first is the beginning of the second"
            raise UserError(
                f"Titles {one} and {other} (counted from 0) {what} ({list(first)}), so they can't be told apart. "
                "Make the titles differ, or close each with an id that no title holds."
            )
