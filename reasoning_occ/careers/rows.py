"""Careers of rows with one job each, whatever file they stand in: what `table`, `wide` and `career_files` share."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isnan, nan
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict

from reasoning_occ.careers.dates import read_date
from reasoning_occ.careers.lookup import Lookup
from reasoning_occ.careers.source import Loaded, Part
from reasoning_occ.careers.spells import Spell, assemble, own_taxonomy
from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum
from reasoning_occ.occupations import esco_onet
from reasoning_occ.occupations.taxonomy import Taxonomy

COLUMNS = ("person", "occupation", "title", "start", "end", "order", "education")

NO_OCCUPATION = "jobs of unknown occupation"
NO_START = "jobs without a start"
BAD_ROW = "rows, or jobs in them, with an error"
NO_JOB = "people without any job"

Fail = Callable[[str, str], None]
"""What is called with the place of an error and a sentence about it: stops, or counts it."""


class Row(NamedTuple):
    """One job as a file tells it.

    values: text by `COLUMNS`, those that the file has; columns: by the same, how an error names the place in the row;
    place, at: a sentence's part with blanks for file and row, and what fills them: filled in only where there is an
        error, as a file may have millions of rows.
    """

    place: str
    at: tuple[Path | int, ...]
    values: Mapping[str, str]
    columns: Mapping[str, str]

    def told(self, what: str | None = None) -> str:
        """Where it stands, and where in it the value of `what`."""
        return ", ".join([self.place.format(*self.at), *([] if what is None else [self.columns[what]])])


class Common(TypedDict):
    """Arguments that all these sources take.

    unknown: what stands for an unknown occupation or education beside an empty field; jobs without an occupation are
        left out and counted.
    on_error: "stop" at the first row with an error, or "skip" such rows and count them.
    name: of the taxonomy that the data make, where `taxonomy` is `None`.
    crosswalk: with the taxonomy onet, a file by which occupations of ESCO are carried over to it (see
        `occupations.esco_onet`), or `None`; a relative path is looked for in the folder of data sets.
    matches: a file that gets each occupation that occurs with what it was taken for; `None` for none.
    data_dir: the folder of data sets; `None`: see `occupations.data_dir`.
    taxonomy: what occupations are looked up in; `None` makes one of all that occur.
    """

    unknown: Sequence[str]
    on_error: Literal["stop", "skip"]
    name: str
    crosswalk: str | None
    matches: Path | str | None
    data_dir: str | None
    taxonomy: Taxonomy | None


class RowCareers(ABC):
    """A source whose files can be told as rows of one job each.

    Args:
        path: names the data in errors.
        unknown, on_error, name, crosswalk, matches, data_dir, taxonomy: see `Common`.

    Raises:
        UserError: an argument is none of its kind.
    """

    def __init__(
        self,
        path: Path,
        *,
        unknown: Sequence[str],
        on_error: Literal["stop", "skip"],
        name: str,
        crosswalk: str | None,
        matches: Path | str | None,
        data_dir: str | None,
        taxonomy: Taxonomy | None,
    ) -> None:
        if on_error not in ("stop", "skip"):
            raise UserError(f"data.on_error={on_error}: expected 'stop' or 'skip'.")
        self._path = path
        self._unknown = {"", *(word.lower() for word in unknown)}
        self._on_error, self._name, self._taxonomy = on_error, name, taxonomy
        self._matches = None if matches is None else Path(matches).expanduser()
        self._crosswalk = esco_onet.files(crosswalk, data_dir, taxonomy)

    @abstractmethod
    def files(self) -> list[tuple[Part | None, Path]]:
        """All files with the part of the publisher's split that each holds, if any.

        Raises:
            UserError: they are not there.
        """

    @abstractmethod
    def rows(self, skipped: Counter[str], fail: Fail) -> Iterator[tuple[Part | None, Iterable[Row]]]:
        """The rows of each part, by part. Rows with a fault that shows before their values are read go to `fail`."""

    def load(self) -> Loaded:
        """Read all files.

        Raises:
            UserError: a file can't be read, lacks a column or holds nobody with a transition; with on_error="stop" also
                a row with an error (names file, row and column).
        """
        skipped = Counter({BAD_ROW: 0, NO_OCCUPATION: 0, NO_START: 0})

        def fail(place: str, reason: str) -> None:
            if self._on_error == "stop":
                raise UserError(
                    f"data.path: {place}: {reason.rstrip('.')}.\n"
                    "Mend the row, or skip such rows with data.on_error=skip (they are counted in the report)."
                )
            skipped[BAD_ROW] += 1

        spells = [spell for part, rows in self.rows(skipped, fail) for spell in self._spells(part, rows, skipped, fail)]
        taxonomy = own_taxonomy(spells, self._name) if self._taxonomy is None else self._taxonomy
        lookup = Lookup(taxonomy, None if self._crosswalk is None else esco_onet.read(self._crosswalk))
        try:
            return assemble(spells, lookup, skipped, str(self._path))
        finally:
            # most of use where nobody was left
            if self._matches is not None:
                lookup.write(self._matches)

    def checksum(self) -> str:
        """Digest of the files, of the taxonomy they are read with and of the crosswalk to it.

        Raises:
            UserError: a file can't be read.
        """
        told: list[Any] = []
        for part, file in self.files() + [(None, file) for file in self._crosswalk or ()]:
            try:
                told.append([part, checksum(file)])
            except OSError as error:
                raise UserError(f"data.path: could not read {file}: {error.strerror}.") from error
        if self._taxonomy is not None:
            told.append([[o.code, o.title, o.aliases, self._taxonomy.related(o.code)] for o in self._taxonomy])
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def _spells(self, part: Part | None, rows: Iterable[Row], skipped: Counter[str], fail: Fail) -> Iterator[Spell]:
        found: list[tuple[tuple[float, int], Row]] = []
        for number, row in enumerate(rows):
            if not row.values["person"]:
                fail(row.told(), "no person")
                continue
            try:
                found.append(((_order(row), number), row))
            except UserError as error:
                fail(row.told("order"), str(error))
        # people with an order are sorted by it before jobs are numbered; else rows keep the file's order
        place: Counter[str] = Counter()
        for _, row in sorted(found, key=lambda one: one[0]):
            values = row.values
            if values["occupation"].lower() in self._unknown:
                skipped[NO_OCCUPATION] += 1
                continue
            place[values["person"]] += 1
            dates = _dates(row, place[values["person"]], fail)
            if dates is None:
                continue
            start, end = dates
            if start is None:
                skipped[NO_START] += 1
                continue
            title, education = values.get("title", ""), values.get("education", "")
            if education.lower() in self._unknown:
                education = ""
            yield Spell(values["person"], values["occupation"], start, end, title, education, part)


def check_columns(columns: Mapping[str, str | None], needs: Sequence[set[str]], known: Sequence[str] = COLUMNS) -> None:
    """Nothing, where a column map can be read.

    Args:
        columns: the map.
        needs: of each set it must name at least one.
        known: keys that there are.

    Raises:
        UserError: it has a strange key, or lacks one.
    """
    strange = [what for what in columns if what not in COLUMNS]
    if strange:
        raise UserError(f"data.columns.{strange[0]}: there is no such key; expected some of {', '.join(known)}.")
    given = {what for what, column in columns.items() if column}
    if idle := given - set(known):
        raise UserError(f"data.columns.{min(idle)}: it has no meaning here; leave it null.")
    for needed in needs:
        if not needed & given:
            raise UserError(f"data.columns: name the file's column of {' or '.join(sorted(needed))}.")


def _order(row: Row) -> float:
    if "order" not in row.values:
        return 0.0
    try:
        order = float(row.values["order"])
    except ValueError:
        order = nan
    if isnan(order):
        raise UserError(f"expected a number as order, got '{row.values['order']}'")
    return order


def _dates(row: Row, place: int, fail: Fail) -> tuple[Date | None, Date | None] | None:
    """Start and end of a job, the person's number `place`; `None` where one is no date."""
    if "start" not in row.values:
        return Date(place), None
    dates: list[Date | None] = []
    for what in ("start", "end"):
        try:
            dates.append(read_date(row.values.get(what, "")))
        except UserError as error:
            fail(row.told(what), str(error))
            return None
    return dates[0], dates[1]
