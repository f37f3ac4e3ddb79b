"""Careers in the project's own format: JSON Lines, one person a line, as `careers/schema.py` describes it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from reasoning_occ.careers.schema import EducationRow, FactsRow, JobRow, PersonRow, parse, parse_date
from reasoning_occ.careers.source import CAPPED, MERGED, TOO_SHORT, Loaded, capped, labels_checksum, merge_counted
from reasoning_occ.careers.types import Career, Education, Facts, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum, write_jsonl
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

BAD_LINE = "lines with an error"


class JsonCareers:
    """Source of careers in the project's own format.

    Args:
        path: the file.
        on_error: "stop" at the first line with an error, or "skip" such people and count them.
        taxonomy: what occupations are looked up in; `None` makes one of all occupations that the file names, under
            their names as given, without relatedness.
        stays: whether jobs are dated observations, of which equal neighbours are not merged (`Career.stays`).
    """

    def __init__(
        self, path: Path | str, on_error: Literal["stop", "skip"], taxonomy: Taxonomy | None, stays: bool = False
    ) -> None:
        if on_error not in ("stop", "skip"):
            raise UserError(f"data.on_error={on_error}: expected 'stop' or 'skip'.")
        self._path = Path(path)
        self._on_error = on_error
        self._taxonomy = taxonomy
        self._stays = stays

    def load(self) -> Loaded:
        """Read the file.

        Raises:
            UserError: the file can't be read or holds no transition; with on_error="stop" also a line that is not as
                the schema says (names the line and the reason).
        """
        skipped: Counter[str] = Counter({BAD_LINE: 0, TOO_SHORT: 0, MERGED: 0, CAPPED: 0})
        rows = dict(self._good(self._lines(), skipped))
        taxonomy = _own_taxonomy(rows.values()) if self._taxonomy is None else self._taxonomy
        careers: list[Career] = []
        for number, row in rows.items():
            try:
                career = _career(row, taxonomy, skipped, self._stays)
            except UserError as error:
                self._fail(number, str(error), skipped)
                continue
            if len(career.jobs) < 2:
                skipped[TOO_SHORT] += 1
            else:
                careers.append(career)
        if not careers:
            counts = "; ".join(f"{n} {what}" for what, n in skipped.items() if n) or "no line"
            raise UserError(f"data.path: {self._path} holds nobody with two jobs to learn a step from: {counts}.")
        return Loaded(tuple(careers), taxonomy, dict(skipped))

    def checksum(self) -> str:
        """Digest of the file and of the taxonomy it is read with.

        Raises:
            UserError: the file can't be read.
        """
        try:
            digest = checksum(self._path)
        except OSError as error:
            raise UserError(f"data.path: could not read {self._path}: {error.strerror}.") from error
        return digest if self._taxonomy is None else labels_checksum(digest, self._taxonomy)

    def _lines(self) -> Iterator[tuple[int, str]]:
        try:
            text = self._path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"data.path: could not read {self._path}: {error}.") from error
        # not splitlines(), which also cuts at separators that JSON allows inside a string
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield number, line

    def _good(self, lines: Iterable[tuple[int, str]], skipped: Counter[str]) -> Iterator[tuple[int, PersonRow]]:
        seen: dict[str, int] = {}
        for number, line in lines:
            try:
                row = parse(line)
                if row.id in seen:
                    raise UserError(f"the person '{row.id}' is already on line {seen[row.id]}")
            except UserError as error:
                self._fail(number, str(error), skipped)
                continue
            seen[row.id] = number
            yield number, row

    def _fail(self, number: int, reason: str, skipped: Counter[str]) -> None:
        if self._on_error == "stop":
            raise UserError(
                f"data.path: {self._path}, line {number}: {reason.rstrip('.')}.\n"
                "Mend the line, or skip such people with data.on_error=skip (they are counted in the report)."
            )
        skipped[BAD_LINE] += 1


def write(careers: Iterable[Career], path: Path, taxonomy: Taxonomy) -> None:
    """Write careers in this format, whole or not at all; occupations by title, so that people can read them.

    Raises:
        UserError: the file can't be written.
        UnknownOccupation: a job's code is not in the taxonomy.
    """
    write_jsonl(path, (_row(career, taxonomy) for career in careers))


def _row(career: Career, taxonomy: Taxonomy) -> dict[str, Any]:
    person = career.person
    return PersonRow(
        id=person.id,
        birth_year=person.birth_year,
        slices=dict(person.slices),
        education=[
            EducationRow(date=str(e.date), title=e.title, school_years=e.school_years) for e in career.education
        ],
        jobs=[
            JobRow(
                occupation=taxonomy.title(job.occupation),
                start=str(job.start),
                end=None if job.end is None else str(job.end),
                facts=FactsRow(**asdict(job.facts)),
            )
            for job in career.jobs
        ],
    ).model_dump(exclude_defaults=True)


def _career(row: PersonRow, taxonomy: Taxonomy, skipped: Counter[str], stays: bool) -> Career:
    jobs = [
        Job(
            taxonomy.find(job.occupation),
            parse_date(job.start),
            None if job.end is None else parse_date(job.end),
            Facts(**job.facts.model_dump()),
        )
        for job in row.jobs
    ]
    learned = [Education(parse_date(e.date), e.title, e.school_years) for e in row.education]
    held = _capped_counted(jobs, skipped) if stays else merge_counted(jobs, skipped)
    return Career(Person(row.id, row.birth_year, row.slices), tuple(learned), held, stays=stays)


def _capped_counted(jobs: Sequence[Job], skipped: Counter[str]) -> tuple[Job, ...]:
    found = capped(jobs)
    skipped[CAPPED] += sum(now.end != before.end for now, before in zip(found, jobs, strict=True))
    return found


def _own_taxonomy(rows: Iterable[PersonRow]) -> Taxonomy:
    # names that differ in case alone are one occupation, under the spelling met first
    names: dict[str, str] = {}
    for row in rows:
        for job in row.jobs:
            names.setdefault(job.occupation.lower(), job.occupation)
    return Taxonomy("json", [Occupation(name, name) for _, name in sorted(names.items())], {})
