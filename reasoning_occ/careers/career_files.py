"""Careers in the parallel text files of CAREER (arXiv 2202.08370, https://github.com/keyonvafa/career-code).

For each part of the split there is a file of jobs, `train.job`, and beside it others of the same lines: `train.year`,
`train.education`. A line is a person; what it holds, one word for each observed year, stands apart by blanks.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from reasoning_occ.careers.rows import COLUMNS, NO_JOB, Common, Fail, Row, RowCareers, check_columns
from reasoning_occ.careers.source import Part
from reasoning_occ.careers.table import PARTS, check_parts
from reasoning_occ.errors import UserError

PLACE = "{}, line {}"
JOB_PLACE = f"{PLACE}, job {{}}"
KNOWN = tuple(what for what in COLUMNS if what not in ("person", "order"))


class CareerFiles(RowCareers):
    """Source of careers in parallel files.

    Each line is read as the rows of one job each that `table` reads. People are called by part and line. An education
    counts from the first year that tells it; underscores in it are blanks.

    Args:
        path: the folder.
        files: for each part ("train", "valid", "test") the name of its files before the ending; `None`: the part's own.
        columns: for "occupation", "title", "start", "end" and "education" the ending of the file that tells it, or
            `None`. `occupation` is needed. Without a `start` observations are dated by their number.
        common: see `rows.Common`.

    Raises:
        UserError: an argument is none of its kind.
    """

    def __init__(
        self,
        path: Path | str,
        files: Mapping[str, str] | None,
        columns: Mapping[str, str | None],
        **common: Unpack[Common],
    ) -> None:
        super().__init__(Path(path), **common)
        check_columns(columns, ({"occupation"},), KNOWN)
        check_parts(files)
        self._stems = {part: part for part in PARTS} if files is None else dict(files)
        self._columns = {what: column for what, column in columns.items() if column}

    def files(self) -> list[tuple[Part | None, Path]]:
        """As `RowCareers.files`."""
        return [(part, file) for part in self._parts() for file in dict.fromkeys(self._of(part).values())]

    def rows(self, skipped: Counter[str], fail: Fail) -> Iterator[tuple[Part | None, Iterator[Row]]]:
        """As `RowCareers.rows`."""
        for part in self._parts():
            yield part, self._rows(part, skipped, fail)

    def _parts(self) -> list[Part]:
        """Those whose jobs are there."""
        ending = self._columns["occupation"]
        wanted: dict[Part, str] = {part: f"{self._stems[part]}.{ending}" for part in PARTS if part in self._stems}
        there: list[Part] = [part for part, name in wanted.items() if (self._path / name).is_file()]
        missing = [name for part, name in wanted.items() if part not in there and part != "valid"]
        if missing:
            raise UserError(
                f"data.path: expected a folder with {', '.join(wanted.values())} (that of valid may be missing); "
                f"{self._path} has no {missing[0]}."
            )
        return there

    def _of(self, part: Part) -> dict[str, Path]:
        return {what: self._path / f"{self._stems[part]}.{ending}" for what, ending in self._columns.items()}

    def _rows(self, part: Part, skipped: Counter[str], fail: Fail) -> Iterator[Row]:
        files = self._of(part)
        told = {what: file.name for what, file in files.items()}
        for number, words in enumerate(_words(files), start=1):
            jobs = len(words["occupation"])
            uneven = [what for what, found in words.items() if len(found) != jobs]
            if uneven:
                reason = f"{jobs} words in {told['occupation']} and {len(words[uneven[0]])} in {told[uneven[0]]}"
                fail(PLACE.format(self._path, number), f"{reason}, not as many")
                continue
            skipped[NO_JOB] += not jobs
            for n in range(jobs):
                values = {what: found[n] for what, found in words.items()}
                if "education" in values:
                    values["education"] = values["education"].replace("_", " ")
                yield Row(JOB_PLACE, (self._path, number, n + 1), {"person": f"{part}-{number}", **values}, told)


def _words(files: Mapping[str, Path]) -> Iterator[dict[str, list[str]]]:
    """The words of each line, by what they tell."""
    texts = {file: _lines(file) for file in dict.fromkeys(files.values())}
    first = files["occupation"]
    for file, lines in texts.items():
        if len(lines) != len(texts[first]):
            raise UserError(
                f"data.path: {file} has {len(lines):,} lines and {first.name} {len(texts[first]):,}; a line is the "
                "same person in both. Get the files again."
            )
    for number in range(len(texts[first])):
        words = {file: lines[number].split() for file, lines in texts.items()}
        yield {what: words[file] for what, file in files.items()}


def _lines(file: Path) -> Sequence[str]:
    try:
        # of blank lines only the end of the last one is none
        return file.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except FileNotFoundError as error:
        raise UserError(
            f"data.path: no file {file}. Where no part has such a file, set its key of data.columns to null."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"data.path: could not read {file}: {getattr(error, 'strerror', None) or error}.") from error
