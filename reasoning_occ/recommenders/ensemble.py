"""Baseline: the mean probability of finished jobs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.popularity import among_allowed
from reasoning_occ.recommenders.rankings import Rankings, read


class Ensemble:
    """Gives each occupation the mean of the probabilities that some finished jobs gave it for the same test person.

    Nothing is learnt. A transition is answered only where every member was tested on it, so nobody whom a member
    learnt from is.

    Args:
        taxonomy: the label space, which is every member's too.
        jobs: folders of at least two finished jobs.

    Raises:
        UserError: fewer than two folders, or one twice.
    """

    def __init__(self, taxonomy: Taxonomy, jobs: Sequence[str]) -> None:
        if isinstance(jobs, str) or len({Path(job).resolve() for job in jobs}) != len(jobs) or len(jobs) < 2:
            raise UserError(f"baseline.jobs: expected the folders of two or more finished jobs, each once; got {jobs}.")
        self._taxonomy = taxonomy
        self.name = "ensemble"
        """Once its members are read, what they are."""
        self._folders = [Path(job) for job in jobs]
        self._members: list[Rankings] = []

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Read the members.

        Raises:
            UserError: a folder holds no rankings, or those of another label space.
        """
        self._members = [read(folder) for folder in self._folders]
        self.name = f"mean of {' + '.join(sorted(member.recommender for member in self._members))}"
        for where, member in zip(self._folders, self._members, strict=True):
            if member.codes != self._taxonomy.codes:
                raise UserError(
                    f"{where} ranks {len(member.codes)} occupations, which are not the {len(self._taxonomy)} of this "
                    f"job's {self._taxonomy.name} taxonomy in the same order. Name jobs on the same data."
                )

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Mean probabilities for each history.

        Raises:
            UserError: a member was not tested on one of them.
        """
        if not self._members:
            raise RuntimeError("fit() comes before recommend()")
        keys = [(history.person.id, history.past_jobs) for history in histories]
        for where, member in zip(self._folders, self._members, strict=True):
            unknown = [key for key in keys if key not in member.rows]
            if unknown:
                raise UserError(
                    f"{where} was not tested on {len(unknown)} of this job's {len(keys)} transitions, such as person "
                    f"{unknown[0][0]}'s after {unknown[0][1]} past jobs. Name jobs with the same data, split and "
                    "evaluation.targets."
                )
        for key, history in zip(keys, histories, strict=True):
            mean_o = np.mean([np.exp(member.rows[key]) for member in self._members], axis=0)
            yield among_allowed(mean_o, history, self._taxonomy)
