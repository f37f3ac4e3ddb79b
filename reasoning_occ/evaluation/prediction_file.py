"""predictions.jsonl: a prediction a line.

The keys `ground_truth_occupation` and `predictions` are those of the metric script released with
arXiv 2604.21204, so that the script reads our files; the other keys hold the full ranking's summary.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.predictions import Prediction, Stay, Tempered
from reasoning_occ.files import read_jsonl, write_jsonl
from reasoning_occ.recommenders.base import Answer


def write(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write predictions.jsonl, whole or not at all."""
    write_jsonl(path, (to_row(p) for p in predictions))


def read(path: Path) -> list[Prediction]:
    """Read predictions.jsonl.

    Raises:
        UserError: the file can't be read, or a line is not a prediction (names line and key).
    """
    return [from_row(row, path, number) for number, row in enumerate(read_jsonl(path), start=1)]


def to_row(p: Prediction) -> dict[str, Any]:
    """The line of predictions.jsonl as a JSON object."""
    return {
        "person": p.person,
        "transition": p.transition,
        "ground_truth_occupation": {"onet_title": p.truth_title},
        "predictions": {p.recommender: p.title},
        "truth": p.truth,
        "top": [list(pair) for pair in p.top],
        "rank": p.rank,
        "log_prob": p.log_prob,
        "probability": p.probability,
        "reason": p.reason,
        "history": list(p.history),
        "slices": dict(p.slices),
        **({} if p.answer is None else {"answer": asdict(p.answer)}),
        **({} if p.decided is None else {"decided": p.decided}),
        **({} if p.stay is None else {"stay": p.stay._asdict()}),
        **({} if p.tempered is None else {"tempered": p.tempered._asdict()}),
    }


def from_row(row: Mapping[str, Any], path: Path, number: int) -> Prediction:
    """The prediction in a JSON object, which is line `number` of `path`.

    Raises:
        UserError: it is not a prediction (names file, line and key).
    """
    try:
        ((recommender, title),) = row["predictions"].items()
        found = Prediction(
            recommender=_a(str, recommender),
            person=_a(str, row["person"]),
            transition=_a(int, row["transition"]),
            truth=_a(str, row["truth"]),
            truth_title=_a(str, row["ground_truth_occupation"]["onet_title"]),
            top=tuple((_a(str, t), _a(float | None, p)) for t, p in row["top"]),
            rank=_a(int | None, row["rank"]),
            log_prob=_a(float | None, row["log_prob"]),
            probability=_a(float | None, row["probability"]),
            reason=_a(str | None, row["reason"]),
            history=tuple(_a(str, line) for line in row["history"]),
            slices={_a(str, k): _a(str, v) for k, v in row["slices"].items()},
            answer=Answer(**row["answer"]) if "answer" in row else None,
            decided=_a(str | None, row.get("decided")),
            stay=_read_stay(row["stay"]) if "stay" in row else None,
            tempered=_read_tempered(row["tempered"]) if "tempered" in row else None,
        )
    except KeyError as error:
        raise UserError(f"{path}, line {number}: a prediction needs the key {error}.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path}, line {number}: not a prediction ({error}).") from error
    if found.title != (title or ""):
        raise UserError(
            f"{path}, line {number}: 'predictions' says '{title}' and 'top' begins with '{found.title}'; "
            "they must name the same title."
        )
    return found


def _read_stay(row: Mapping[str, Any]) -> Stay:
    if not isinstance(row["stayed"], bool):
        raise TypeError(f"expected true or false, got {row['stayed']!r:.60}")
    return Stay(row["stayed"], _a(float, row["log_prob"]))


def _read_tempered(row: Mapping[str, Any]) -> Tempered:
    return Tempered(_a(float, row["log_prob"]), _a(float, row["probability"]))


def _a(kind: Any, value: Any) -> Any:
    """`value`, if it is of this kind and finite; whole numbers are good floats."""
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no finite number")
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(0.0, kind):
        return float(value)
    raise TypeError(f"expected {getattr(kind, '__name__', kind)}, got {value!r:.60}")
