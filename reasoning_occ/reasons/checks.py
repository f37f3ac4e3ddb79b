"""Factuality and coherence of what was read in a reason."""

from collections.abc import Iterator
from dataclasses import dataclass

from reasoning_occ.careers.types import Career, Job
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.claims import ALTERNATIVES, JobClaim, Reading, Remark
from reasoning_occ.reasons.direction import Direction
from reasoning_occ.reasons.statistics import hours_fact, returned
from reasoning_occ.reasons.types import Score


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, in words. `slight`: imprecise rather than false, or repeated rather than contradicted."""

    error: str
    slight: bool = False


def factuality(reading: Reading, history: Career, taxonomy: Taxonomy) -> tuple[Score, tuple[str, ...]]:
    """Does every claim hold in the history?

    5: all hold; 4: all hold but for a year or a length that is one off; 3: at least four in five hold; 2: at least
    half; 1: fewer. Unscored where nothing was claimed.
    """
    claims = len(reading.jobs) + len(reading.remarks)
    if not claims:
        return Score(None, "No claim could be read."), ()
    findings: list[Finding] = []
    false = 0
    for found in (
        *(list(_job(claim, history, taxonomy)) for claim in reading.jobs),
        *(list(_remark(remark, history)) for remark in reading.remarks),
    ):
        findings += found
        false += any(not f.slight for f in found)
    true = 1 - false / claims
    value = (5 if not findings else 4) if not false else 3 if true >= 0.8 else 2 if true >= 0.5 else 1
    return Score(value, f"{claims - false} of {claims} claims hold."), tuple(f.error for f in findings)


def coherence(reading: Reading) -> tuple[Score, tuple[str, ...]]:
    """Is the reason in order of time and free of contradiction and repetition? The history is not seen.

    5: yes; 4: it repeats itself once; 3: more than once; 2: one breach of order or contradiction; 1: several. Unscored
    where nothing was claimed.
    """
    if not reading.jobs and not reading.remarks:
        return Score(None, "No claim could be read."), ()
    findings = [*_order(reading.jobs), *_contradictions(reading), *_repetitions(reading)]
    grave = sum(not f.slight for f in findings)
    value = (2 if grave == 1 else 1) if grave else (5, 4, 3)[min(len(findings), 2)]
    said = "In order of time, without contradiction or repetition." if not findings else f"{len(findings)} faults."
    return Score(value, said), tuple(f.error for f in findings)


def _job(claim: JobClaim, history: Career, taxonomy: Taxonomy) -> Iterator[Finding]:
    """What is wrong with a claimed job, against the held job that fits it best."""
    title = taxonomy.title(claim.code)
    held = [i for i, job in enumerate(history.jobs) if job.occupation == claim.code]
    if not held:
        yield Finding(f"'{title}' was never held.")
        return
    fits = [list(_against(claim, history, i, title)) for i in held]
    yield from min(fits, key=lambda findings: (sum(not f.slight for f in findings), len(findings)))


def _against(claim: JobClaim, history: Career, i: int, title: str) -> Iterator[Finding]:
    job = history.jobs[i]
    start, (end_low, end_high) = job.start.year, _end(history, i)
    present = i == len(history.jobs) - 1
    if claim.present and not present:
        yield Finding(f"'{title}' is not the present occupation.")
    if claim.start is not None and claim.start != start:
        yield Finding(f"'{title}' began in {start}, not {claim.start}.", slight=abs(claim.start - start) == 1)
    if claim.end is not None and present:
        yield Finding(f"'{title}' is the present occupation and has not ended ({claim.end}).")
    elif claim.end is not None and not end_low <= claim.end <= end_high:
        yield Finding(f"'{title}' did not end in {claim.end}.", slight=end_low - 1 <= claim.end <= end_high + 1)
    if claim.during is not None and not start <= claim.during <= end_high:
        yield Finding(f"'{title}' was not held in {claim.during}.")
    if claim.length is not None and present:
        # the day the present job began is the day of telling
        yield Finding(f"'{title}' has only begun, not lasted {claim.length} years.", slight=claim.length <= 1)
    elif claim.length is not None and not end_low - start <= claim.length <= end_high - start:
        off = min(abs(claim.length - (end_low - start)), abs(claim.length - (end_high - start)))
        yield Finding(f"'{title}' did not last {claim.length} years.", slight=off == 1)
    if claim.age is not None and history.person.birth_year is not None:
        off = abs(claim.age - (start - history.person.birth_year))
        if off > 1:  # a year of birth leaves the age open by one
            yield Finding(f"'{title}' did not begin at age {claim.age}.")


def _end(history: Career, i: int) -> tuple[int, int]:
    """Earliest and latest year in which job `i` can have ended: last on record in it, and start of the next."""
    job = history.jobs[i]
    if i == len(history.jobs) - 1:
        return job.start.year, job.start.year
    latest = history.jobs[i + 1].start.year
    return (job.end.year if job.end else job.start.year), latest


_UNTRUE = {
    "pay": "That pay is '{}' is not on record.",
    "hours": "That hours are '{}' is not on record.",
    "region": "That the region is '{}' is not on record.",
    "jobs": "The number of jobs on record is {1}, not {0}.",
    "returned": "There was no return to an earlier occupation.",
    "school": "{} years of school are not on record.",
    "degree": "That '{}' was learnt is not on record.",
}


def _remark(remark: Remark, history: Career) -> Iterator[Finding]:
    present = history.jobs[-1]
    if remark.kind in ("employer", "unknown"):
        yield Finding(f"'{remark.value}' is not on record.")
    elif remark.kind == "direction":
        if Direction.BACK.name in remark.value.split(ALTERNATIVES) and len(history.jobs) == 1:
            yield Finding("There is no earlier work to go back to.")
    elif not _holds(remark, history, present):
        yield Finding(_UNTRUE[remark.kind].format(remark.value, len(history.jobs)))


def _holds(remark: Remark, history: Career, present: Job) -> bool:
    facts, value = present.facts, remark.value.lower()
    true: dict[str, bool] = {
        "pay": value == facts.pay,
        "hours": facts.hours is not None and value == hours_fact(facts.hours).value,
        "region": facts.region is not None and value == facts.region.lower(),
        "jobs": value == str(len(history.jobs)),
        "returned": returned(history),
        "school": value in {str(e.school_years) for e in history.education},
        "degree": value in {e.title.lower() for e in history.education},
    }
    return true[remark.kind]


def _order(jobs: tuple[JobClaim, ...]) -> Iterator[Finding]:
    before: JobClaim | None = None
    for claim in jobs:
        if claim.start is not None and claim.end is not None and claim.end < claim.start:
            yield Finding(f"A job ends ({claim.end}) before it begins ({claim.start}).")
        if claim.start is None:
            continue
        if before is not None and before.start is not None and claim.start < before.start and not claim.backward:
            yield Finding(f"{claim.start} is told after {before.start}.")
        before = claim
    now = [c for c in jobs if c.present and c.start is not None]
    for claim in jobs:
        if any(c.start < claim.start for c in now if c.start and claim.start and not claim.present):
            yield Finding(f"A job begun in {claim.start} is told beside an earlier one that still lasts.")


def _contradictions(reading: Reading) -> Iterator[Finding]:
    if len({c.code for c in reading.jobs if c.present}) > 1:
        yield Finding("Two occupations are said to be the present one.")
    for kind in ("pay", "hours", "region", "jobs", "school", "direction"):
        values = {r.value for r in reading.remarks if r.kind == kind}
        if len(values) > 1:
            yield Finding(f"It contradicts itself on {kind}: {', '.join(sorted(values))}.")


def _repetitions(reading: Reading) -> Iterator[Finding]:
    said = [
        *((c.code, c.start, c.present) for c in reading.jobs),
        *((r.kind, r.value) for r in reading.remarks),
    ]
    for thing in {s for s in said if said.count(s) > 1}:
        yield Finding(f"It says twice: {' '.join(str(part) for part in thing)}.", slight=True)
