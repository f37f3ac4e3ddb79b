"""A history as named numbers, for models that read a table. Sex and race are not among them: no slice is read."""

from itertools import pairwise
from math import log, log1p

from reasoning_occ.careers.types import Career, Education, Job
from reasoning_occ.occupations.taxonomy import Taxonomy

VERSION = 1
"""Of the names and values; what was learnt with another is not read."""

# ours: hours a week and years with the employer that part one class from the next
_HOURS = (20, 35, 41)
_TENURE = (1, 2, 5, 10)
_AGES = 5
_YEARS = 5


def features(history: Career, taxonomy: Taxonomy) -> dict[str, float]:
    """What is known on the day the present job begins; names of kinds stand before `=`, values are about 0 to 1.

    Raises:
        UnknownOccupation: a job's code is not in the taxonomy.
    """
    return {
        **_occupations(history, taxonomy),
        **_time(history),
        **_school(history.education),
        **_facts(history.jobs[-1]),
    }


def _occupations(history: Career, taxonomy: Taxonomy) -> dict[str, float]:
    found = {}
    for steps, job in enumerate(reversed(history.jobs[-3:])):
        occupation = taxonomy[job.occupation]
        found |= {f"occupation {steps} back={job.occupation}": 1.0}
        # each level of a taxonomy may be missing
        found |= {f"group {steps} back={occupation.group}": 1.0} if occupation.group else {}
        found |= {f"sector {steps} back={occupation.sector}": 1.0} if occupation.sector else {}
    for job in history.jobs[:-1]:
        occupation = taxonomy[job.occupation]
        names = [f"times held={job.occupation}", *([f"times in group={occupation.group}"] if occupation.group else [])]
        for name in names:
            found[name] = found.get(name, 0.0) + 1.0
    counted = {name: log1p(n) for name, n in found.items() if name.startswith("times")}
    moved = sum(a.occupation != b.occupation for a, b in pairwise(history.jobs))
    return {**found, **counted, "past jobs": log1p(history.past_jobs), "moves": log1p(moved)}


def _time(history: Career) -> dict[str, float]:
    begun = history.jobs[-1].start.year
    found = {f"period={begun // _YEARS * _YEARS}": 1.0, "years on record": (begun - history.jobs[0].start.year) / 10}
    if history.person.birth_year is not None:
        age = begun - history.person.birth_year
        found |= {f"age={age // _AGES * _AGES}": 1.0, "age": age / 50}
    if len(history.jobs) > 1:
        before = history.jobs[-2]
        found["length of job before"] = log1p(max(begun - before.start.year, 0))
        if before.end is not None:
            found["gap before"] = log1p(max(begun - before.end.year, 0))
    return found


def _school(education: tuple[Education, ...]) -> dict[str, float]:
    found = {f"education={e.title}": 1.0 for e in education}
    years = [e.school_years for e in education if e.school_years is not None]
    return found | ({"school years": max(years) / 20} if years else {})


def _facts(job: Job) -> dict[str, float]:
    facts = job.facts
    named = {"sector": facts.sector, "region": facts.region, "pay": facts.pay, "full time": facts.full_time}
    found = {f"{kind}={value}": 1.0 for kind, value in named.items() if value is not None}
    if facts.hours is not None:
        found[f"hours={sum(facts.hours >= edge for edge in _HOURS)}"] = 1.0
    if facts.tenure_years is not None:
        found[f"tenure={sum(facts.tenure_years >= edge for edge in _TENURE)}"] = 1.0
    if facts.wage is not None and facts.wage > 0:
        found["log wage"] = log(facts.wage) / 5
        found["wage known"] = 1.0
    return found
