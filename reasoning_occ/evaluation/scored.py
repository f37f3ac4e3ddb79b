"""scores.jsonl: every prediction's score in every metric, so that tables can compare recommenders pair by pair."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.calibration import gaps_of
from reasoning_occ.evaluation.metrics import MEANS, confidence, scores
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.files import read_jsonl, write_jsonl
from reasoning_occ.occupations.taxonomy import Taxonomy

_PROBABILITY = "top probability"


@dataclass(frozen=True, slots=True)
class Scored:
    """One recommender's scores, one row a prediction.

    keys: the person and the number of past jobs. truths: codes of what came next, "" where that is not
    kept. means: in the order of `MEANS`, nan
    where a metric can't score. probabilities: of the top title, nan where there is none.
    """

    keys: tuple[tuple[str, int], ...]
    truths: tuple[str, ...]
    means: Float[np.ndarray, "predictions metrics"]
    probabilities: Float[np.ndarray, " predictions"]

    @property
    def people(self) -> list[str]:
        """Whose prediction each row is."""
        return [person for person, _ in self.keys]

    def only(self, keys: Collection[tuple[str, int]]) -> "Scored":
        """The rows of some predictions, in this one's order.

        Raises:
            UserError: one of them is not here.
        """
        kept = [i for i, key in enumerate(self.keys) if key in keys]
        if len(kept) != len(keys):
            raise UserError(f"{len(keys) - len(kept)} of {len(keys)} transitions were not scored here.")
        rows = zip(*((self.keys[i], self.truths[i]) for i in kept), strict=True)
        named, truths = rows if kept else ((), ())
        return Scored(tuple(named), tuple(truths), self.means[kept], self.probabilities[kept])

    @property
    def columns(self) -> Float[np.ndarray, "predictions columns"]:
        """All that metrics are made of, as numbers to add up over rows: scores, whether scored, gaps by bin, whether
        there is a probability."""
        gaps = gaps_of(self.probabilities, self.means[:, MEANS.index("AccEM")])
        known_r1 = ~np.isnan(self.probabilities)[:, None]
        return np.concatenate([np.nan_to_num(self.means, nan=0.0), ~np.isnan(self.means), gaps, known_r1], axis=1)


def score(predictions: Sequence[Prediction], taxonomy: Taxonomy) -> Scored:
    """Score predictions.

    Raises:
        UnknownOccupation: a truth is not in the taxonomy.
    """
    means = np.stack(list(scores(predictions, taxonomy).values()), axis=1)
    return Scored(
        tuple(p.key for p in predictions), tuple(p.truth for p in predictions), means, confidence(predictions)
    )


def averaged(several: Sequence[Scored]) -> Scored:
    """The mean scores of one recommender trained with several seeds, transition by transition.

    Raises:
        UserError: they were not tested on the same transitions.
    """
    first, *others = several
    for other in others:
        if set(other.keys) != set(first.keys):
            raise UserError(
                f"Seeds of one recommender must be tested on the same transitions: {len(first.keys)} and "
                f"{len(other.keys)} of them differ in {len(set(first.keys) ^ set(other.keys))}. Keep split.seed fixed."
            )
    ordered = [sorted(range(len(one.keys)), key=one.keys.__getitem__) for one in several]
    means = np.mean([one.means[order] for one, order in zip(several, ordered, strict=True)], axis=0)
    probabilities = np.mean([one.probabilities[order] for one, order in zip(several, ordered, strict=True)], axis=0)
    keys, truths = tuple(first.keys[i] for i in ordered[0]), tuple(first.truths[i] for i in ordered[0])
    return Scored(keys, truths, means, probabilities)


def write(path: Path, scored: Scored) -> None:
    """Write scores.jsonl, whole or not at all; null is what a metric can't score."""
    rows = zip(scored.keys, scored.truths, scored.means.tolist(), scored.probabilities.tolist(), strict=True)
    write_jsonl(
        path,
        (
            {"person": person, "transition": transition, "truth": truth}
            | {name: None if np.isnan(x) else x for name, x in zip(MEANS, means, strict=True)}
            | {_PROBABILITY: None if np.isnan(probability) else probability}
            for (person, transition), truth, means, probability in rows
        ),
    )


def read(path: Path) -> Scored:
    """Read scores.jsonl.

    Raises:
        UserError: the file can't be read, or a line is not a prediction's scores.
    """
    rows = list(read_jsonl(path))
    try:
        table = np.array([[row[name] for name in (*MEANS, _PROBABILITY)] for row in rows], dtype=np.float64)
        keys = tuple((str(row["person"]), int(row["transition"])) for row in rows)
        return Scored(keys, tuple(str(row["truth"]) for row in rows), table[:, :-1], table[:, -1])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            f"{path}: not the scores of predictions ({error}); run the job again to write it anew."
        ) from error
