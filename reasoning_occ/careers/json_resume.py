"""Careers in the JSON Resume format (https://jsonresume.org/schema): jobs in `work`, schooling in `education`.

Nothing else of a resume is read: no name or contact, no employer, school or text can reach a prompt, a file or a log.
A person is called by a hash of the file's name and the place in it. An education counts from its end on, so one without
an `endDate` is left out: it may lie in the future.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from reasoning_occ.careers.dates import SUCH_AS, read_date
from reasoning_occ.careers.source import TOO_SHORT, Loaded, labels_checksum, merge_counted
from reasoning_occ.careers.spells import BACKWARDS
from reasoning_occ.careers.types import Career, Date, Education, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum, write_jsonl
from reasoning_occ.occupations.snap import TitleReader, Way
from reasoning_occ.occupations.taxonomy import Taxonomy

MATCHED = "job titles found by name or alias"
GUESSED = "job titles taken for the nearest title"
BY_WORDS = "job titles guessed by their words"
UNMATCHED = "jobs left out: no title is near theirs"
NO_POSITION = "jobs left out: without a title"
NO_START = "jobs left out: without a start"
NO_END = "pieces of education left out: without an end"
NO_NAME = "pieces of education left out: neither studyType nor area"
BAD_RESUME = "resumes with an error"

_LEFT_OUT = (NO_POSITION, NO_START, BACKWARDS, NO_END, NO_NAME, BAD_RESUME, TOO_SHORT)
HOW = {"exact": MATCHED, "alias": MATCHED, "nearest": GUESSED, "words": BY_WORDS, "unmatched": UNMATCHED}
"""What is counted of a title, by the way it was matched."""
TAKEN = (MATCHED, GUESSED, BY_WORDS)
"""Of these, what leaves nothing out."""


class Work(BaseModel):
    """One job, as far as it is read."""

    position: str | None = None
    startDate: str | None = None  # noqa: N815 (the format's own names)
    endDate: str | None = None  # noqa: N815


class Schooling(BaseModel):
    """One piece of education, as far as it is read."""

    studyType: str | None = None  # noqa: N815
    area: str | None = None
    endDate: str | None = None  # noqa: N815


class Resume(BaseModel):
    """One person's resume, as far as it is read."""

    work: list[Work] = []
    education: list[Schooling] = []


