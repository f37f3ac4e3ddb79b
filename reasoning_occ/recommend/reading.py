"""One person's career, from our format or a JSON Resume, and how it was understood.

As for test people, a history is what was known on the day the present job began.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from reasoning_occ.careers import json_resume, schema
from reasoning_occ.careers.dates import read_date
from reasoning_occ.careers.json_resume import HOW, TAKEN
from reasoning_occ.careers.source import CAPPED, capped, merge_counted
from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.errors import UserError, nearest
from reasoning_occ.language.render import lines
from reasoning_occ.occupations.snap import GUESSES, TitleReader, Way
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommend.results import Line, TitleMatch

LATER = "pieces of education left out: after the present job began"
EARLIEST = 1900
"""The first year in which a job may start without a warning."""


class Written(NamedTuple):
    """A job as given: its start, its title, and its end, if any."""

    start: Date
    title: str
    end: Date | None


class Guess(NamedTuple):
    """A job whose occupation was guessed: its start, the code, and the title as written."""

    start: Date
    code: str
    given: str


@dataclass(frozen=True, slots=True)
class Understood:
    """A history, how its titles were matched (oldest job first), what was left out or mended, counted, and sentences on
    what makes it another person's history than was meant. later: education of after the present job began, which is no
    part of the history."""

    history: Career
    titles: tuple[TitleMatch, ...]
    left_out: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
    later: tuple[Education, ...] = ()


class Reading:
    """Reads careers with one taxonomy.

    Args:
        taxonomy: what titles are looked up in.
        least_similarity: as in `Snap`.
        stays: whether equal neighbouring jobs stay apart (`Career.stays`).
    """

    def __init__(self, taxonomy: Taxonomy, least_similarity: float, stays: bool) -> None:
        self.taxonomy = taxonomy
        self.read_title = TitleReader(taxonomy, least_similarity)
        self._least_similarity = least_similarity
        self._stays = stays

    def __reduce__(self) -> tuple[type["Reading"], tuple[Taxonomy, float, bool]]:
        """Sent to another process, titles found so far stay behind."""
        return Reading, (self.taxonomy, self._least_similarity, self._stays)

    def career(self, given: Career) -> Understood:
        """A career that is read already.

        Raises:
            UserError: it has no job, or one of another taxonomy.
        """
        for job in given.jobs:
            self.taxonomy.index(job.occupation)
        return self._understood(given, (), Counter())

    def json(self, content: str | bytes, name: str) -> Understood:
        """The career in JSON text: ours has "jobs", a resume has "work".

        Args:
            content: one object.
            name: the person's, where the text is a resume.

        Raises:
            UserError: it is neither, or no job is left; says what is wrong and nothing of a resume's content.
        """
        try:
            found = json.loads(content)
            text = content if isinstance(content, str) else content.decode()
        except json.JSONDecodeError as error:
            line = f"line {error.lineno}: " if "\n" in error.doc.strip() else ""
            raise UserError(f"it is not JSON ({line}{error.msg})") from error
        except (ValueError, RecursionError) as error:  # of bytes that are no UTF-8 too
            raise UserError("it is not JSON") from error
        if isinstance(found, dict) and "jobs" in found:
            return self._ours(schema.parse(text))
        if isinstance(found, dict) and found.keys() & {"work", "basics", "education"}:
            return self._resume(text, name)
        raise UserError(
            'expected a career of ours, an object with "id" and "jobs" (reasoning_occ/careers/schema.py), or a JSON '
            'Resume, an object with "work" (https://jsonresume.org/schema)'
        )

    def _resume(self, text: str, name: str) -> Understood:
        skipped: Counter[str] = Counter()
        taken: Counter[tuple[str, Way, str]] = Counter()
        career = json_resume.career(text, name, self.read_title, skipped, taken)
        titles = tuple(self._match(given, how, code or None) for given, how, code in taken)
        written = []
        for work in reversed(json_resume.parse(text).work):  # of two with one start the later line came first
            title, start = " ".join((work.position or "").split()), read_date(work.startDate or "")
            if title and start is not None:
                written.append(Written(start, title, read_date(work.endDate or "")))
        return self._understood(replace(career, stays=self._stays), titles, skipped, written)

    def _ours(self, row: schema.PersonRow) -> Understood:
        skipped: Counter[str] = Counter()
        titles: dict[str, TitleMatch] = {}
        jobs: list[Job] = []
        written = []
        for one in row.jobs:
            how, code = self.read_title(one.occupation)
            titles[one.occupation] = self._match(one.occupation, how, code)
            skipped[HOW[how]] += 1
            end = None if one.end is None else schema.parse_date(one.end)
            written.append(Written(schema.parse_date(one.start), one.occupation, end))
            if code is not None:
                jobs.append(Job(code, schema.parse_date(one.start), end, Facts(**one.facts.model_dump())))
        learned = [Education(schema.parse_date(e.date), e.title, e.school_years) for e in row.education]
        if self._stays:
            held = capped(jobs)
            skipped[CAPPED] += sum(now.end != before.end for now, before in zip(held, jobs, strict=True))
        else:
            held = merge_counted(jobs, skipped)
        person = Person(row.id, row.birth_year, row.slices)
        career = Career(person, tuple(learned), held, stays=self._stays)
        return self._understood(career, tuple(titles.values()), skipped, written)

    def _match(self, given: str, how: Way, code: str | None) -> TitleMatch:
        return TitleMatch(given, how, None if code is None else self.taxonomy.title(code), code)

    def _understood(
        self,
        career: Career,
        titles: tuple[TitleMatch, ...],
        skipped: Counter[str],
        written: Sequence[Written] = (),
    ) -> Understood:
        """`written`: all jobs; of those with one start, the earlier one first."""
        if not career.jobs:
            raise UserError(self._nobody(titles))
        read = [(job, *self.read_title(job.title)) for job in sorted(written, key=lambda job: job.start)]
        guesses = (Guess(job.start, code, job.title) for job, how, code in read if code is not None and how in GUESSES)
        lost = [job.title for job, _, code in read if code is None and job.start > career.jobs[-1].start]
        known = [(job, code) for job, _, code in read if code is not None]
        warnings = (
            *(
                f"The latest job ('{one}') is near no title and left out: what is told comes after the job before it."
                for one in lost[-1:]
            ),
            *_ended(known),
            *_strange_years(job.start.year for job, _ in known),
        )
        history = career.until(len(career.jobs) - 1)
        later = tuple(one for one in career.education if one not in history.education)
        skipped[LATER] += len(later)
        counted = {what: n for what, n in skipped.items() if n and what not in TAKEN}
        return Understood(history, titles, counted, warnings, tuple(guesses), later)

    def _nobody(self, titles: tuple[TitleMatch, ...]) -> str:
        """Why no job is left; a title of a resume is told back to nobody but who asks `titles`."""
        if not titles:
            return "it holds no job with a title and a start; at least one is needed to go on from"
        near = nearest(titles[-1].given, (o.title for o in self.taxonomy))
        return (
            f"none of its job titles is near one of the {len(self.taxonomy)} of the {self.taxonomy.name} taxonomy "
            f"(nearest to the last job's: {near}); word them as it does: "
            "`python -m reasoning_occ.recommend --titles` prints them"
        )


def _ended(known: Sequence[tuple[Written, str]]) -> Iterator[str]:
    """A sentence where the latest job has ended, and one before it, in another occupation, has no end.

    known: jobs in order of their start, each with its occupation; ends are those that were given.
    """
    if not known:
        return
    latest, occupation = known[-1]
    if latest.end is None or latest.end.surely_before(latest.start):
        return
    today = date.today()
    going = [job for job, code in known if job.end is None and code != occupation]
    if going and not Date(today.year, today.month).surely_before(latest.end):
        yield (
            f"The latest job ('{latest.title}') ended in {latest.end}, and '{going[-1].title}' goes on: what is told "
            "comes after the later start; leave a job out to see the other."
        )


def _strange_years(starts: Iterable[int]) -> Iterator[str]:
    """A sentence where jobs start in years in which they hardly did."""
    now = date.today().year
    strange = sorted({year for year in starts if not EARLIEST <= year <= now})
    if strange:
        yield (
            f"A job starts in {' and in '.join(map(str, strange))}: before {EARLIEST} or after this year. It is taken "
            "as given; mend it if it is a slip."
        )


def told(understood: Understood, taxonomy: Taxonomy) -> tuple[Line, ...]:
    """The lines of a history, with the titles as written where an occupation was guessed."""
    jobs = understood.history.jobs
    guessed: dict[int, dict[str, None]] = {}
    for start, code, given in understood.guesses:
        # the job it became, or was merged with: the last of the occupation that had begun then
        places = [n for n, job in enumerate(jobs) if job.occupation == code and job.start <= start]
        if places:
            guessed.setdefault(places[-1], {})[given] = None
    return tuple(
        Line(n, line.text, () if line.job is None else tuple(guessed.get(line.job, ())))
        for n, line in enumerate(lines(understood.history, taxonomy), start=1)
    )


def as_json(career: Mapping[str, Any]) -> str:
    """A career given as plain values."""
    return json.dumps(dict(career), default=_plain)


def _plain(value: Any) -> Any:
    return asdict(value) if hasattr(value, "__dataclass_fields__") else str(value)
