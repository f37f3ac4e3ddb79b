"""What a person is told: typed values, and the same as plain ones for JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from reasoning_occ.occupations.snap import Way

Verdict = Literal["holds", "imprecise", "wrong", "outlook", "unread"]
"""Of a sentence: all it claims stands in the history; it does but for a year that is one off; something does not; it
claims nothing of the past and points ahead; nothing in it could be read."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be shown of a ranking. Probabilities and ranks are always those of the whole ranking.

    k: how many titles. given: titles whose place is told wherever they stand. exclude: titles left out of the list.
    min_job_zone: O*NET's least preparation, 1 to 5; what needs less, or has no zone on record, is left out.
    merge_related: whether a title is put under the first one above it that it is related to.
    """

    k: int = 10
    given: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_job_zone: int | None = None
    merge_related: bool = False


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """A job title as written, by which way it became an occupation, and that one's title and code (`None`: none)."""

    given: str
    how: Way
    title: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the history as it was understood, numbered from 1. guesses: titles as written that were taken for this
    line's by likeness or by their words alone."""

    number: int
    text: str
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of a reason, held against the history. evidence: numbers of the lines it speaks of; errors: what is
    wrong or imprecise in it."""

    text: str
    verdict: Verdict
    evidence: tuple[int, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A title, its place in the whole ranking (1: first) and its probability; both `None` where no ranking was given.

    A present occupation that can't be next has the probability 0 and no rank. related: what was put under it.
    by_reason: its probability after each of the reasons drawn, over which `probability` is the mean (before a
    temperature); `None` where no more than one reason was read.
    """

    title: str
    code: str
    rank: int | None
    probability: float | None
    related: tuple["Ranked", ...] = ()
    by_reason: tuple[float, ...] | None = None

    @property
    def together(self) -> float | None:
        """Its probability and that of all that was put under it."""
        if self.probability is None:
            return None
        return self.probability + sum(one.probability or 0.0 for one in self.related)

    @property
    def lowest(self) -> float | None:
        """Its least probability after any of the reasons drawn."""
        return None if self.by_reason is None else min(self.by_reason)

    @property
    def highest(self) -> float | None:
        """Its greatest."""
        return None if self.by_reason is None else max(self.by_reason)


@dataclass(frozen=True, slots=True)
class Recommended:
    """What a run says of one person.

    history: as it was understood. titles: how each job title was matched, oldest job first. left_out: what else was
    mended or left out, counted. reason: what was written before titles were ranked, `None` where nothing was. claims:
    its sentences. ranked: the titles chosen, most probable first. given: those asked for. notes: on the run.
    warnings: on what in this person's history or reason makes the answer another than was asked for.
    """

    person: str
    history: tuple[Line, ...]
    titles: tuple[TitleMatch, ...]
    left_out: Mapping[str, int]
    reason: str | None
    claims: tuple[Claim, ...]
    ranked: tuple[Ranked, ...]
    given: tuple[Ranked, ...] = ()
    notes: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = ()

    def to_row(self) -> dict[str, Any]:
        """Plain values, for JSON; a title has `by_reason` only where several reasons were drawn."""
        row = asdict(self)
        for title in (*row["ranked"], *row["given"]):
            for one in (title, *title["related"]):
                if one["by_reason"] is None:
                    del one["by_reason"]
        return row
