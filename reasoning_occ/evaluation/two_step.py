"""The log-loss in two steps where staying is an answer: stay or move, and which occupation given a move.

As in CAREER (Vafa et al.): the probability of a move to an occupation is that of moving at all times that of the
occupation among all moves, so the two losses add up to the whole.
"""

from collections.abc import Sequence
from typing import Any

from reasoning_occ.evaluation.intervals import mean, share
from reasoning_occ.evaluation.predictions import Prediction

STEP, WHICH, MOVED = "stay or move", "which, of moves", "share that moved"
PARTS = (STEP, WHICH, MOVED)


def two_step(predictions: Sequence[Prediction], resamples: int, seed: int) -> dict[str, Any]:
    """Both log-losses in nats, and the share that moved, each with n and a 95% interval from a bootstrap over people.

    Returns:
        `{"two_step": {"stay or move", "which, of moves", "share that moved"}}`, each in the form of a metric; nothing
        where staying is no answer.
    """
    steps = [(p, p.stay) for p in predictions if p.stay is not None and p.log_prob is not None]
    if not steps:
        return {}
    moves = [(p.person, stay.log_prob - p.log_prob) for p, stay in steps if not stay.stayed and p.log_prob is not None]
    found = {
        STEP: mean([(p.person, -stay.log_prob) for p, stay in steps], resamples, seed),
        WHICH: mean(moves, resamples, seed),
        MOVED: share([(p.person, not stay.stayed) for p, stay in steps], resamples, seed),
    }
    return {"two_step": found}
