"""Which groups of predictions are looked at apart."""

from collections.abc import Sequence

from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.occupations.taxonomy import Taxonomy

UNKNOWN = "not known"
PAST_JOBS = "past jobs"
GROUP = "occupation group"

_STARTS = ((0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "4-5"), (6, "6-9"), (10, "10+"))
"""First number of past jobs of each bin, and the bin's label."""


def slices(predictions: Sequence[Prediction], taxonomy: Taxonomy) -> dict[str, dict[str, list[Prediction]]]:
    """Predictions by number of past jobs before the present one, by the truth's occupation group
    (where the taxonomy has groups), and by every fact in `Prediction.slices`.

    Each dimension holds every prediction once; a person without the fact is under "not known".
    """
    out: dict[str, dict[str, list[Prediction]]] = {PAST_JOBS: {label: [] for _, label in _STARTS}}
    for p in predictions:
        out[PAST_JOBS][past_jobs(p.transition)].append(p)
    if any(taxonomy[p.truth].group for p in predictions):
        out[GROUP] = _by([taxonomy[p.truth].group for p in predictions], predictions)
    for fact in sorted({fact for p in predictions for fact in p.slices}):
        out[fact] = _by([p.slices.get(fact, "") for p in predictions], predictions)
    return {dimension: {k: v for k, v in parts.items() if v} for dimension, parts in out.items()}


def past_jobs(n: int) -> str:
    """The label of the bin that `n` past jobs belong to."""
    return next(label for start, label in reversed(_STARTS) if n >= start)


def _by(labels: Sequence[str], predictions: Sequence[Prediction]) -> dict[str, list[Prediction]]:
    out: dict[str, list[Prediction]] = {label or UNKNOWN: [] for label in sorted(set(labels))}
    for label, p in zip(labels, predictions, strict=True):
        out[label or UNKNOWN].append(p)
    return out
