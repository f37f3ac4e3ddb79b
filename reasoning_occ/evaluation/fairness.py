"""The largest gap between groups of people: in how often the truth is among the first five, and in how true the
probabilities are.

The largest of several differences lies above zero even where all groups are served alike, and the more so the smaller
they are. So beside each gap stands what chance alone gives (the mean over shuffles of who belongs to which group), and
groups of few people are left out by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from reasoning_occ.evaluation.intervals import percentile_interval, resampled_sums
from reasoning_occ.evaluation.metrics import confidence, exact_match
from reasoning_occ.evaluation.predictions import Prediction

HIT, SURE = "Hit@5", "too sure"
"""What gaps are looked at: a share, and the mean probability of the top title less the share in which it is right."""

FIGURES = (HIT, SURE)
_WITHIN = 5


def fairness(predictions: Sequence[Prediction], resamples: int, seed: int, at_least: int) -> dict[str, Any]:
    """Gaps between the groups of each fact of a person that no recommender saw (`Prediction.slices`).

    Args:
        predictions: of one recommender.
        resamples: bootstrap samples of people, and shuffles.
        seed: of both.
        at_least: people that a group must have.

    Returns:
        `{"at_least", "dimensions": {fact: {"groups": {label: {"people", "transitions", "Hit@5", "too sure"}},
        "left_out": {label: people}, "unknown": people without the fact, "gaps": {"Hit@5": {"value", "low", "high", "n":
        transitions, "highest", "lowest": labels, "by_chance": mean gap of shuffles, "p": share of them with a gap as
        large}, "too sure": the same}}}}`. Gaps are `None` where fewer than two groups are left, or nothing is ranked.
    """
    facts = sorted({fact for p in predictions for fact in p.slices})
    return {
        "at_least": at_least,
        "dimensions": {fact: _dimension(predictions, fact, resamples, seed, at_least) for fact in facts},
    }


def _dimension(
    predictions: Sequence[Prediction], fact: str, resamples: int, seed: int, at_least: int
) -> dict[str, Any]:
    labels = {p.person: p.slices.get(fact, "") for p in predictions}
    people = {label: sum(other == label for other in labels.values()) for label in sorted(set(labels.values()))}
    unknown = people.pop("", 0)
    kept = [label for label, n in people.items() if n >= at_least]
    mine = [p for p in predictions if labels[p.person] in kept]
    ids = sorted({p.person for p in mine})
    sums_pc = _per_person(mine, ids)
    group_p = np.array([kept.index(labels[person]) for person in ids], dtype=int)
    values_fg = _figures(_by_group(sums_pc, group_p, len(kept)))
    transitions = _by_group(_counts(mine, ids), group_p, len(kept))[:, 0]
    groups = {
        label: {"people": people[label], "transitions": int(transitions[g])}
        | {name: _number(values_fg[f, g]) for f, name in enumerate(FIGURES)}
        for g, label in enumerate(kept)
    }
    found: dict[str, Any] = dict.fromkeys(FIGURES)
    if len(kept) > 1:
        resampled_rf = _gaps(_resampled(sums_pc, group_p, len(kept), ids, resamples, seed))
        shuffled_rf = _gaps(_shuffled(sums_pc, group_p, len(kept), resamples, seed))
        for f, name in enumerate(FIGURES):
            if np.isfinite(values_fg[f]).all():
                about = {"n": int(transitions.sum())} | _ends(values_fg[f], kept)
                found[name] = about | _gap(values_fg[f], resampled_rf[:, f], shuffled_rf[:, f])
    left = {label: n for label, n in people.items() if label not in kept}
    return {"groups": groups, "left_out": left, "unknown": unknown, "gaps": found}


def _ends(values_g: Float[np.ndarray, " groups"], labels: Sequence[str]) -> dict[str, str]:
    return {"highest": labels[int(np.argmax(values_g))], "lowest": labels[int(np.argmin(values_g))]}


def _gap(
    values_g: Float[np.ndarray, " groups"],
    resampled_r: Float[np.ndarray, " resamples"],
    shuffled_r: Float[np.ndarray, " resamples"],
) -> dict[str, float]:
    value = float(values_g.max() - values_g.min())
    # gaps grow with resampling noise: as with ECE, without this shift the interval would lie above its value
    shifted_r = np.maximum(resampled_r - (np.nanmean(resampled_r) - value), 0.0)
    low, high = percentile_interval(shifted_r[:, None])[:, 0]
    # the order that came is one more; rounding must not make an equal gap a smaller one
    as_large = int((shuffled_r >= value - 1e-12).sum()) + 1
    return {
        "value": value,
        "low": float(low),
        "high": float(high),
        "by_chance": float(shuffled_r.mean()),
        "p": as_large / (len(shuffled_r) + 1),
    }


def _per_person(predictions: Sequence[Prediction], ids: Sequence[str]) -> Float[np.ndarray, "people 4"]:
    """Sums over each person's predictions: hits, ranked ones, probability less 1 if right, those with a probability."""
    hits = np.array([p.rank is not None and p.rank <= _WITHIN for p in predictions], dtype=np.float64)
    ranked = np.array([p.answer is None for p in predictions], dtype=np.float64)
    over = confidence(predictions) - exact_match(predictions)
    rows = np.stack([hits * ranked, ranked, np.nan_to_num(over), ~np.isnan(over)], axis=1)
    return _summed(rows, predictions, ids)


