"""Which tokens of a row see which, in the forms that ways of computing attention want."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask


class Branch(NamedTuple):
    """The tokens `start` to `stop` (not included) of a row, and the stretches of the row that are their history."""

    start: int
    stop: int
    before: tuple[tuple[int, int], ...]

    def moved(self, by: int) -> "Branch":
        """The same branch in a row in which it stands `by` tokens later."""
        return Branch(self.start + by, self.stop + by, tuple((start + by, stop + by) for start, stop in self.before))


@dataclass(frozen=True)
class Layout:
    """How the tokens of a row see each other. The branches follow one another and cover the row."""

    branches: tuple[Branch, ...]

    def sees(self) -> Bool[Tensor, "t t"]:
        """Row i marks the tokens that token i sees: the definition, which every way of computing must follow."""
        size = self.branches[-1].stop
        sees_tt = torch.zeros(size, size, dtype=torch.bool)
        for start, stop, before in self.branches:
            for first, end in before:
                sees_tt[start:stop, first:end] = True
            sees_tt[start:stop, start:stop] = torch.ones(stop - start, stop - start, dtype=torch.bool).tril()
        return sees_tt

    @cached_property
    def numbers(self) -> tuple[Int[Tensor, " t"], Int[Tensor, " t"]]:
        """Each token's number when the trees are walked depth first, and the number after its last descendant.

        Token i sees token j if and only if number[j] <= number[i] < after[j].
        """
        sees_from: dict[int, list[int]] = {}  # last token of a branch's history -> branches that begin there
        for place, branch in enumerate(self.branches):
            sees_from.setdefault(branch.before[-1][1] - 1 if branch.before else -1, []).append(place)
        number = torch.zeros(self.branches[-1].stop, dtype=torch.long)
        after = torch.zeros_like(number)
        count = 0
        # a stack, not recursion: a branch is entered, its tokens are numbered with all that hangs on them, it is left
        stack: list[tuple[int, int]] = [(place, self.branches[place].start) for place in reversed(sees_from[-1])]
        while stack:
            place, token = stack.pop()
            start, stop, _ = self.branches[place]
            if token == stop:
                after[start:stop] = count
                continue
            number[token] = count
            count += 1
            stack.append((place, token + 1))
            stack += [(child, self.branches[child].start) for child in reversed(sees_from.get(token, []))]
        return number, after

    def block_mask(self, device: torch.device) -> BlockMask:
        """The same for FlexAttention; made once for all layers."""
        if device not in self._block_masks:
            number_t, after_t = (numbers.to(device) for numbers in self.numbers)

            def sees(_batch: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
                return (number_t[key] <= number_t[query]) & (number_t[query] < after_t[key])

            size = len(number_t)
            self._block_masks[device] = create_block_mask(sees, None, None, size, size, device=str(device))
        return self._block_masks[device]

    def sequences(self, device: torch.device) -> "Sequences":
        """The same as sequences of queries and of keys, for kernels of uneven lengths; made once for all layers."""
        if device not in self._sequences:
            seen = [[*before, (start, stop)] for start, stop, before in self.branches]
            length = [stop - start for start, stop, _ in self.branches]
            history = [sum(end - first for first, end in stretches) for stretches in seen]
            place_s = torch.cat([torch.arange(first, end) for stretches in seen for first, end in stretches])
            begins_q, begins_s = (torch.tensor([0, *sizes]).cumsum(0).int().to(device) for sizes in (length, history))
            self._sequences[device] = Sequences(place_s.to(device), begins_q, begins_s, max(length), max(history))
        return self._sequences[device]

    @cached_property
    def _sequences(self) -> dict[torch.device, "Sequences"]:
        return {}

    @cached_property
    def _block_masks(self) -> dict[torch.device, BlockMask]:
        return {}


class Sequences(NamedTuple):
    """Branches, each with a copy of the keys that it sees. n: branches, s: keys, copies counted.

    place_s: where in the row a key stands.
    begins_q, begins_s: where each branch's queries and keys begin, and where the last ones end.
    most_q, most_s: queries and keys of the longest.
    """

    place_s: Int[Tensor, " s"]
    begins_q: Int[Tensor, " n_and_1"]
    begins_s: Int[Tensor, " n_and_1"]
    most_q: int
    most_s: int
