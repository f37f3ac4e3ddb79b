"""Careers from the National Longitudinal Survey of Youth 1997: person-years with O*NET titles, or an extract.

An extract is what NLS Investigator writes, see `nls_extract`; a crosswalk gives its titles.

The table (CSV, packed or not) has a row for each person and year with a main job; see `person_years.COLUMNS`. Rows
become jobs and equal neighbours are merged, also across years without a row. Everything shown is dated:

- a row without a title is a gap in the record, not one more year in the job before it;
- degrees repeat on every row of a person, earned or not yet: each is dated by its own year, so that histories that end
  before it don't show it; a degree without a year is not shown at all;
- facts of a job come from its first row; pay is compared with the last wage on record before it;
- gender, race and region of residence serve slices of the evaluation; of these only the region is a fact of a job too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from math import log
from pathlib import Path
from typing import Literal

from reasoning_occ.careers import nls_extract
from reasoning_occ.careers.nls import pay
from reasoning_occ.careers.person_years import COLUMNS, DEGREES, UNKNOWN, PersonYear, header, read, table_row
from reasoning_occ.careers.source import TOO_SHORT, Loaded, labels_checksum, merge
from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum
from reasoning_occ.occupations import census2002
from reasoning_occ.occupations.census2002 import QUALITIES, Entry
from reasoning_occ.occupations.data_dir import VARIABLE, located
from reasoning_occ.occupations.taxonomy import Taxonomy

LABELS = ("crosswalk", "all")
# ours: shorter words for the longest of the published industries, since each token is paid for in every history
SECTORS = {
    "Information, finance, real estate, professional, administrative, education, health, social or arts services": (
        "information, business, education or health services"
    ),
    "Wholesale or retail trade, hotels or food services": "trade, hotels or food",
    "Construction, manufacturing, utilities, transportation or warehousing": "construction, manufacturing or transport",
    "Agriculture, forestry, fishing or mining, or not classified": "agriculture, mining or not classified",
}

NO_TITLE = "rows without a title (gaps)"
UNKNOWN_CODE = "of these with an occupation code that the crosswalk lacks"
NO_JOB = "people without any titled row"
UNSURE = "titled rows that data.quality does not let be asked for (kept in histories)"
AFTER_GAP = "years in the same occupation after a gap, which are not asked for (kept in histories)"
NOT_ASKED = "people none of whose later jobs may be asked for"
NO_DEGREE = "people without a dated degree (kept)"


class NLSY97:
    """Source of careers from person-years.

    Args:
        path: the table or extract; a relative path is looked for here, then in the folder of data sets.
        crosswalk: from Census 2002 codes to O*NET, likewise; read where it is needed, for an extract or for titles of
            the Census.
        data_dir: that folder; `None`: see `occupations.data_dir`.
        labels: "crosswalk", the taxonomy's occupations that the table names, or "all" of them.
        quality: of `QUALITIES`, which titles may be targets. Of a merged job the first row's counts.
        stays: whether each year is a job of its own and to stay is an answer (`Career.stays`).
        taxonomy: knows every code of the table.

    Raises:
        UserError: an argument is none of these.
    """

    def __init__(
        self,
        path: str,
        crosswalk: str,
        data_dir: str | None,
        labels: Literal["crosswalk", "all"],
        quality: Sequence[str],
        stays: bool,
        taxonomy: Taxonomy | None,
    ) -> None:
        if labels not in LABELS:
            raise UserError(f"data.labels: expected {' or '.join(LABELS)}; got '{labels}'.")
        if isinstance(quality, str) or not quality or not set(quality) <= set(QUALITIES):
            raise UserError(f"data.quality: expected a list of some of {', '.join(QUALITIES)}; got {quality!r}.")
        if not isinstance(stays, bool):
            raise UserError(f"data.stays: expected true or false; got {stays!r}.")
        if taxonomy is None:
            raise UserError(
                "data.taxonomy=own: data=nlsy97 takes its titles from a taxonomy; choose data.taxonomy=onet."
            )
        self._path, self._crosswalk, self._data_dir = path, crosswalk, data_dir
        self._labels, self._quality, self._stays = labels, frozenset(quality), stays
        self._taxonomy = taxonomy

    def load(self) -> Loaded:
        """Read the table.

        Raises:
            UserError: the file or a column is missing, a row is malformed (names the line), or nobody has a transition.
        """
        path = self._file()
        rows = self._rows(path)
        counted = (NO_TITLE, UNKNOWN_CODE, NO_JOB, TOO_SHORT, UNSURE, AFTER_GAP, NOT_ASKED, NO_DEGREE)
        skipped: Counter[str] = Counter(dict.fromkeys(counted, 0))
        careers: list[Career] = []
        for _, years in groupby(rows, key=lambda row: row.person):
            career = self._career(list(years), skipped)
            if career is not None:
                careers.append(career)
        if not careers:
            counts = "; ".join(f"{n:,} {what}" for what, n in skipped.items() if n) or "no row"
            raise UserError(f"data.path: {path} holds nobody with a step to learn from: {counts}.")
        return Loaded(tuple(careers), self._ranked(rows), dict(skipped))

    def checksum(self) -> str:
        """Digest of the table and of the taxonomy it is read with.

        Raises:
            UserError: the file is missing or can't be read.
        """
        path = self._file()
        files = [path, self._crosswalk_file()] if self._crosses(header(path)) else [path]
        try:
            return labels_checksum("".join(map(checksum, files)), self._taxonomy)
        except OSError as error:
            raise UserError(f"data=nlsy97: could not read {error.filename}: {error.strerror}.") from error

    def _file(self) -> Path:
        path = located(self._path, self._data_dir)
        if not path.is_file():
            raise UserError(
                f"data=nlsy97 expects the table of person-years {path}, which is missing. Set data_dir (or the "
                f"variable {VARIABLE}) to the folder that holds it, or data.path to the file."
            )
        return path

    def _crosswalk_file(self) -> Path:
        return census2002.present(located(self._crosswalk, self._data_dir))

    def _crosses(self, columns: Sequence[str]) -> bool:
        """Whether a file with these columns is read by way of the crosswalk."""
        return bool(nls_extract.years(columns)) or self._taxonomy.name == census2002.NAME

    def _rows(self, path: Path) -> list[PersonYear]:
        columns = header(path)
        crosswalk: Mapping[str, Entry] | None = None
        needed = COLUMNS
        if self._crosses(columns):
            crosswalk = census2002.crosswalk(self._crosswalk_file())
            needed = [*COLUMNS, "census_code"]
        if crosswalk is not None and nls_extract.years(columns):
            return read(path, partial(nls_extract.rows, crosswalk=crosswalk, taxonomy=self._taxonomy))
        if missing := [column for column in needed if column not in columns]:
            raise UserError(
                f"data.path: {path} has no column {', '.join(missing)}; it has: {', '.join(columns) or 'none'}. "
                f"Expected a row for each person and year, or an extract of NLS Investigator with {nls_extract.PERSON} "
                "and YEMP_OCCODE-2002.01_<year>."
            )
        return read(path, partial(table_row, crosswalk=crosswalk, taxonomy=self._taxonomy))

    def _ranked(self, rows: Sequence[PersonYear]) -> Taxonomy:
        if self._labels == "all":
            return self._taxonomy
        return self._taxonomy.only({row.occupation for row in rows if row.occupation is not None})

    def _career(self, rows: Sequence[PersonYear], skipped: Counter[str]) -> Career | None:
        """One person's career, or `None` (counted) where there is no transition."""
        skipped[NO_TITLE] += sum(row.occupation is None for row in rows)
        skipped[UNKNOWN_CODE] += sum(row.quality == UNKNOWN for row in rows)
        spells = self._spells(rows, skipped)
        jobs = tuple(spells) if self._stays else merge(spells)
        if len(jobs) < 2:
            skipped[TOO_SHORT if jobs else NO_JOB] += 1
            return None
        if not any(job.may_be_target for job in jobs[1:]):
            skipped[NOT_ASKED] += 1
            return None
        first = rows[0]
        skipped[NO_DEGREE] += not first.degrees
        return Career(Person(first.person, slices=_slices(rows)), education(first.degrees), jobs, stays=self._stays)

    def _spells(self, rows: Sequence[PersonYear], skipped: Counter[str]) -> list[Job]:
        """A job for each titled row."""
        spells: list[Job] = []
        last_wage: float | None = None
        employer, since = "", 0
        gap = False
        for row in rows:
            # another main job in between ends the count: the table doesn't tell whether this one was kept beside it
            if row.employer != employer:
                employer, since = row.employer, row.year
            if row.occupation is not None:
                # nobody knows whether it was a stay
                unseen = self._stays and gap and bool(spells) and spells[-1].occupation == row.occupation
                unsure = row.quality not in self._quality
                skipped[UNSURE] += unsure
                skipped[AFTER_GAP] += unseen
                year, facts = Date(row.year), _facts(row, since, last_wage)
                spells.append(Job(row.occupation, year, year, facts, not (unsure or unseen), row.quality))
            gap = row.occupation is None
            last_wage = row.wage or last_wage
        return spells


def education(degrees: Sequence[tuple[str, int]]) -> tuple[Education, ...]:
    """Degrees in order of the year they were earned, then of the years of school they stand for.

    Args:
        degrees: column of the table and year.
    """
    dated = [Education(Date(year), *DEGREES[column]) for column, year in degrees]
    return tuple(sorted(dated, key=lambda e: (e.date, e.school_years or 0)))


def _slices(rows: Sequence[PersonYear]) -> dict[str, str]:
    """Gender, race and the first region on record, where known."""
    known = {
        "gender": rows[0].gender,
        "race": rows[0].race,
        "region": next((row.region for row in rows if row.region), ""),
    }
    return {name: value for name, value in known.items() if value}


def _facts(row: PersonYear, since: int, last_wage: float | None) -> Facts:
    return Facts(
        tenure_years=float(row.year - since) if row.employer else None,
        region=row.region or None,
        # in money of the day: what prices rise in a year is mostly within what counts as no change
        pay=None if row.wage is None or last_wage is None else pay(log(row.wage / last_wage)),
        sector=SECTORS.get(row.industry, row.industry) or None,
        full_time=row.full_time,
        wage=row.wage,
    )
