"""Scores that people give to reasons, in the CSV that `python -m reasoning_occ.audit RUN_DIR --labels` reads.

One file a person who scores, RUN_DIR/labels/NAME.csv, in the layout of `--label-template`. It is read anew before each
change and written whole, so no score is lost, whoever else has changed it in between.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.humans import COLUMNS, key, write_template
from reasoning_occ.evaluation.audit.sample import Asked
from reasoning_occ.files import alone, whole
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.types import CRITERIA, Criterion

FOLDER = "labels"
Scores = Mapping[Criterion, int | None]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_SCORES = {"": None, **{str(score): score for score in (1, 2, 3, 4, 5)}}
_AT_ONCE = Lock()  # `alone` holds the folder against other processes


def file_of(run: Path, name: str | None) -> Path:
    """Where the scores of a person are kept.

    Raises:
        UserError: the name would make no plain file name.
    """
    given = (name or "").strip()
    if not _NAME.fullmatch(given):
        raise UserError(
            "Your name: expected up to 40 letters (a to z), digits, - and _, such as anna; it names the file."
        )
    return run / FOLDER / f"{given}.csv"


def read(path: Path) -> dict[str, dict[Criterion, int | None]]:
    """The scores in a file by the reason's key; empty where there is no file yet.

    Raises:
        UserError: it can't be read, or holds something that is no score.
    """
    return {row["key"]: _scores(path, row) for row in _rows(path)} if path.exists() else {}


def save(path: Path, sample: Sequence[Asked], taxonomy: Taxonomy, scored: Asked, scores: Scores) -> int:
    """Keep the scores of one reason; those of others stay as they are.

    Args:
        path: as `file_of`.
        sample: reasons that a new file lists.
        taxonomy: the run's.
        scored: the reason.
        scores: `None` where a criterion is not scored.

    Returns:
        How many reasons of the file have a score now.

    Raises:
        UserError: no score is given, the file that is there can't be read (it is left alone), or none can be written.
    """
    if all(score is None for score in scores.values()):
        raise UserError("Give at least one score before you save.")
    with _AT_ONCE, alone(path.parent, busy=lambda: None):
        rows = _rows(path) if path.exists() else _template(sample, taxonomy)
        if key(scored) not in {row["key"] for row in rows}:
            rows += _template([scored], taxonomy)
        for row in rows:
            if row["key"] == key(scored):
                row.update({criterion: _cell(scores.get(criterion)) for criterion in CRITERIA})
        done = sum(any(score is not None for score in _scores(path, row).values()) for row in rows)
        columns = list(rows[0])
        with whole(path) as file:
            file.write("\ufeff")  # as the template has it, for spreadsheets
            out = csv.DictWriter(file, columns, lineterminator="\n")
            out.writeheader()
            out.writerows(rows)
    return done


def _template(sample: Sequence[Asked], taxonomy: Taxonomy) -> list[dict[str, str]]:
    """The rows that `--label-template` would write."""
    with TemporaryDirectory(prefix="reasoning_occ-") as folder:
        path = Path(folder) / "template.csv"
        write_template(path, sample, taxonomy)
        return _rows(path)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        found = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
        lacking = [name for name in COLUMNS if name not in (found.fieldnames or ())]
        if lacking:
            raise UserError(f"{path} has no column {lacking[0]}. Move it away; the next save writes a new one.")
        rows = [dict(row) for row in found]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} can't be read ({error}). Mend it or move it away; it is left as it is.") from error
    if any(None in row or None in row.values() for row in rows):
        raise UserError(f"{path}: a row has more or fewer cells than there are columns; it is left as it is.")
    return rows


def _scores(path: Path, row: Mapping[str, str]) -> dict[Criterion, int | None]:
    for criterion in CRITERIA:
        if row[criterion].strip() not in _SCORES:
            raise UserError(
                f"{path}: {criterion} of {row['key']} is '{row[criterion][:20]}'; expected a whole number from 1 to 5, "
                "or nothing. Mend it first; the file is left as it is."
            )
    return {criterion: _SCORES[row[criterion].strip()] for criterion in CRITERIA}


def _cell(score: int | None) -> str:
    return "" if score is None else str(score)
