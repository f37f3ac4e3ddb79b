"""Jobs as rows of somebody's file tell them, put together to careers: shared by readers of tables."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reasoning_occ.careers.lookup import Lookup
from reasoning_occ.careers.source import TOO_SHORT, Loaded, Part, merge_counted
from reasoning_occ.careers.types import Career, Date, Education, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

BACKWARDS = "ends before their job's start, taken as not known"


@dataclass(frozen=True, slots=True)
class Spell:
    """One job of one person. occupation: a code or name as written; title: how to show it where the file makes the
    taxonomy; part: whom the publisher lets learn, choose or be tested, if it says so."""

    person: str
    occupation: str
    start: Date
    end: Date | None = None
    title: str = ""
    education: str = ""
    part: Part | None = None


@dataclass(slots=True)
class _Person:
    part: Part | None
    jobs: list[Job] = field(default_factory=list)
    # by what was learned, the first day on which a job tells it
    learned: dict[str, Date] = field(default_factory=dict)


def assemble(spells: Iterable[Spell], lookup: Lookup, skipped: Counter[str], where: str) -> Loaded:
    """Careers of all people with two jobs, in the order in which their first job was met.

    Jobs stand in order of their start, and those of one start in the order of the file. An education without a date is
    shown from the first job on that tells it.

    Args:
        spells: all jobs.
        lookup: what occupations are looked up in.
        skipped: what was left out so far; grows.
        where: names the file in an error.

    Raises:
        UserError: a person is in two parts, or nobody has two jobs.
    """
    lookup.start(skipped)
    for what in (BACKWARDS, TOO_SHORT):
        skipped.setdefault(what, 0)
    careers: list[Career] = []
    parts: dict[str, Part] = {}
    for person_id, person in _people(spells, lookup, skipped, where).items():
        jobs = merge_counted(sorted(person.jobs, key=lambda job: job.start), skipped)
        if len(jobs) < 2:
            skipped[TOO_SHORT] += 1
            continue
        learned = sorted(person.learned.items(), key=lambda one: one[1])
        careers.append(Career(Person(person_id), tuple(Education(date, title) for title, date in learned), jobs))
        if person.part is not None:
            parts[person_id] = person.part
    lookup.name(skipped)
    if not careers:
        counts = "; ".join(f"{n} {what}" for what, n in skipped.items() if n) or "no row"
        raise UserError(f"data.path: {where} holds nobody with two jobs to learn a step from: {counts}.{lookup.hint()}")
    return Loaded(tuple(careers), lookup.taxonomy, dict(skipped), parts or None)


def _people(spells: Iterable[Spell], lookup: Lookup, skipped: Counter[str], where: str) -> Mapping[str, _Person]:
    people: dict[str, _Person] = {}
    for spell in spells:
        person = people.setdefault(spell.person, _Person(spell.part))
        if person.part != spell.part:
            raise UserError(
                f"data.path: {where}: the person '{spell.person}' is in {person.part} and in {spell.part}; nobody may "
                "be in two parts. Take the person out of one of the files."
            )
        if spell.education:
            person.learned[spell.education] = min(spell.start, person.learned.get(spell.education, spell.start))
        code = lookup(spell.occupation, skipped)
        if code is None:
            continue
        end = spell.end
        if end is not None and end.surely_before(spell.start):
            skipped[BACKWARDS] += 1
            end = None
        person.jobs.append(Job(code, spell.start, end))
    return people


def own_taxonomy(spells: Iterable[Spell], name: str) -> Taxonomy:
    """All occupations that occur, in order of code, without relatedness. Where two codes share a title, or a title is
    another's code, the code stands behind it."""
    titles: dict[str, str] = {}
    for spell in spells:
        if not titles.get(spell.occupation):
            titles[spell.occupation] = spell.title
    shared = Counter(" ".join(title.lower().split()) for title in titles.values())

    def title(code: str, given: str) -> str:
        alone = shared[" ".join(given.lower().split())] == 1 and (given == code or given not in titles)
        return code if not given else given if alone else f"{given} ({code})"

    return Taxonomy(name, [Occupation(code, title(code, given)) for code, given in sorted(titles.items())], {})