def _counts(predictions: Sequence[Prediction], ids: Sequence[str]) -> Float[np.ndarray, "people 1"]:
    return _summed(np.ones((len(predictions), 1)), predictions, ids)


def _summed(
    rows: Float[np.ndarray, "predictions columns"], predictions: Sequence[Prediction], ids: Sequence[str]
) -> Float[np.ndarray, "people columns"]:
    place: Mapping[str, int] = {person: i for i, person in enumerate(ids)}
    out = np.zeros((len(ids), rows.shape[1]))
    np.add.at(out, [place[p.person] for p in predictions], rows)
    return out


def _by_group(
    sums_pc: Float[np.ndarray, "people columns"], group_p: Int[np.ndarray, " people"], groups: int
) -> Float[np.ndarray, "groups columns"]:
    out = np.zeros((groups, sums_pc.shape[1]))
    np.add.at(out, group_p, sums_pc)
    return out


def _figures(sums: Float[np.ndarray, "*any groups 4"]) -> Float[np.ndarray, "figures *any groups"]:
    """In the order of `FIGURES`; nan where nothing was scored."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]])


def _gaps(values_frg: Float[np.ndarray, "figures resamples groups"]) -> Float[np.ndarray, "resamples figures"]:
    """Largest less smallest; a group of which nobody was drawn is left out of its sample."""
    known = ~np.isnan(values_frg)
    highest = np.where(known, values_frg, -np.inf).max(-1)
    lowest = np.where(known, values_frg, np.inf).min(-1)
    return np.where(known.any(-1), highest - lowest, np.nan).T


def _resampled(
    sums_pc: Float[np.ndarray, "people 4"],
    group_p: Int[np.ndarray, " people"],
    groups: int,
    ids: Sequence[str],
    resamples: int,
    seed: int,
) -> Float[np.ndarray, "figures resamples groups"]:
    wide = np.zeros((len(ids), groups, 4))
    wide[np.arange(len(ids)), group_p] = sums_pc
    drawn = resampled_sums(wide.reshape(len(ids), -1), ids, resamples, seed)
    return _figures(drawn.reshape(resamples, groups, 4))


def _shuffled(
    sums_pc: Float[np.ndarray, "people 4"], group_p: Int[np.ndarray, " people"], groups: int, resamples: int, seed: int
) -> Float[np.ndarray, "figures resamples groups"]:
    rng = np.random.default_rng(seed)
    return _figures(np.stack([_by_group(sums_pc, rng.permutation(group_p), groups) for _ in range(resamples)]))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
