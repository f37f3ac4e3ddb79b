"""What a data set holds, in numbers: of careers as a job loads them, before any view."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from statistics import mean, median
from typing import Any

from reasoning_occ.careers.types import Career, Date, Facts, Transition
from reasoning_occ.occupations.taxonomy import Taxonomy

MOST_FREQUENT = 20
"""Labels that are listed by name."""


def describe(careers: Sequence[Career], taxonomy: Taxonomy) -> dict[str, Any]:
    """All numbers that need no split.

    Args:
        careers: of at least one person.
        taxonomy: knows every code of the careers.
    """
    transitions = [t for career in careers for t in career.transitions()]
    return {
        "people": len(careers),
        "jobs": sum(len(career.jobs) for career in careers),
        "transitions": len(transitions),
        "years": years(careers),
        "labels": labels(careers, taxonomy),
        "career_lengths": lengths(careers),
        "returns": returns(transitions),
        "without_related": _share(sum(not taxonomy.related(t.target) for t in transitions), len(transitions)),
        "gaps": gaps(careers),
        "known": known(careers),
    }


def years(careers: Iterable[Career]) -> dict[str, Any]:
    """First and last year in which a job begins, and how many begin in each."""
    counts = Counter(job.start.year for career in careers for job in career.jobs)
    return {"first": min(counts), "last": max(counts), "jobs_begun": _in_order(counts)}


def labels(careers: Sequence[Career], taxonomy: Taxonomy) -> dict[str, Any]:
    """How often each occupation is held, and how often it is asked for: in jobs, and as the target of a transition.

    once, never: labels of the taxonomy; frequencies: of those that occur, most frequent first.
    """
    held = Counter(job.occupation for career in careers for job in career.jobs)
    asked = Counter(t.target for career in careers for t in career.transitions())
    # of equal counts the taxonomy's order decides
    most = sorted((code for code in taxonomy.codes if held[code]), key=lambda code: -held[code])[:MOST_FREQUENT]
    return {
        "in_taxonomy": len(taxonomy),
        "with_related": sum(bool(taxonomy.related(code)) for code in taxonomy.codes),
        "jobs": _frequencies(held, taxonomy),
        "targets": _frequencies(asked, taxonomy),
        "most_frequent": [{"title": taxonomy.title(c), "jobs": held[c], "targets": asked[c]} for c in most],
    }


def _frequencies(counts: Counter[str], taxonomy: Taxonomy) -> dict[str, Any]:
    return {
        "seen": len(counts),
        "once": sum(n == 1 for n in counts.values()),
        "never": len(taxonomy) - len(counts),
        "frequencies": sorted(counts.values(), reverse=True),
    }


def lengths(careers: Iterable[Career]) -> dict[str, Any]:
    """Jobs a career, and how many people have how many."""
    found = [len(career.jobs) for career in careers]
    return {"mean": mean(found), "median": median(found), "most": max(found), "people": _in_order(Counter(found))}


def returns(transitions: Sequence[Transition]) -> dict[str, Any]:
    """How often the next occupation is the present one (where that can be), the one before it, or any held before."""
    stays = previous = before = 0
    for transition in transitions:
        *past, present = (job.occupation for job in transition.history.jobs)
        others = [occupation for occupation in past if occupation != present]
        stays += transition.target == present
        previous += bool(others) and transition.target == others[-1]
        before += transition.target in others
    n = len(transitions)
    return {"stays": _share(stays, n), "to_previous": _share(previous, n), "to_any_before": _share(before, n)}


def gaps(careers: Iterable[Career]) -> dict[str, Any]:
    """Whole years from the end on record of a job to the start of the next, of all pairs whose first end is known.

    Months count where both dates have one; of years alone 1 may be a day or almost two years.
    """
    counts: Counter[int] = Counter()
    unknown = 0
    for career in careers:
        for job, following in pairwise(career.jobs):
            if job.end is None:
                unknown += 1
            else:
                counts[_whole_years(job.end, following.start)] += 1
    return {"known": counts.total(), "unknown": unknown, "years": _in_order(counts)}


def _whole_years(first: Date, second: Date) -> int:
    if first.month and second.month:
        return max(0, (second.year - first.year) * 12 + second.month - first.month) // 12
    return max(0, second.year - first.year)


def known(careers: Sequence[Career]) -> dict[str, dict[str, Any]]:
    """Of how many jobs which fact is known, and of how many people what is known of them."""
    jobs = [job for career in careers for job in career.jobs]
    of_jobs = {
        field.name: _share(sum(getattr(job.facts, field.name) is not None for job in jobs), len(jobs))
        for field in fields(Facts)
    }
    of_jobs["end"] = _share(sum(job.end is not None for job in jobs), len(jobs))
    of_jobs["may be a target"] = _share(sum(job.may_be_target for job in jobs), len(jobs))
    slices = sorted({name for career in careers for name in career.person.slices})
    of_people = {
        "birth_year": _share(sum(career.person.birth_year is not None for career in careers), len(careers)),
        "education": _share(sum(bool(career.education) for career in careers), len(careers)),
        **{
            f"slice {name}": _share(sum(name in career.person.slices for career in careers), len(careers))
            for name in slices
        },
    }
    return {"jobs": of_jobs, "people": of_people}


def _share(n: int, of: int) -> dict[str, Any]:
    return {"n": n, "of": of, "share": n / of if of else None}


def _in_order(counts: Mapping[int, int]) -> dict[str, int]:
    """Counts by a number, smallest first; JSON has no numbers for keys."""
    return {str(number): counts[number] for number in sorted(counts)}
