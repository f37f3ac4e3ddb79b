"""How the answers of a recommender that names one title became occupations, counted."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.occupations.snap import Match
from reasoning_occ.recommenders.base import How

MATCHES: tuple[Match, ...] = get_args(Match)


def answers(predictions: Sequence[Prediction]) -> dict[str, int]:
    """Counts of answers; empty where nobody answered but all was ranked.

    Returns:
        `{"raw": those in which a title could be read, "exact", "alias", "nearest", "unmatched": what became of them,
        "present": those that named the present occupation, which is wrong, "refused", "cut off", "unreadable": those
        in which no title could be read}`.
    """
    found = [p for p in predictions if p.answer is not None]
    if not found:
        return {}
    counts = Counter(p.answer.how for p in found if p.answer is not None)
    present = sum(p.answer is not None and p.answer.code is not None and not p.title for p in found)
    return {
        "raw": sum(counts[how] for how in MATCHES),
        **{how: counts[how] for how in MATCHES},
        "present": present,
        **{how: counts[how] for how in get_args(How) if how not in MATCHES},
    }
