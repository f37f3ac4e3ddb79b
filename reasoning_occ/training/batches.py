"""Which examples are trained on at which optimiser step: a plan made once, and a loader that can stop and go on."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int, Int8
from torch import Tensor

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example, Segment

# What stands at padded places. Any id would do: causal attention hides what is right of a token, and padding
# carries no loss.
PAD = 0

Step = tuple[tuple[int, ...], ...]
"""One optimiser step: micro-batches of example numbers."""


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """Examples that go through the model together, padded on the right."""

    ids_bs: Int[Tensor, "batch sequence"]
    mask_bs: Bool[Tensor, "batch sequence"]
    segments_bs: Int8[Tensor, "batch sequence"]

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "MicroBatch":
        """The same on another device (the name and arguments by which Lightning moves a batch)."""
        tensors = (self.ids_bs, self.mask_bs, self.segments_bs)
        return MicroBatch(*(tensor.to(device, non_blocking=non_blocking) for tensor in tensors))

    @property
    def tokens(self) -> int:
        """How many tokens are not padding."""
        return int(self.mask_bs.sum())


def collate(examples: Sequence[Example]) -> MicroBatch:
    """Pad examples on the right to the longest of them."""
    longest = max(len(example) for example in examples)
    ids_bs = torch.full((len(examples), longest), PAD, dtype=torch.long)
    mask_bs = torch.zeros((len(examples), longest), dtype=torch.bool)
    segments_bs = torch.full((len(examples), longest), int(Segment.PROMPT), dtype=torch.int8)
    for row, example in enumerate(examples):
        ids_bs[row, : len(example)] = torch.as_tensor(np.asarray(example.ids, dtype=np.int64))
        mask_bs[row, : len(example)] = True
        segments_bs[row, : len(example)] = torch.as_tensor(np.asarray(example.segments, dtype=np.int8))
    return MicroBatch(ids_bs, mask_bs, segments_bs)


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
        if not np.any(example.segments != Segment.PROMPT):
            raise UserError(
                f"Example {example.key}: all its {len(example)} tokens are prompt, so nothing of it would be learnt. "
                "Give it a reason or an answer, or leave it out."
            )
        if example.segments[0] != Segment.PROMPT:
            raise UserError(f"Example {example.key}: its first token is not prompt, so nothing could predict it.")


def plan(
    lengths: Sequence[int],
    *,
    seed: int,
    epochs: int,
    max_steps: int | None,
    batch: int,
    micro_tokens: int,
    window: int,
) -> list[Step]:
    """The optimiser steps of a whole training, from the first epoch to the last.

    Each epoch shuffles anew, sorts by length within windows (so that a step's examples are of like length and
    padding is small), cuts the row into steps of nearly equal size and shuffles these.

    Args:
        lengths: tokens of each example.
        seed: with the epoch's number, fixes the shuffles.
        epochs: how often every example is seen, if `max_steps` does not stop it earlier.
        max_steps: at most so many optimiser steps; None for no such limit.
        batch: examples an optimiser step (at most; the last step is not smaller than the others by more than one).
        micro_tokens: padded tokens that go through the model at once. An example longer than this goes alone.
        window: examples that are sorted by length together. As large as the data: the least padding, but then every
            step has one length only.

    Returns:
        Steps; every example is in exactly one micro-batch an epoch.
    """
    steps: list[Step] = []
    for epoch in range(epochs):
        generator = np.random.default_rng([seed, epoch])
        order = _sorted_in_windows(generator.permutation(len(lengths)), lengths, window)
        groups = np.array_split(order, -(-len(lengths) // batch)) if len(lengths) else []
        epoch_steps = [_micro_batches(group.tolist(), lengths, micro_tokens) for group in groups]
        steps += [epoch_steps[number] for number in generator.permutation(len(epoch_steps))]
    return steps[:max_steps]


def in_order(lengths: Sequence[int], micro_tokens: int) -> Step:
    """All examples once, cut into micro-batches: for evaluation."""
    return _micro_batches(list(range(len(lengths))), lengths, micro_tokens)


def _sorted_in_windows(order: np.ndarray, lengths: Sequence[int], window: int) -> np.ndarray:
    size = np.asarray(lengths)
    parts = [order[start : start + window] for start in range(0, len(order), window)]
    return np.concatenate([part[np.argsort(size[part], kind="stable")] for part in parts]) if parts else order


def _micro_batches(numbers: Sequence[int], lengths: Sequence[int], micro_tokens: int) -> Step:
    # longest first: the first micro-batch of a step then needs the most memory, not the last
    micro: list[list[int]] = []
    for number in sorted(numbers, key=lambda n: (-lengths[n], n)):
        if micro and lengths[micro[-1][0]] * (len(micro[-1]) + 1) <= micro_tokens:
            micro[-1].append(number)
        else:
            micro.append([number])
    return tuple(tuple(group) for group in micro)


class StepLoader:
    """Goes through a plan, one optimiser step (a list of micro-batches) at a time, from where it was left.

    It has a length, so Lightning fetches nothing ahead: after a step its position is the number of steps taken,
    which is what a checkpoint made between two steps must hold.

    Args:
        examples: what the plan's numbers stand for.
        steps: the plan.
        identity: what else a resumed training must have in common with the one that was cut off.
    """

    def __init__(self, examples: Sequence[Example], steps: Sequence[Step], identity: str) -> None:
        self.position = 0
        self._examples = examples
        self._steps = steps
        self._identity = _digest(examples, steps, identity)

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[list[MicroBatch]]:
        while self.position < len(self._steps):
            step = self._steps[self.position]
            self.position += 1
            yield [collate([self._examples[number] for number in micro]) for micro in step]

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


def _digest(examples: Sequence[Example], steps: Sequence[Step], identity: str) -> str:
    digest = hashlib.sha256(identity.encode())
    for example in examples:
        digest.update(np.asarray(example.ids, dtype=np.int64).tobytes())
        digest.update(np.asarray(example.segments, dtype=np.int8).tobytes())
    digest.update(repr(steps).encode())
    return digest.hexdigest()
