"""Values of the data: who did what, when. All frozen; nothing here knows a file format.

A *career* is one person's dated education and jobs. A *transition* pairs the career up to the
start of one job with the occupation that came next.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

Pay = Literal["up", "level", "down"]


class Date(NamedTuple):
    """A year, and a month where it is known (0: unknown, and sorted before the year's months)."""

    year: int
    month: int = 0

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}" if self.month else str(self.year)

    def surely_before(self, other: "Date") -> bool:
        """Whether it is earlier whatever the months are that are not known."""
        return self < other if self.month and other.month else self.year < other.year


@dataclass(frozen=True, slots=True)
class Person:
    """Who the career belongs to. `slices` (such as race) serve evaluation and are never shown to a model."""

    id: str
    birth_year: int | None = None
    slices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Education:
    """Something learned, dated by when it was reached."""

    date: Date
    title: str
    school_years: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a job on the day it begins. `None`: not recorded.

    tenure_years: time with the same employer so far; hours: usual a week; region: where;
    pay: against the last pay on record before this job; sector: the employer's industry; full_time: where hours are not
    counted; wage: an hour's, in the data's money.
    """

    tenure_years: float | None = None
    hours: int | None = None
    region: str | None = None
    pay: Pay | None = None
    sector: str | None = None
    full_time: bool | None = None
    wage: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One spell in one occupation (a code of the taxonomy). `end`: last date on record in it.

    may_be_target: whether the data are sure enough of the occupation to ask for it; in a history it may always stand.
    quality: how surely the data give the occupation, in their own word; for slices alone, shown to nobody.
    """

    occupation: str
    start: Date
    end: Date | None = None
    facts: Facts = Facts()
    may_be_target: bool = True
    quality: str = ""


@dataclass(frozen=True, slots=True)
class Career:
    """A person's education and jobs, each in order of time. Equal neighbouring jobs are merged.

    hidden: how many older jobs a view has left out of `jobs`; it names the history in files and is shown to nobody.
    stays: jobs are dated observations (say, one a year) and equal neighbours are *not* merged: to stay is an answer.
    """

    person: Person
    education: tuple[Education, ...]
    jobs: tuple[Job, ...]
    hidden: int = 0
    stays: bool = False

    @property
    def past_jobs(self) -> int:
        """How many jobs came before the present one, shown or hidden."""
        return self.hidden + len(self.jobs) - 1

    def until(self, t: int) -> "Career":
        """The career as known on the day job `t` began: jobs 0..t, the present one without its end."""
        present = replace(self.jobs[t], end=None)
        return Career(
            person=self.person,
            education=tuple(e for e in self.education if e.date <= present.start),
            jobs=(*self.jobs[:t], present),
            stays=self.stays,
        )

    def transitions(self, ahead: int = 1) -> Iterator["Transition"]:
        """Every step from one job to the next that may be a target, oldest first; or to the job `ahead` later."""
        for t in range(len(self.jobs) - ahead):
            nxt = self.jobs[t + ahead]
            if not nxt.may_be_target:
                continue
            yield Transition(self.until(t), nxt.occupation, nxt.start, ahead, nxt.quality)


@dataclass(frozen=True, slots=True)
class Transition:
    """A history and the occupation that came next (`target`, a code) at `when`, or `ahead` jobs later.

    `when` serves splits by time, `quality` (of the job that came) slices; neither they nor `target` are ever shown to a
    recommender at test time.
    """

    history: Career
    target: str
    when: Date
    ahead: int = 1
    quality: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """Names the transition in files: the person's id and the number of past jobs before the present one."""
        return (self.history.person.id, self.history.past_jobs)
