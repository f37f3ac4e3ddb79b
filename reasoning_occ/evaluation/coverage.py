"""How many occupations are ever recommended, and how much a few of them take: coverage and concentration.

Both grow and shrink with the number of people, so a bootstrap, whose samples hold fewer different people, would be
biased: there are no intervals. What the same people truly did next stands beside for comparison.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ.evaluation.predictions import TOP, Prediction
from reasoning_occ.occupations.taxonomy import Taxonomy

FIRST, AMONG, TRUTHS = "top 1", f"top {TOP}", "truths"


def coverage(predictions: Sequence[Prediction], taxonomy: Taxonomy) -> dict[str, Any]:
    """Coverage and concentration of what one recommender recommends.

    Returns:
        `{"occupations": of the taxonomy, "top 1": {"n": titles recommended, "titles": different ones, "share": of the
        taxonomy, "most": the largest share that so many recommendations allow, "gini"}, "top 10": the same, "truths":
        the same of what came next}`. No "top 10" where a recommender names one title and ranks none.
    """
    kinds = {FIRST: [p.title for p in predictions if p.title]}
    if all(p.answer is None for p in predictions):
        kinds[AMONG] = [title for p in predictions for title, _ in p.top]
    kinds[TRUTHS] = [p.truth_title for p in predictions]
    return {"occupations": len(taxonomy), **{kind: _of(titles, taxonomy) for kind, titles in kinds.items()}}


def _of(titles: Iterable[str], taxonomy: Taxonomy) -> dict[str, Any]:
    counts = Counter(titles)
    counts_o = np.array([counts[o.title] for o in taxonomy], dtype=np.float64)
    n, of = int(counts_o.sum()), len(taxonomy)
    different = int((counts_o > 0).sum())
    return {"n": n, "titles": different, "share": different / of, "most": min(n, of) / of, "gini": gini(counts_o)}


def gini(counts_o: Float[np.ndarray, " occupations"]) -> float | None:
    """The Gini coefficient of counts: 0 where all are equal, near 1 where one has them all; `None` where all are 0.

    Half the mean absolute difference between two counts, divided by their mean.
    """
    total, n = counts_o.sum(), len(counts_o)
    if total == 0:
        return None
    places = np.arange(1, n + 1)
    return float((2 * places - n - 1) @ np.sort(counts_o) / (n * total))
