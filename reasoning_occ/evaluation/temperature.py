"""Temperature scaling: all log-probabilities divided by one number, fitted on validation people (Guo et al. 2017,
arXiv 1706.04599). It moves probabilities and no ranking.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.predictions import Prediction, predict, tempered
from reasoning_occ.files import Journal, read_jsonl
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Answer, Recommender

GRID = 1.05 ** np.arange(-36.0, 37.0)
"""Temperatures that are tried, from 0.17 to 5.8; ours. Near the best one the loss is flat: 2.5% are no matter."""

MOVED = ("log-loss", "Brier", "ECE")
"""The metrics that a temperature moves."""

FILE, JUDGED = "temperature.json", "valid_losses.jsonl"


@dataclass(frozen=True, slots=True)
class Temperature:
    """value: log-probabilities are divided by it. people, transitions: it was fitted on; 0 where it was given."""

    value: float
    people: int = 0
    transitions: int = 0

    @property
    def at_edge(self) -> bool:
        """Whether a fitted one is the least or greatest that was tried, so that the best may lie beyond."""
        return self.transitions > 0 and not GRID[0] < self.value < GRID[-1]

    def told(self) -> dict[str, Any]:
        """As it stands in files."""
        return {**asdict(self), "at_edge": self.at_edge}


def fit_temperature(
    recommender: Recommender, valid: Sequence[Transition], taxonomy: Taxonomy, folder: Path, together: int = 1
) -> Temperature:
    """Rank for validation people and choose the temperature with the least log-loss.

    Args:
        recommender: a fitted one that ranks.
        valid: transitions of validation people, with histories as the recommender sees them.
        taxonomy: of the ranking.
        folder: gets valid_losses.jsonl, row by row, so that what was cut off goes on.
        together: people who go through a model at once.

    Raises:
        UserError: there is nobody to fit on, a file is of other people, or a recommendation is no ranking.
    """
    if not valid:
        raise UserError("evaluation.temperature=fit: there are no validation people to fit it on; raise split.valid.")
    final = folder / JUDGED
    rows = list(read_jsonl(final)) if final.is_file() else _rank(recommender, valid, taxonomy, final, together)
    if [(row["person"], row["transition"]) for row in rows] != [t.key for t in valid]:
        raise UserError(f"{final} is not of this job's validation people. Move it away and start again.")
    value = best(np.array([row["losses"] for row in rows]))
    return Temperature(value, len({t.history.person.id for t in valid}), len(valid))


def best(losses_nt: Float[np.ndarray, "transitions temperatures"]) -> float:
    """Of `GRID` the temperature with the least mean loss."""
    return float(GRID[int(np.argmin(losses_nt.mean(0)))])


def losses(log_probs_o: Float[np.ndarray, " occupations"], truth: int) -> Float[np.ndarray, " temperatures"]:
    """The log-loss at each temperature of `GRID`, in nats."""
    return np.array([-tempered(log_probs_o, value)[truth] for value in GRID])


def _rank(
    recommender: Recommender, valid: Sequence[Transition], taxonomy: Taxonomy, final: Path, together: int
) -> list[dict[str, Any]]:
    journal = Journal(final)
    journal.keep(len(journal.rows) // together * together)
    waiting = valid[len(journal.rows) :]
    for t, told in zip(waiting, recommender.recommend([t.history for t in waiting]), strict=True):
        if isinstance(told, Answer):
            raise UserError("evaluation.temperature=fit: this recommender names one title and ranks none; take it out.")
        predict(t, told, taxonomy, recommender.name, ())  # refuses what is no ranking
        found = losses(np.asarray(told.log_probs, dtype=np.float64), taxonomy.index(t.target))
        journal.append([{"person": t.key[0], "transition": t.key[1], "losses": [round(x, 6) for x in found.tolist()]}])
    journal.finish()
    return journal.rows


def cooled(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Predictions with the probabilities that the temperature gives them; empty where one has none."""
    if any(p.tempered is None for p in predictions):
        return []
    return [
        replace(p, log_prob=p.tempered.log_prob, probability=p.tempered.probability)
        for p in predictions
        if p.tempered is not None
    ]
