"""The occupation several jobs ahead, by rolling a recommender of the next one forward.

The next job is imagined, the career is told with it, the recommender is asked again, and so on; the answer is the mean
of what it says last over what was imagined, weighted by probability. An imagined job has an occupation and a start, the
usual time after the present one's, and no facts: nothing is known of it, nor of schooling after the history's end.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import median_low

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Answer, Recommendation, Recommender

log = logging.getLogger(__name__)

TOGETHER = 8
"""People whose careers are rolled forward at once, so that a language model has batches to read."""


@dataclass(frozen=True, slots=True)
class _Path:
    """A career with imagined jobs, and the log probability of those."""

    career: Career
    log_prob: float


class Rolled:
    """Ranks the occupations `ahead` jobs on.

    Exact where a recommender looks at the present occupation alone (its `memory` is 1): powers of its matrix of
    transitions. Else a beam: of all careers that could be imagined the `paths` most probable ones are followed, and
    share the probability of the others in proportion.

    Args:
        recommender: of the next occupation; what ranks.
        taxonomy: in the order of its rankings.
        train: says how long jobs usually last.
        ahead: 1 is the recommender itself, to the last digit.
        paths: at least 2, so that no occupation is impossible.
        last_only: whether histories show the present job alone (`view.jobs=last`).
    """

    def __init__(
        self,
        recommender: Recommender,
        taxonomy: Taxonomy,
        train: Sequence[Transition],
        ahead: int,
        paths: int,
        last_only: bool = False,
    ) -> None:
        self.name = recommender.name
        self._inner = recommender
        self._taxonomy = taxonomy
        self._years = usual_years(train)
        self._ahead = ahead
        self._paths = paths
        self._last_only = last_only
        self._followed: list[float] = []

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Fit the recommender of the next occupation."""
        self._inner.fit(train, valid, folder)

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation | Answer]:
        """One ranking a history, with the reason of the first step.

        Raises:
            UserError: the recommender names one title and ranks none.
        """
        if self._ahead == 1:
            yield from self._inner.recommend(histories)
        elif getattr(self._inner, "memory", None) == 1:
            yield from map(self._exact, histories)
        else:
            for start in range(0, len(histories), TOGETHER):
                yield from self._beam(histories[start : start + TOGETHER])
            if self._followed:
                share = 100 * float(np.mean(self._followed))
                log.warning("Rolled forward: the paths that were followed hold %.0f%% of the probability.", share)

    def _exact(self, history: Career) -> Recommendation:
        here = self._taxonomy.index(history.jobs[-1].occupation)
        probs_o = np.eye(len(self._taxonomy))[here]
        for _ in range(self._ahead):
            probs_o = probs_o @ (self._matrix_stays if history.stays else self._matrix_moves)
        with np.errstate(divide="ignore"):
            return Recommendation(np.log(probs_o / probs_o.sum()))

    @cached_property
    def _matrix_moves(self) -> Float[np.ndarray, "occupations occupations"]:
        return self._matrix(stays=False)

    @cached_property
    def _matrix_stays(self) -> Float[np.ndarray, "occupations occupations"]:
        return self._matrix(stays=True)

    def _matrix(self, stays: bool) -> Float[np.ndarray, "occupations occupations"]:
        """Row by row, what comes after each occupation."""
        alone = [Career(Person(""), (), (Job(code, Date(0)),), stays=stays) for code in self._taxonomy.codes]
        return np.stack([np.exp(told.log_probs) for told in self._ask(alone)])

    def _beam(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        beams = [[_Path(history, 0.0)] for history in histories]
        reasons: list[str | None] = []
        for step in range(self._ahead - 1):
            told = self._ask_all(beams)
            if step == 0:
                reasons = [several[0].reason for several in told]
            beams = [self._followers(beam, several) for beam, several in zip(beams, told, strict=True)]
        for beam, several, reason in zip(beams, self._ask_all(beams), reasons, strict=True):
            weights_p = np.array([path.log_prob for path in beam])
            whole = np.logaddexp.reduce(weights_p)
            self._followed.append(float(np.exp(whole)))
            log_probs_po = np.stack([one.log_probs for one in several])
            yield Recommendation(np.logaddexp.reduce(log_probs_po + (weights_p - whole)[:, None], axis=0), reason)

    def _followers(self, beam: Sequence[_Path], told: Sequence[Recommendation]) -> list[_Path]:
        """The most probable careers with one more imagined job; equal ones in the order of beam and taxonomy."""
        log_probs_po = np.stack([one.log_probs + path.log_prob for path, one in zip(beam, told, strict=True)])
        order = np.argsort(-log_probs_po, axis=None, kind="stable")
        order = order[np.isfinite(log_probs_po.ravel()[order])]
        chosen = list(order[: self._paths])
        n = len(self._taxonomy)
        if len({place % n for place in chosen}) == 1:
            # all would end in one occupation, to which nobody could then go
            chosen[-1:] = [next(place for place in order if place % n != chosen[0] % n)]
        return [
            _Path(self._imagined(beam[place // n].career, self._taxonomy.codes[place % n]), log_probs_po.flat[place])
            for place in chosen
        ]

    def _imagined(self, career: Career, occupation: str) -> Career:
        present = career.jobs[-1]
        start = Date(present.start.year + self._years, present.start.month)
        new = Job(occupation, start)
        if self._last_only:
            return replace(career, jobs=(new,), hidden=career.past_jobs + 1)
        return replace(career, jobs=(*career.jobs[:-1], replace(present, end=start), new))

    def _ask_all(self, beams: Sequence[Sequence[_Path]]) -> list[list[Recommendation]]:
        told = iter(self._ask([path.career for beam in beams for path in beam]))
        return [[next(told) for _ in beam] for beam in beams]

    def _ask(self, careers: Sequence[Career]) -> list[Recommendation]:
        told = list(self._inner.recommend(careers))
        if any(isinstance(one, Answer) for one in told):
            raise UserError("evaluation.horizon: this recommender names one title and ranks none; take it out.")
        return [one for one in told if isinstance(one, Recommendation)]


def usual_years(train: Sequence[Transition]) -> int:
    """Years from the start of a job to that of the next: the median of the training transitions, at least 1."""
    return max(1, median_low([t.when.year - t.history.jobs[-1].start.year for t in train] or [1]))
