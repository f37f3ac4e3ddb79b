"""What is known of a scored transition beside its prediction, so that groups of transitions can be looked at apart.

It is taken from whole histories, before any view leaves something out, and no recommender sees more by it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reasoning_occ.careers.types import Career, Transition

_SCHOOL = ((0, "under 12 years"), (12, "12 years"), (13, "13-15 years"), (16, "16 years and more"))
"""First number of school years of each bin, and the bin's label."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Of one transition.

    present: code of the present occupation. before: codes of those held before the present job. education: what was
    reached by the day the present job began; "" where nothing is on record. region: where the present job is, "" where
    that is not on record. learnt: training transitions with the same target. stays: whether the present occupation as
    truth is a stay, and no return from elsewhere. quality: how surely the data give the truth; "" where they don't say.
    """

    present: str
    before: frozenset[str]
    education: str
    region: str
    learnt: int
    stays: bool = False
    quality: str = ""


Situations = Mapping[tuple[str, int], Situation]
"""By the transition's key."""


def situations(scored: Iterable[Transition], train: Sequence[Transition]) -> dict[tuple[str, int], Situation]:
    """The situation of every scored transition.

    Args:
        scored: with histories as the data have them.
        train: what is learnt from.
    """
    learnt = Counter(t.target for t in train)
    return {t.key: _situation(t, learnt[t.target]) for t in scored}


def _situation(transition: Transition, learnt: int) -> Situation:
    history = transition.history
    *before, present = history.jobs
    return Situation(
        present=present.occupation,
        before=frozenset(job.occupation for job in before),
        education=_education(history),
        region=present.facts.region or "",
        learnt=learnt,
        stays=history.stays,
        quality=transition.quality,
    )


def _education(history: Career) -> str:
    """School years in bins where they are counted, else the title of what was learnt last."""
    years = [e.school_years for e in history.education if e.school_years is not None]
    if years:
        return next(label for start, label in reversed(_SCHOOL) if max(years) >= start)
    return history.education[-1].title if history.education else ""
