"""A person's transitions as one sequence, and sequences as padded tensors."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.sequence.features import Features

NOTHING = -1


class Steps(NamedTuple):
    """One sequence: occupations and features of each job, and the occupation that came next (`NOTHING`: not asked)."""

    occupation: Int[np.ndarray, " jobs"]
    numeric: Float[np.ndarray, "jobs numbers"]
    categorical: Int[np.ndarray, "jobs categories"]
    target: Int[np.ndarray, " jobs"]
    stays: bool


class Batch(NamedTuple):
    """Sequences with padding at their ends (b: sequences, s: jobs).

    real_bs: what is no padding. target_bs: `NOTHING` where nothing is asked. stays_b: whether staying is an answer.
    """

    occupation_bs: Int[Tensor, "b s"]
    numeric_bsn: Float[Tensor, "b s n"]
    categorical_bsc: Int[Tensor, "b s c"]
    target_bs: Int[Tensor, "b s"]
    real_bs: Bool[Tensor, "b s"]
    stays_b: Bool[Tensor, " b"]


def regroup(transitions: Sequence[Transition]) -> list[tuple[Career, dict[int, str]]]:
    """The longest history of each person, with the target of each of its jobs that has one.

    Histories of a person that hide different numbers of older jobs are no prefixes of each other, so they stay apart.
    """
    longest: dict[tuple[str, int], Career] = {}
    targets: dict[tuple[str, int], dict[int, str]] = {}
    for transition in transitions:
        history = transition.history
        key = (history.person.id, history.hidden)
        if key not in longest or len(history.jobs) > len(longest[key].jobs):
            longest[key] = history
        targets.setdefault(key, {})[len(history.jobs) - 1] = transition.target
    return [(longest[key], targets[key]) for key in longest]


def steps(history: Career, targets: dict[int, str], features: Features, taxonomy: Taxonomy) -> Steps:
    """A history in numbers. `targets`: the code that came after a job, by the job's place."""
    target = np.full(len(history.jobs), NOTHING, dtype=np.int64)
    for t, code in targets.items():
        target[t] = taxonomy.index(code)
    return Steps(
        occupation=np.array([taxonomy.index(job.occupation) for job in history.jobs], dtype=np.int64),
        numeric=features.numeric(history),
        categorical=features.categorical(history),
        target=target,
        stays=history.stays,
    )


def collate(sequences: Sequence[Steps], length: int | None = None) -> Batch:
    """Pad to the longest sequence, or to `length` jobs if that is more."""
    n, s = len(sequences), max(length or 0, *(len(one.occupation) for one in sequences))

    def padded(name: str, fill: int, dtype: torch.dtype) -> Tensor:
        rows = [getattr(one, name) for one in sequences]
        out = np.full((n, s, *rows[0].shape[1:]), fill, dtype=rows[0].dtype)
        for place, row in enumerate(rows):
            out[place, : len(row)] = row
        return torch.from_numpy(out).to(dtype)

    sizes = torch.tensor([len(one.occupation) for one in sequences])
    return Batch(
        occupation_bs=padded("occupation", 0, torch.long),
        numeric_bsn=padded("numeric", 0, torch.float32),
        categorical_bsc=padded("categorical", 0, torch.long),
        target_bs=padded("target", NOTHING, torch.long),
        real_bs=torch.arange(s)[None, :] < sizes[:, None],
        stays_b=torch.tensor([one.stays for one in sequences]),
    )
