"""The whole rankings of a finished job, in log_probs.npz beside its predictions.jsonl, which keeps ten titles a line.

The arrays: `log_probs` [transitions, occupations] (float32, natural log, -inf where not allowed), `person` and
`transition` (their keys, in the order of predictions.jsonl) and `codes` (the occupations, in order).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float

from reasoning_occ.errors import UserError

FILE = "log_probs.npz"
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Rankings:
    """What one recommender, by its name, said of some transitions, by their keys."""

    recommender: str
    codes: tuple[str, ...]
    rows: dict[Key, Float[np.ndarray, " occupations"]]


class Growing:
    """Rankings that grow row by row beside a journal and survive being cut off: a torn last row is dropped on opening.

    Args:
        folder: of the run.
        width: how many occupations there are.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self._final = folder / FILE
        self._part = folder / "log_probs.part.bin"
        self._width = width

    def __len__(self) -> int:
        return self._part.stat().st_size // (4 * self._width) if self._part.is_file() else 0

    def keep(self, rows: int) -> None:
        """Let the first rows stay and the others go."""
        if self._part.is_file():
            with open(self._part, "r+b") as file:
                file.truncate(min(rows, len(self)) * 4 * self._width)

    def append(self, log_probs: Float[np.ndarray, " occupations"]) -> None:
        """Add a row.

        Raises:
            UserError: the disk is full.
        """
        try:
            with open(self._part, "ab") as file:
                file.write(np.asarray(log_probs, dtype="<f4").tobytes())
        except OSError as error:
            raise UserError(f"Could not write {self._part}: {error.strerror or error}. Free some space.") from error

    def finish(self, keys: Sequence[Key], codes: Sequence[str]) -> None:
        """Write the file, whole or not at all; none where the recommender ranked nobody."""
        if len(self) != len(keys):
            return
        table = np.fromfile(self._part, dtype="<f4").reshape(len(keys), self._width)
        unfinished = self._final.with_name("log_probs.part.npz")
        np.savez_compressed(
            unfinished,
            log_probs=table,
            person=np.array([person for person, _ in keys]),
            transition=np.array([transition for _, transition in keys]),
            codes=np.array(codes),
        )
        unfinished.replace(self._final)

    def close(self) -> None:
        """Take the part file away, once the journal is finished."""
        self._part.unlink(missing_ok=True)


def read(folder: Path) -> Rankings:
    """The rankings of a finished job.

    Raises:
        UserError: there is none, or it can't be read.
    """
    path = folder / FILE
    if not path.is_file():
        why = (
            "it names one title a person and ranks none, or an earlier version made it"
            if (folder / "predictions.jsonl").is_file()
            else "it is no finished job's folder"
        )
        raise UserError(f"{folder} holds no {FILE}: {why}. Name folders of finished jobs that rank every occupation.")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            keys = zip(arrays["person"].tolist(), arrays["transition"].tolist(), strict=True)
            rows = dict(zip(keys, arrays["log_probs"].astype(np.float64), strict=True))
            codes = tuple(arrays["codes"].tolist())
        with open(folder / "predictions.jsonl", encoding="utf-8") as lines:
            name = str(next(iter(json.loads(next(lines))["predictions"])))
    except (OSError, EOFError, StopIteration, ValueError, KeyError, BadZipFile) as error:
        raise UserError(
            f"Could not read the rankings in {folder}: {error}. Run its job again in a new folder."
        ) from error
    return Rankings(name, codes, rows)
