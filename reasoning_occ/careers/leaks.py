"""Signs in a data set that the future, or a test person, may be seen where it should not. Each is counted, none is
proof: a sentence says what was seen and why it matters. Nobody is named."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from reasoning_occ.careers.jsonl import CAPPED
from reasoning_occ.careers.source import Loaded
from reasoning_occ.careers.split import Part, Split
from reasoning_occ.careers.types import Career, Date, Education, Transition
from reasoning_occ.occupations.taxonomy import Taxonomy

# ours: signs that a few people show by chance count where more than half of those who could show them do
_MOST = 0.5
# ours: school is begun at six at the earliest, and one year may be skipped
_YEARS_BEFORE_SCHOOL = 5
_TITLES_NAMED = 5


@dataclass(frozen=True, slots=True)
class Sign:
    """One kind of thing seen: its short name, of how many, and a sentence."""

    kind: str
    n: int
    text: str


def overlap(split: Split) -> dict[str, int]:
    """How many people are in both of two parts, by pair of parts: must be 0."""
    people = {part: _people(transitions) for part, transitions in _parts(split).items()}
    return {f"{one} and {other}": len(people[one] & people[other]) for one, other in combinations(people, 2)}


def signs(
    loaded: Loaded, people: Sequence[Career], split: Split, cut: Date | None, unknown: int, today: Date
) -> list[Sign]:
    """What looks like a leak.

    Args:
        loaded: the data set as read.
        people: those of it that are drawn for the job.
        split: theirs.
        cut: of the split; `None` where it is by person alone.
        unknown: ids in the list of test people that belong to nobody loaded.
        today: no date can be later.
    """
    learnt = _people(split.train) | _people(split.valid)
    learnt_from = [career for career in people if career.person.id in learnt]
    found = [
        *education(people),
        late_ends(learnt_from, cut),
        overlong(loaded, people),
        only_in_test(split, loaded.taxonomy),
        twice(people, split),
        future(people, today),
        unknown_people(unknown),
    ]
    return [sign for sign in found if sign.n]


def education(people: Iterable[Career]) -> Iterator[Sign]:
    """Schooling that stands where it can't have been known: without a date of its own, never changing, shown before it
    could be reached, or dated after the last job."""
    schooled = [career for career in people if career.education]
    undated = sum(all(e.date == career.jobs[0].start for e in career.education) for career in schooled)
    yield Sign(
        "undated education",
        undated if undated > _MOST * len(schooled) else 0,
        f"{undated:,} of {len(schooled):,} people with education have all of it dated the day their first job begins. "
        "If it has no dates of its own, it may be what they reached in the end: leave it out (view.education=false).",
    )
    repeated = [career for career in schooled if len(career.education) > 1]
    same = sum(len({_learned(e) for e in career.education}) == 1 for career in repeated)
    yield Sign(
        "constant education",
        same if same > _MOST * len(repeated) else 0,
        f"{same:,} of {len(repeated):,} people with several entries of education have the same in all of them. What "
        "never varies is likely a final value and tells the future: leave it out (view.education=false).",
    )
    early = sum(any(_too_early(e, career.person.birth_year) for e in career.education) for career in schooled)
    yield Sign(
        "education before its time",
        early,
        f"{early:,} people have more years of school at a date than anybody of their age. They are likely final "
        "values: date each by when it was reached, or leave education out (view.education=false).",
    )
    late = sum(career.education[-1].date > career.jobs[-1].start for career in schooled)
    yield Sign(
        "education after the last job",
        late,
        f"{late:,} people have education dated after their last job begins. No history shows it; see to it that "
        "nothing else that is shown was made from it.",
    )


def _learned(education: Education) -> Any:
    return education.title if education.school_years is None else education.school_years


def _too_early(education: Education, birth_year: int | None) -> bool:
    if birth_year is None or education.school_years is None:
        return False
    return education.school_years > max(0, education.date.year - birth_year - _YEARS_BEFORE_SCHOOL)


def late_ends(learnt_from: Iterable[Career], cut: Date | None) -> Sign:
    """Jobs of training and validation people that begin before the cut and end after it."""
    n = sum(
        job.start < cut < job.end
        for career in learnt_from
        for job in career.jobs
        if cut is not None and job.end is not None
    )
    return Sign(
        "ends after the cut",
        n,
        f"{n:,} jobs of people to learn from begin before split.cut={cut} and end after it. No history shows the end "
        "of its present job, but a fact made from it, such as the job's length, would tell of the time after the cut.",
    )


def overlong(loaded: Loaded, people: Iterable[Career]) -> Sign:
    """Jobs that end after the next one begins: those that the reader has taken back, and any that are left."""
    taken_back = loaded.skipped.get(CAPPED) or 0
    left = sum(
        job.end is not None and job.end > following.start
        for career in people
        for job, following in pairwise(career.jobs)
    )
    what = f"{taken_back:,} ends were taken back to that day" if taken_back else f"{left:,} ends are left as they are"
    return Sign(
        "jobs that overlap",
        taken_back + left,
        f"{taken_back + left:,} jobs end after the next one begins; {what}. On the day the next job begins such an end "
        "is the future. Jobs held side by side are seen as one after the other.",
    )


def only_in_test(split: Split, taxonomy: Taxonomy) -> Sign:
    """Targets of the test that nobody who is learnt from has held or taken up."""
    learnt = {t.target for t in (*split.train, *split.valid)}
    learnt |= {job.occupation for t in (*split.train, *split.valid) for job in t.history.jobs}
    asked = [t for t in split.test if t.target not in learnt]
    codes = [code for code in taxonomy.codes if code in {t.target for t in asked}]
    names = ", ".join(f"'{taxonomy.title(code)}'" for code in codes[:_TITLES_NAMED])
    more = f" and {len(codes) - _TITLES_NAMED:,} more" if len(codes) > _TITLES_NAMED else ""
    return Sign(
        "labels only in the test",
        len(codes),
        f"{len(codes):,} labels are targets of the test ({len(asked):,} of its {len(split.test):,} transitions) and "
        f"occur nowhere in training or validation: {names}{more}. No recommender can learn them from these people.",
    )


def twice(people: Iterable[Career], split: Split) -> Sign:
    """Careers that are equal, job by job and date by date, of people in different parts: one person under two ids?"""
    part_of: dict[str, Part] = {}
    for part, transitions in _parts(split).items():
        part_of |= dict.fromkeys(_people(transitions), part)
    alike: dict[Any, list[Part]] = defaultdict(list)
    for career in people:
        if career.person.id in part_of:
            jobs = tuple((job.occupation, job.start, job.end) for job in career.jobs)
            alike[career.person.birth_year, jobs].append(part_of[career.person.id])
    across = [parts for parts in alike.values() if "test" in parts and len(set(parts)) > 1]
    n = sum(part == "test" for parts in across for part in parts)
    return Sign(
        "the same career twice",
        n,
        f"{n:,} test people have the same jobs at the same dates as someone in training or validation. They may be one "
        "person under two ids; short careers with dates in years may agree by chance.",
    )


def future(people: Iterable[Career], today: Date) -> Sign:
    """Dates that are still to come."""

    def later(date: Date | None) -> bool:
        # a month that is not known may be any of its year
        return date is not None and (date > today if date.month else date.year > today.year)

    n = sum(map(later, (date for career in people for date in _dates(career))))
    return Sign(
        "dates in the future",
        n,
        f"{n:,} dates are later than today ({today}): they can't be on record. Mend them, or leave such people out.",
    )


def _dates(career: Career) -> Iterator[Date | None]:
    for job in career.jobs:
        yield job.start
        yield job.end
    for education in career.education:
        yield education.date


def unknown_people(n: int) -> Sign:
    """Ids of the list of test people that belong to nobody."""
    return Sign(
        "unknown test people",
        n,
        f"split.test_file names {n:,} people who are not among those loaded: they have no transition, or the list "
        "belongs to other data.",
    )


def _parts(split: Split) -> dict[Part, tuple[Transition, ...]]:
    return {"train": split.train, "valid": split.valid, "test": split.test}


def _people(transitions: Iterable[Transition]) -> set[str]:
    return {t.history.person.id for t in transitions}
