"""What every reader of a data set offers, and what they share."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from reasoning_occ.careers.types import Career, Job
from reasoning_occ.occupations.taxonomy import Taxonomy

Part = Literal["train", "valid", "test"]

TOO_SHORT = "people with fewer than two jobs (no transition)"
MERGED = "jobs merged with the same occupation before them"
CAPPED = "ends taken back to the next job's start"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Careers with at least one transition, the taxonomy of their codes, and how much was left out, by what.

    parts: who learns, chooses and is tested by the publisher's own split, by person; `None` where there is none.
    """

    careers: tuple[Career, ...]
    taxonomy: Taxonomy
    skipped: Mapping[str, int]
    parts: Mapping[str, Part] | None = None


class Source(Protocol):
    """Reads one data set."""

    def load(self) -> Loaded:
        """Read everything.

        Raises:
            UserError: the data are missing, unreadable, malformed or hold no transition.
        """
        ...

    def checksum(self) -> str:
        """A digest of the data's content, without reading the data in."""
        ...


def labels_checksum(data: str, taxonomy: Taxonomy) -> str:
    """A digest of data, itself given by a digest, and of the taxonomy they are read with."""
    labels = [[o.code, o.title, o.aliases, taxonomy.related(o.code)] for o in taxonomy]
    return hashlib.sha256(json.dumps([data, labels]).encode()).hexdigest()


def merge(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Merge neighbours in the same occupation and let each job end when the next begins, at the latest.

    A merged job keeps the first one's start and facts and ends with the last. A later end would tell, on the day the
    next job begins, something of the future.

    Args:
        jobs: in order of `start`.
    """
    merged: list[Job] = []
    for job in jobs:
        if merged and merged[-1].occupation == job.occupation:
            merged[-1] = replace(merged[-1], end=_later(merged[-1], job))
        else:
            merged.append(job)
    return capped(merged)


def capped(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Jobs in order of `start`, each with its end at the start of the next one at the latest."""
    out = list(jobs)
    for i, following in enumerate(out[1:]):
        end = out[i].end
        if end is not None and end > following.start:
            out[i] = replace(out[i], end=following.start)
    return tuple(out)


def merge_counted(jobs: Sequence[Job], skipped: Counter[str]) -> tuple[Job, ...]:
    """As `merge`, and count how many jobs were merged and how many ends were taken back."""
    merged = merge(jobs)
    skipped[MERGED] += len(jobs) - len(merged)
    skipped[CAPPED] += sum(_outlasts(job, jobs[n + 1 :]) for n, job in enumerate(jobs))
    return merged


def _outlasts(job: Job, later: Sequence[Job]) -> bool:
    """Whether a job ends after the next one in another occupation starts."""
    following = next((other for other in later if other.occupation != job.occupation), None)
    return following is not None and job.end is not None and job.end > following.start


def _later(first: Job, second: Job):
    """The end of two merged jobs: unknown where either is still open."""
    return None if first.end is None or second.end is None else max(first.end, second.end)
