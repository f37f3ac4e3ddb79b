"""Predictions in, metrics.json out: every metric with n and a 95% interval, whole and by slice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.answers import answers
from reasoning_occ.evaluation.calibration import BINS, gaps
from reasoning_occ.evaluation.intervals import percentile_interval, resampled_sums, wilson
from reasoning_occ.evaluation.metrics import HITS, MEANS, confidence, scores
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.evaluation.slices import slices
from reasoning_occ.occupations.taxonomy import Taxonomy

METRICS = (*MEANS, "ECE")
"""The names of all metrics, in the order of tables."""

SHARES = ("AccEM", *(f"Hit@{k}" for k in HITS))
"""The metrics that count those who hit."""


def evaluate(predictions: Sequence[Prediction], taxonomy: Taxonomy, resamples: int, seed: int) -> dict[str, Any]:
    """Score one recommender.

    Args:
        predictions: of one recommender, one for each transition.
        taxonomy: knows every truth.
        resamples: bootstrap samples of people.
        seed: of the bootstrap.

    Returns:
        `{"AccEM": {"value", "n", "low", "high"}, ..., "counts": {"people", "transitions", "invalid",
        "unscored"}, "slices": {dimension: {label: the same metrics and counts}}, "recommender",
        "taxonomy": {"name", "note"}, "bootstrap": {"resamples", "seed"}}`, and "answers" (answers.py) where a
        recommender names one title and ranks none. `n` counts transitions that
        could be scored; `low` and `high` are `None` where fewer than two people were, and Wilson's where
        nobody or everybody hits (no bootstrap sample differs). invalid: no valid title (wrong in every
        metric); unscored: no probability for the truth.

    Raises:
        UserError: no predictions, more than one recommender, or a transition twice.
    """
    _check(predictions)
    return {
        **_summary(predictions, taxonomy, resamples, seed),
        "slices": {
            dimension: {label: _summary(part, taxonomy, resamples, seed) for label, part in parts.items()}
            for dimension, parts in slices(predictions, taxonomy).items()
        },
        "recommender": predictions[0].recommender,
        "taxonomy": {"name": taxonomy.name, "note": taxonomy.note},
        "bootstrap": {"resamples": resamples, "seed": seed},
        **({"answers": counted} if (counted := answers(predictions)) else {}),
    }


def paired(
    a: Sequence[Prediction], b: Sequence[Prediction], taxonomy: Taxonomy, resamples: int, seed: int
) -> dict[str, dict[str, float | int | None]]:
    """The difference a - b in every metric on the same transitions, with the interval of the difference.

    Both are resampled with the same draws of people, so what is hard for both cancels: the interval
    is narrower than the two recommenders' own suggest.

    Raises:
        UserError: the two were not tested on the same transitions.
    """
    _check(a)
    _check(b)
    unlike = {p.key for p in a} ^ {p.key for p in b}
    if unlike:
        raise UserError(
            f"A paired comparison needs the same transitions: {a[0].recommender} and {b[0].recommender} differ in "
            f"{len(unlike)}, such as {min(unlike)}; run both with the same data and split."
        )
    ours, theirs = _columns(a, taxonomy), _columns(b, taxonomy)
    resampled_a, resampled_b = (
        _metrics(resampled_sums(columns, [p.person for p in rows], resamples, seed))
        for columns, rows in ((ours, a), (theirs, b))
    )
    values = _metrics(ours.sum(0)) - _metrics(theirs.sum(0))
    n = np.minimum(_n(ours), _n(theirs))
    return _table(values, n, resampled_a - resampled_b, enough=len({p.person for p in a}) > 1)


def _check(predictions: Sequence[Prediction]) -> None:
    if not predictions:
        raise UserError("There are no predictions to evaluate: the test split has no transition.")
    names = sorted({p.recommender for p in predictions})
    if len(names) > 1:
        raise UserError(f"Expected the predictions of one recommender, got those of {', '.join(names)}.")
    if len({p.key for p in predictions}) < len(predictions):
        raise UserError(f"{names[0]}: a transition occurs twice among the predictions; each must occur once.")


def _summary(predictions: Sequence[Prediction], taxonomy: Taxonomy, resamples: int, seed: int) -> dict[str, Any]:
    columns = _columns(predictions, taxonomy)
    people = [p.person for p in predictions]
    values = _metrics(columns.sum(0))
    resampled = _metrics(resampled_sums(columns, people, resamples, seed))
    # absolute gaps grow with resampling noise: without this shift the interval of ECE would lie above its value
    bias = np.nanmean(resampled[:, -1]) - values[-1] if np.isfinite(values[-1]) else 0.0
    resampled[:, -1] = np.maximum(resampled[:, -1] - bias, 0.0)
    tested = len(set(people))
    found = _table(values, _n(columns), resampled, enough=tested > 1)
    for name in SHARES:
        share = found[name]["value"]
        if tested > 1 and share is not None and share in (0, 1):
            # of people, not transitions: those of one person resemble one another
            found[name]["low"], found[name]["high"] = wilson(share, tested)
    return {
        **found,
        "counts": {
            "people": tested,
            "transitions": len(predictions),
            "invalid": sum(not p.title for p in predictions),
            "unscored": sum(p.log_prob is None for p in predictions),
        },
    }


def _columns(predictions: Sequence[Prediction], taxonomy: Taxonomy) -> Float[np.ndarray, "predictions columns"]:
    """All that metrics are made of, as numbers to add up over rows: scores, whether scored, gaps by bin,
    whether there is a probability."""
    scores_rm = np.stack(list(scores(predictions, taxonomy).values()), axis=1)
    known_r1 = ~np.isnan(confidence(predictions))[:, None]
    return np.concatenate(
        [np.nan_to_num(scores_rm, nan=0.0), ~np.isnan(scores_rm), gaps(predictions), known_r1], axis=1
    )


def _metrics(sums: Float[np.ndarray, "*any columns"]) -> Float[np.ndarray, "*any metrics"]:
    """Metrics, in the order of `METRICS`, from sums of `_columns`; nan where nothing was scored."""
    m = len(MEANS)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[..., :m] / sums[..., m : 2 * m]
        ece = np.abs(sums[..., 2 * m : 2 * m + BINS]).sum(-1) / sums[..., -1]
    return np.concatenate([means, ece[..., None]], axis=-1)


def _n(columns: Float[np.ndarray, "predictions columns"]) -> Float[np.ndarray, " metrics"]:
    m = len(MEANS)
    return np.append(columns[:, m : 2 * m].sum(0), columns[:, -1].sum())


def _table(
    values: Float[np.ndarray, " metrics"],
    n: Float[np.ndarray, " metrics"],
    resampled: Float[np.ndarray, "resamples metrics"],
    enough: bool,
) -> dict[str, dict[str, float | int | None]]:
    out: dict[str, dict[str, float | int | None]] = {}
    for i, name in enumerate(METRICS):
        scored = bool(np.isfinite(values[i]))
        low, high = percentile_interval(resampled[:, i : i + 1])[:, 0] if scored and enough else (None, None)
        out[name] = {
            "value": float(values[i]) if scored else None,
            "n": int(n[i]),
            "low": None if low is None else float(low),
            "high": None if high is None else float(high),
        }
    return out
