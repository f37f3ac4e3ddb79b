"""Which groups of predictions are looked at apart."""

from collections import Counter
from collections.abc import Sequence

from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.evaluation.situation import Situation, Situations
from reasoning_occ.occupations.taxonomy import Taxonomy

UNKNOWN = "not known"
OTHERS = "all others"
PAST_JOBS = "past jobs"
GROUP = "occupation group"
STEP = "transition type"
RETURN = "held before"
LEARNT = "truth in training"
EDUCATION = "education reached"
REGION = "region"
QUALITY = "truth given as"

_STARTS = ((0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "4-5"), (6, "6-9"), (10, "10+"))
"""First number of past jobs of each bin, and the bin's label."""

_LEARNT = ((0, "never"), (1, "1-4 times"), (5, "5-19 times"), (20, "20-99 times"), (100, "100 times and more"))
"""First number of training transitions to the truth of each bin, and the bin's label. Ours."""

_MOST = 12
"""Titles of education that are looked at apart, the most frequent ones."""

STAY, SAME, OTHER = "stay", "same group", "other group"
BACK, NEW = "yes", "no"

Parts = dict[str, list[Prediction]]


def slices(
    predictions: Sequence[Prediction], taxonomy: Taxonomy, situations: Situations | None = None
) -> dict[str, Parts]:
    """Predictions in groups, by dimension.

    The dimensions are the number of past jobs before the present one, the truth's occupation group and whether the step
    leaves the group (where the taxonomy has groups), every fact in `Prediction.slices`, and with situations: whether
    the truth was held before the present job, how often it is a training target, the education reached, the region, how
    surely the data give the truth.

    Each dimension holds every prediction once; a person without the fact is under "not known".

    Args:
        predictions: of one recommender.
        taxonomy: knows every truth.
        situations: of these transitions; `None` where there is no task to ask.
    """
    out: dict[str, Parts] = {PAST_JOBS: _binned([past_jobs(p.transition) for p in predictions], predictions, _STARTS)}
    grouped = any(taxonomy[p.truth].group for p in predictions)
    if grouped:
        out[GROUP] = _by([taxonomy[p.truth].group for p in predictions], predictions)
    if situations is not None:
        out |= _by_situation(predictions, [situations[p.key] for p in predictions], taxonomy if grouped else None)
    for fact in sorted({fact for p in predictions for fact in p.slices}):
        out[fact] = _by([p.slices.get(fact, "") for p in predictions], predictions)
    return {dimension: {k: v for k, v in parts.items() if v} for dimension, parts in out.items()}


def past_jobs(n: int) -> str:
    """The label of the bin that `n` past jobs belong to."""
    return _bin(n, _STARTS)


def step(situation: Situation, truth: str, taxonomy: Taxonomy) -> str:
    """What kind of step it is to the truth; "" where one of the two occupations has no group."""
    here, there = taxonomy[situation.present].group, taxonomy[truth].group
    if situation.stays and situation.present == truth:
        return STAY
    return "" if not here or not there else SAME if here == there else OTHER


def _by_situation(
    predictions: Sequence[Prediction], known: Sequence[Situation], taxonomy: Taxonomy | None
) -> dict[str, Parts]:
    """`taxonomy`: with groups; `None` where it has none."""
    out: dict[str, Parts] = {}
    both = list(zip(predictions, known, strict=True))
    if taxonomy is not None:
        out[STEP] = _by([step(s, p.truth, taxonomy) for p, s in both], predictions)
    out[RETURN] = _by([_return(s, p.truth) for p, s in both], predictions)
    out[LEARNT] = _binned([_bin(s.learnt, _LEARNT) for s in known], predictions, _LEARNT)
    if any(s.education for s in known):
        out[EDUCATION] = _by(_frequent([s.education for s in known]), predictions)
    if any(s.region for s in known):
        out[REGION] = _by([s.region for s in known], predictions)
    if any(s.quality for s in known):
        out[QUALITY] = _by([s.quality for s in known], predictions)
    return out


def _return(situation: Situation, truth: str) -> str:
    if situation.stays and truth == situation.present:
        return STAY
    return BACK if truth in {situation.present, *situation.before} else NEW


def _frequent(labels: Sequence[str]) -> list[str]:
    """The most frequent labels as they are, in place of the others one word: what people write has no end."""
    counts = Counter(label for label in labels if label)
    kept = {label for label, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]}
    return [label if not label or label in kept else OTHERS for label in labels]


def _bin(n: int, starts: Sequence[tuple[int, str]]) -> str:
    return next(label for start, label in reversed(starts) if n >= start)


def _binned(labels: Sequence[str], predictions: Sequence[Prediction], starts: Sequence[tuple[int, str]]) -> Parts:
    """Parts in the order of the bins."""
    found = _by(labels, predictions)
    return {label: found.get(label, []) for _, label in starts}


def _by(labels: Sequence[str], predictions: Sequence[Prediction]) -> Parts:
    out: Parts = {label or UNKNOWN: [] for label in sorted(set(labels))}
    for label, p in zip(labels, predictions, strict=True):
        out[label or UNKNOWN].append(p)
    return out