class JsonResumes:
    """Source of careers in JSON Resume files.

    Args:
        path: a folder of .json files, a .json file with one resume or a list of them, or a .jsonl file with one a line.
        least_similarity: likeness that the nearest title must have to be taken for one that is no title or alias,
            above 0 and at most 1; see `Snap`.
        matches: a file that gets each title that occurs with what it was taken for, how often and by which way; `None`
            for none.
        on_error: "stop" at the first resume with an error, or "skip" such resumes and count them.
        taxonomy: what titles are looked up in.

    Raises:
        UserError: an argument is none of these.
    """

    def __init__(
        self,
        path: Path | str,
        least_similarity: float,
        matches: Path | str | None,
        on_error: Literal["stop", "skip"],
        taxonomy: Taxonomy | None,
    ) -> None:
        if on_error not in ("stop", "skip"):
            raise UserError(f"data.on_error={on_error}: expected 'stop' or 'skip'.")
        if taxonomy is None:
            raise UserError(
                "data.taxonomy=own: everybody words a resume's titles anew, so they are matched to a taxonomy; choose "
                "data.taxonomy=onet."
            )
        self._path = Path(path).expanduser()
        self._matches = None if matches is None else Path(matches).expanduser()
        self._on_error = on_error
        self._taxonomy = taxonomy
        self._reader = TitleReader(taxonomy, least_similarity)

    def load(self) -> Loaded:
        """Read all resumes.

        Raises:
            UserError: a file can't be read, or nobody has two jobs; with on_error="stop" also a resume that is not as
                the format says (names file and field).
        """
        skipped = Counter(dict.fromkeys((*HOW.values(), *_LEFT_OUT), 0))
        taken: Counter[tuple[str, Way, str]] = Counter()
        careers: list[Career] = []
        for file, place, content in self._resumes():
            try:
                found = career(content, person_id(file, place), self._reader, skipped, taken)
            except UserError as error:
                self._fail(file, place, str(error), skipped)
                continue
            if len(found.jobs) < 2:
                skipped[TOO_SHORT] += 1
            else:
                careers.append(found)
        if self._matches is not None:
            write_jsonl(self._matches, (self._told(*one, n) for one, n in taken.most_common()))
        if not careers:
            counts = "; ".join(f"{n} {what}" for what, n in skipped.items() if n) or "no resume"
            raise UserError(f"data.path: {self._path} holds nobody with two jobs to learn a step from: {counts}.")
        return Loaded(tuple(careers), self._taxonomy, dict(skipped))

    def checksum(self) -> str:
        """Digest of the files and of the taxonomy they are read with.

        Raises:
            UserError: a file can't be read.
        """
        try:
            told = [f"{file.name} {checksum(file)}" for file in resume_files(self._path)]
        except OSError as error:
            raise UserError(f"data.path: could not read {error.filename}: {error.strerror}.") from error
        return labels_checksum("\n".join(told), self._taxonomy)

    def _resumes(self) -> Iterator[tuple[Path, int, str]]:
        """Each resume's file, its place there from 1 on, and its JSON."""
        for file in resume_files(self._path):
            try:
                text = file.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"data.path: could not read {file}: {error}.") from error
            if file.suffix.lower() == ".jsonl":
                yield from ((file, n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())
            else:
                yield from ((file, n, one) for n, one in enumerate(_listed(text), start=1))

    def _told(self, title: str, how: str, code: str, n: int) -> dict[str, Any]:
        return {"title": title, "how": how, "taken_for": self._taxonomy.title(code) if code else None, "times": n}

    def _fail(self, file: Path, place: int, reason: str, skipped: Counter[str]) -> None:
        if self._on_error == "stop":
            where = "" if place == 1 else f", resume {place}"
            raise UserError(
                f"data.path: {file}{where}: {reason.rstrip('.')}.\n"
                "Mend it, or skip such resumes with data.on_error=skip (they are counted in the report)."
            )
        skipped[BAD_RESUME] += 1


def career(
    content: str,
    name: str,
    reader: TitleReader,
    skipped: Counter[str],
    taken: Counter[tuple[str, Way, str]] | None = None,
) -> Career:
    """The career of one resume, jobs in order of their start.

    Args:
        content: JSON text.
        name: the person's id.
        reader: finds what occupation a title means.
        skipped: what was left out or guessed so far; grows.
        taken: titles, how they were matched and the code they were taken for ("" for none); grows.

    Raises:
        UserError: it is not JSON or not of the format; names the field and no content.
    """
    resume = parse(content)
    jobs: list[Job] = []
    # resumes begin with the latest job: of two with one start the later line came first
    for number, work in reversed(list(enumerate(resume.work, start=1))):
        start, end = (_date(f"work {number}", key, getattr(work, key)) for key in ("startDate", "endDate"))
        title = " ".join((work.position or "").split())
        if not title or start is None:
            skipped[NO_START if title else NO_POSITION] += 1
            continue
        how, code = reader(title)
        skipped[HOW[how]] += 1
        if taken is not None:
            taken[title, how, code or ""] += 1
        if end is not None and end.surely_before(start):
            skipped[BACKWARDS] += 1
            end = None
        if code is not None:
            jobs.append(Job(code, start, end))
    learned = tuple(_education(resume.education, skipped))
    return Career(Person(name), learned, merge_counted(sorted(jobs, key=lambda job: job.start), skipped))


def parse(content: str) -> Resume:
    """A resume's jobs and education.

    Raises:
        UserError: as `career`.
    """
    try:
        return Resume.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise UserError("it is not JSON") from error
        where = " ".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        wanted = {"list_type": "a list [...]", "string_type": "text in quotes"}.get(first["type"], "an object {...}")
        raise UserError(f"{where or 'the resume'}: expected {wanted}, as https://jsonresume.org/schema says") from error


def person_id(file: Path, place: int) -> str:
    """What a person is called, by the name of the file and the place in it: the same whoever else is there."""
    return hashlib.sha256(f"{file.name}:{place}".encode()).hexdigest()[:12]


def resume_files(path: Path) -> list[Path]:
    """The files to read, in order of their names.

    Raises:
        UserError: there is none.
    """
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in (".json", ".jsonl"))
    else:
        found = [path] if path.is_file() and path.suffix.lower() in (".json", ".jsonl") else []
    if not found:
        came = f"got {path}" if path.exists() else f"{path} does not exist"
        raise UserError(f"data.path: expected a folder of .json files, or a .json or .jsonl file; {came}.")
    return found


def _listed(text: str) -> list[str]:
    """Each of a list of resumes; of all else, be it good or bad, the text itself."""
    if not text.lstrip().startswith("["):
        return [text]
    try:
        return [json.dumps(one) for one in json.loads(text)]
    except json.JSONDecodeError:
        return [text]


def _education(schooling: Sequence[Schooling], skipped: Counter[str]) -> Iterator[Education]:
    dated: list[Education] = []
    for number, one in enumerate(schooling, start=1):
        date = _date(f"education {number}", "endDate", one.endDate)
        title = ", ".join(" ".join(part.split()) for part in (one.studyType, one.area) if part and part.strip())
        if date is None or not title:
            skipped[NO_END if date is None else NO_NAME] += 1
        else:
            dated.append(Education(date, title))
    yield from sorted(dated, key=lambda e: e.date)


def _date(where: str, key: str, text: str | None) -> Date | None:
    try:
        return read_date(text or "")
    except UserError:
        raise UserError(f"{where} {key}: expected a date {SUCH_AS}") from None
