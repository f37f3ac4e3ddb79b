"""What of a job a sequence model reads beside its occupation: numbers and categories known on the day the job begins.

Only jobs and education are read; of the person the birth year alone. A feature of a job is the same in every history
that holds the job, so a person's histories are one sequence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log, log1p
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from reasoning_occ.careers.types import Career, Date, Education, Job
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.kept import digest

VERSION = 1
"""Of what numbers and categories mean; what was learnt with another is not read."""

_Number = Callable[[Career, int], float | None]
_Category = Callable[[Career, int], str | None]


class Features:
    """Scales and vocabularies, learnt from training histories alone.

    Args:
        side: groups of features to read, of `GROUPS`; each at most once.

    Raises:
        UserError: an unknown group, or one named twice.
    """

    def __init__(self, side: Sequence[str]) -> None:
        unknown = [name for name in side if name not in GROUPS]
        if unknown or len(set(side)) != len(side):
            raise UserError(f"baseline.side={list(side)}: expected some of {', '.join(GROUPS)}, each at most once.")
        self._numbers = [NUMBERS[name] for group in side for name in GROUPS[group] if name in NUMBERS]
        self._categories = [CATEGORIES[name] for group in side for name in GROUPS[group] if name in CATEGORIES]
        self._means: list[tuple[float, float]] = []
        self._vocabularies: list[dict[str, int]] = []

    def fit(self, histories: Iterable[Career]) -> None:
        """Learn means, spreads and names from each job of each history."""
        jobs = [(history, t) for history in histories for t in range(len(history.jobs))]
        self._means = [_moments([read(*job) for job in jobs]) for read in self._numbers]
        self._vocabularies = [_vocabulary([read(*job) for job in jobs]) for read in self._categories]

    def learnt(self) -> dict[str, Any]:
        """What `fit` found, as plain values that `take_up` takes; of names their digests alone, for some are a person's
        own words."""
        return {"means": self._means, "vocabularies": [list(known) for known in self._vocabularies]}

    def take_up(self, learnt: Mapping[str, Any]) -> None:
        """Be as after the `fit` that `learnt` was found by.

        Raises:
            ValueError: it is of other groups of features.
        """
        means = [(float(mean), float(spread)) for mean, spread in learnt["means"]]
        vocabularies = [{str(name): place for place, name in enumerate(v, start=1)} for v in learnt["vocabularies"]]
        if (len(means), len(vocabularies)) != (len(self._numbers), len(self._categories)):
            raise ValueError("other features were read")
        self._means, self._vocabularies = means, vocabularies

    @property
    def numbers(self) -> int:
        """Columns of `numeric`: a value and whether it is known, a number."""
        return 2 * len(self._numbers)

    @property
    def sizes(self) -> list[int]:
        """How many values each column of `categorical` can take; 0 stands for unknown."""
        return [len(vocabulary) + 1 for vocabulary in self._vocabularies]

    def numeric(self, history: Career) -> Float[np.ndarray, "jobs numbers"]:
        """Standardised numbers of each job, each with a 1 where it is known; 0 and 0 where it isn't."""
        rows = np.zeros((len(history.jobs), self.numbers), dtype=np.float32)
        for column, (read, (mean, spread)) in enumerate(zip(self._numbers, self._means, strict=True)):
            for t in range(len(history.jobs)):
                if (value := read(history, t)) is not None:
                    rows[t, 2 * column : 2 * column + 2] = ((value - mean) / spread, 1.0)
        return rows

    def categorical(self, history: Career) -> Int[np.ndarray, "jobs categories"]:
        """Places in each vocabulary; 0 where unknown or never seen in training."""
        return np.array(
            [
                [known.get(_digest(read(history, t)), 0) for read, known in self._columns()]
                for t in range(len(history.jobs))
            ],
            dtype=np.int64,
        ).reshape(len(history.jobs), len(self._categories))

    def _columns(self) -> Iterable[tuple[_Category, dict[str, int]]]:
        return zip(self._categories, self._vocabularies, strict=True)


def _moments(values: Sequence[float | None]) -> tuple[float, float]:
    known = np.array([value for value in values if value is not None])
    return (float(known.mean()), float(known.std()) or 1.0) if len(known) else (0.0, 1.0)


def _vocabulary(values: Sequence[str | None]) -> dict[str, int]:
    return {_digest(value): place for place, value in enumerate(sorted({v for v in values if v}), start=1)}


def _digest(name: str | None) -> str:
    """Stands for a name; "" for none."""
    return digest(name) if name else ""


def _years(date: Date) -> float:
    return date.year + (max(date.month, 1) - 1) / 12


def _since_start(history: Career, t: int) -> float:
    return log1p(max(0.0, _years(history.jobs[t].start) - _years(history.jobs[0].start)))


def _age(history: Career, t: int) -> float | None:
    born = history.person.birth_year
    return None if born is None else history.jobs[t].start.year - born


def _job_before(history: Career, t: int) -> float | None:
    """Years from the start of the job before to that of this one: known, while this one's length is not yet."""
    return None if t == 0 else log1p(max(0.0, _years(history.jobs[t].start) - _years(history.jobs[t - 1].start)))


def _reached(history: Career, t: int) -> list[Education]:
    return [e for e in history.education if e.date <= history.jobs[t].start]


def _school_years(history: Career, t: int) -> float | None:
    return max((e.school_years for e in _reached(history, t) if e.school_years is not None), default=None)


def _last_title(history: Career, t: int) -> str | None:
    reached = _reached(history, t)
    return reached[-1].title if reached else None


def _full_time(job: Job) -> float | None:
    return None if job.facts.full_time is None else float(job.facts.full_time)


def _wage(job: Job) -> float | None:
    return log(job.facts.wage) if job.facts.wage is not None and job.facts.wage > 0 else None


NUMBERS: dict[str, _Number] = {
    "since_start": _since_start,
    "year": lambda history, t: history.jobs[t].start.year,
    "age": _age,
    "job_before": _job_before,
    "tenure": lambda history, t: history.jobs[t].facts.tenure_years,
    "school_years": _school_years,
    "hours": lambda history, t: history.jobs[t].facts.hours,
    "full_time": lambda history, t: _full_time(history.jobs[t]),
    "wage": lambda history, t: _wage(history.jobs[t]),
}
CATEGORIES: dict[str, _Category] = {
    "title": _last_title,
    "pay": lambda history, t: history.jobs[t].facts.pay,
    "sector": lambda history, t: history.jobs[t].facts.sector,
    "region": lambda history, t: history.jobs[t].facts.region,
}
GROUPS = {
    "time": ("since_start", "year", "age"),
    "length": ("job_before", "tenure"),
    "education": ("school_years", "title"),
    "hours": ("hours", "full_time"),
    "wage": ("wage", "pay"),
    "sector": ("sector",),
    "region": ("region",),
}
