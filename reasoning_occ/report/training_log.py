"""The columns of a training log, such as metrics.csv, by step."""

import csv
from collections.abc import Sequence
from pathlib import Path

from reasoning_occ.errors import UserError

Curve = list[tuple[int, float]]
"""Steps and values."""


def curves(path: Path, names: Sequence[str]) -> dict[str, Curve]:
    """Some columns of a log, each without the rows that leave it empty; columns that are empty throughout, or of a log
    that is not there, are left out.

    Raises:
        UserError: the log can't be read, or lacks a column.
    """
    if not path.exists():
        return {}
    out: dict[str, Curve] = {}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for name in names:
                    if row[name] != "":  # None where a row is cut off
                        out.setdefault(name, []).append((int(row["step"]), float(row[name])))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"Could not read the training log {path}: {error}.") from error
    return out
