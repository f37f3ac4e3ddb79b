"""Labels by people: a file to fill in, which shows nothing of the judge, and the filled-in file read back."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.sample import Asked
from reasoning_occ.files import whole
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.types import CRITERIA, Criterion, Score

COLUMNS = ("key", "history", "reason", "next_occupation", *CRITERIA)
_SCORES = {str(score): score for score in (1, 2, 3, 4, 5)}
# what a spreadsheet takes for a formula when a cell begins with it
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def key(asked: Asked) -> str:
    """Names a candidate in a file of labels: another text has another key, and no id of a person is in it."""
    person, t = asked.transition.key
    named = hashlib.sha256(f"{t} {asked.number} {person}\n{asked.candidate.text}".encode("utf-8", "surrogatepass"))
    # a letter first, so that no spreadsheet reads a number or a date
    return f"k{named.hexdigest()[:12]}"


def write_template(path: Path, asked: Sequence[Asked], taxonomy: Taxonomy) -> None:
    """Write the file to fill in: a row a reason, with blank columns for the three scores.

    Raises:
        UserError: the file is there already (it may hold labels) or can't be written.
    """
    if path.exists():
        raise UserError(f"{path} is there already and may hold labels. Give another name, or move it away.")
    with whole(path) as file:
        file.write("\ufeff")  # without it spreadsheets take UTF-8 for something else
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for one in asked:
            history = "\n".join(events(one.transition.history, taxonomy))
            cells = (history, one.candidate.text, taxonomy.title(one.transition.target))
            rows.writerow(
                [key(one), *(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells), "", "", ""]
            )


def read_labels(path: Path, known: Mapping[str, Asked]) -> dict[str, dict[Criterion, Score]]:
    """The scores that people gave, by key; reasons of which no score was given are left out.

    Args:
        path: a filled-in file of `write_template`; of its columns key and the criteria are read.
        known: the run's candidates by key.

    Raises:
        UserError: the file can't be read, lacks a column, or a line has an unknown key or a value that is no score
            (names file and line).
    """
    found: dict[str, dict[Criterion, Score]] = {}
    seen: dict[str, int] = {}
    for line, row in _rows(path):
        name = (row["key"] or "").strip()
        if name not in known:
            raise UserError(f"{path}, line {line}: this run has no reason with the key '{name}'.")
        if name in seen:
            raise UserError(f"{path}, line {line}: the key '{name}' was on line {seen[name]} already.")
        seen[name] = line
        scores: dict[Criterion, Score] = {
            criterion: _score(path, line, criterion, row[criterion]) for criterion in CRITERIA
        }
        if any(score.value is not None for score in scores.values()):
            found[name] = scores
    if not found:
        raise UserError(f"{path} holds no label: fill in {', '.join(CRITERIA)} with whole numbers from 1 to 5.")
    return found


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Rows with the line on which each begins: a history takes several."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Could not read {path}: {error}. Expected a CSV file in UTF-8.") from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if lacking := [name for name in ("key", *CRITERIA) if name not in (rows.fieldnames or ())]:
        raise UserError(f"{path}, line 1: expected the columns {', '.join(COLUMNS)}, by commas; no {lacking[0]}.")
    line = rows.line_num + 1
    try:
        for row in rows:
            yield line, row
            line = rows.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, line {line}: not CSV ({error}).") from error


def _score(path: Path, line: int, criterion: Criterion, cell: str | None) -> Score:
    given = (cell or "").strip()
    if not given:
        return Score(None, "Not labelled.")
    if given not in _SCORES:
        raise UserError(
            f"{path}, line {line}: {criterion} is '{given}'; expected a whole number from 1 to 5, or nothing."
        )
    return Score(_SCORES[given], "")
