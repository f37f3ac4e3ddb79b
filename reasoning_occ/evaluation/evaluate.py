"""Predictions in, metrics.json out: every metric with n and a 95% interval, whole and by slice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.answers import answers
from reasoning_occ.evaluation.calibration import BINS
from reasoning_occ.evaluation.coverage import coverage
from reasoning_occ.evaluation.intervals import mean, percentile_interval, resampled_sums, wilson
from reasoning_occ.evaluation.metrics import EXPECTED, HITS, MEANS, decided_match, related_match
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.evaluation.scored import Scored, score
from reasoning_occ.evaluation.situation import Situations
from reasoning_occ.evaluation.slices import slices
from reasoning_occ.evaluation.temperature import MOVED, cooled
from reasoning_occ.evaluation.two_step import two_step
from reasoning_occ.occupations.taxonomy import Taxonomy

METRICS = (*MEANS, "ECE")
"""The names of all metrics, in the order of tables."""

SHARES = ("AccEM", *(f"Hit@{k}" for k in HITS))
"""The metrics that count those who hit."""


def evaluate(
    predictions: Sequence[Prediction],
    taxonomy: Taxonomy,
    resamples: int,
    seed: int,
    situations: Situations | None = None,
) -> dict[str, Any]:
    """Score one recommender.

    Args:
        predictions: of one recommender, one for each transition.
        taxonomy: knows every truth.
        resamples: bootstrap samples of people.
        seed: of the bootstrap.
        situations: of the transitions, for slices; `None`: only those slices that predictions tell by themselves.

    Returns:
        `{"AccEM": {"value", "n", "low", "high"}, ..., "counts": {"people", "transitions", "invalid",
        "unscored"}, "slices": {dimension: {label: the same metrics and counts}}, "coverage" (coverage.py),
        "recommender", "taxonomy": {"name", "note"}, "bootstrap": {"resamples", "seed"}}`, "answers" (answers.py) where
        a recommender names one title and ranks none, "two_step" (two_step.py) where staying is an answer, "tempered":
        the metrics of probabilities where there is a temperature, and where
        titles were decided on (`Prediction.decided`) "AccRM (expected)", the AccRM of those, and "decision":
        {"changed": transitions in which it is not the first title, "gain": AccRM (expected) less AccRM}. `n` counts
        transitions that could be scored; `low` and `high` are `None` where fewer than two people were, and Wilson's
        where nobody or everybody hits (no bootstrap sample differs).
        invalid: no valid title (wrong in every metric); unscored: no probability for the truth.

    Raises:
        UserError: no predictions, more than one recommender, or a transition twice.
    """
    _check(predictions)
    return {
        **_summary(predictions, taxonomy, resamples, seed),
        "slices": {
            dimension: {label: _summary(part, taxonomy, resamples, seed) for label, part in parts.items()}
            for dimension, parts in slices(predictions, taxonomy, situations).items()
        },
        "coverage": coverage(predictions, taxonomy),
        "recommender": predictions[0].recommender,
        "taxonomy": {"name": taxonomy.name, "note": taxonomy.note},
        "bootstrap": {"resamples": resamples, "seed": seed},
        **_decision(predictions, taxonomy, resamples, seed),
        **two_step(predictions, resamples, seed),
        **_tempered(predictions, taxonomy, resamples, seed),
        **({"answers": counted} if (counted := answers(predictions)) else {}),
    }


def _decision(predictions: Sequence[Prediction], taxonomy: Taxonomy, resamples: int, seed: int) -> dict[str, Any]:
    """What another way to choose the title gains; nothing where none was."""
    if any(p.decided is None for p in predictions):
        return {}
    gains = decided_match(predictions, taxonomy) - related_match(predictions, taxonomy)
    gain = mean([(p.person, float(g)) for p, g in zip(predictions, gains, strict=True)], resamples, seed)
    return {"decision": {"changed": sum(p.decided != p.title for p in predictions), "gain": gain}}


def _tempered(predictions: Sequence[Prediction], taxonomy: Taxonomy, resamples: int, seed: int) -> dict[str, Any]:
    """Metrics of probabilities at the job's temperature; nothing where there is none."""
    new = cooled(predictions)
    if not new:
        return {}
    found = _summary(new, taxonomy, resamples, seed)
    return {"tempered": {name: found[name] for name in MOVED}}


def _check(predictions: Sequence[Prediction]) -> None:
    if not predictions:
        raise UserError("There are no predictions to evaluate: the test split has no transition.")
    names = sorted({p.recommender for p in predictions})
    if len(names) > 1:
        raise UserError(f"Expected the predictions of one recommender, got those of {', '.join(names)}.")
    if len({p.key for p in predictions}) < len(predictions):
        raise UserError(f"{names[0]}: a transition occurs twice among the predictions; each must occur once.")


def _summary(predictions: Sequence[Prediction], taxonomy: Taxonomy, resamples: int, seed: int) -> dict[str, Any]:
    scored = score(predictions, taxonomy)
    people, tested = scored.people, len(set(scored.people))
    found = summarised(scored, resamples, seed)
    if all(p.decided is not None for p in predictions):
        scores = decided_match(predictions, taxonomy)
        pairs = [(person, float(x)) for person, x in zip(people, scores, strict=True)]
        found[EXPECTED] = mean(pairs, resamples, seed)
    return {
        **found,
        "counts": {
            "people": tested,
            "transitions": len(predictions),
            "invalid": sum(not p.title for p in predictions),
            "unscored": sum(p.log_prob is None for p in predictions),
        },
    }


def summarised(scored: Scored, resamples: int, seed: int) -> dict[str, dict[str, float | int | None]]:
    """Every metric with its n and interval by the names of `METRICS`, from scores."""
    columns, people = scored.columns, scored.people
    values = metrics_of(columns.sum(0))
    resampled = metrics_of(resampled_sums(columns, people, resamples, seed))
    # absolute gaps grow with resampling noise: without this shift the interval of ECE would lie above its value
    bias = np.nanmean(resampled[:, -1]) - values[-1] if np.isfinite(values[-1]) else 0.0
    resampled[:, -1] = np.maximum(resampled[:, -1] - bias, 0.0)
    tested = len(set(people))
    found = summary(values, number_scored(columns), resampled, enough=tested > 1)
    for name in SHARES:
        share = found[name]["value"]
        if tested > 1 and share is not None and share in (0, 1):
            # of people, not transitions: those of one person resemble one another
            found[name]["low"], found[name]["high"] = wilson(share, tested)
    return found


def metrics_of(sums: Float[np.ndarray, "*any columns"]) -> Float[np.ndarray, "*any metrics"]:
    """Metrics, in the order of `METRICS`, from sums of `Scored.columns`; nan where nothing was scored."""
    m = len(MEANS)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[..., :m] / sums[..., m : 2 * m]
        ece = np.abs(sums[..., 2 * m : 2 * m + BINS]).sum(-1) / sums[..., -1]
    return np.concatenate([means, ece[..., None]], axis=-1)


def number_scored(columns: Float[np.ndarray, "predictions columns"]) -> Float[np.ndarray, " metrics"]:
    """How many predictions each metric could score."""
    m = len(MEANS)
    return np.append(columns[:, m : 2 * m].sum(0), columns[:, -1].sum())


def summary(
    values: Float[np.ndarray, " metrics"],
    n: Float[np.ndarray, " metrics"],
    resampled: Float[np.ndarray, "resamples metrics"],
    enough: bool,
) -> dict[str, dict[str, float | int | None]]:
    """Values with their n and interval by the names of `METRICS`; no interval where there are not people enough."""
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
