"""Does an oracle reason give the answer away? Titles predicted from the reason alone and from the history alone.

The teacher knows the truth, unless `teacher.hindsight` is false. A plain text classifier that reads nothing but its
reasons should do little better than the same classifier on histories; if it does much better, the reasons carry more
than they say.
The probe and its settings (word pairs, 5000 features, C = 10, fixed below so that runs compare) are ours.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reasoning_occ.careers.types import Transition
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.progress import console
from reasoning_occ.recommenders.base import Recommendation, allowed

Reasons = Mapping[tuple[str, int], str]
SHOWN = ("AccEM", "Hit@5", "MRR")
FLOOR = 1e-6  # probability of titles that the classifier never saw


def leak_probe(
    train: Sequence[Transition],
    train_reasons: Reasons,
    valid: Sequence[Transition],
    valid_reasons: Reasons,
    taxonomy: Taxonomy,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Fit logistic regressions on words and word pairs of training people; score them on validation people.

    Only transitions with an oracle reason take part, so that all three texts are compared on the same ones.

    Returns:
        `{"history": {"AccEM": {"value", "n", "low", "high"}, ...}, "reason": ..., "history_and_reason": ...}`;
        empty where too few transitions have a reason.
    """
    learn = [t for t in train if t.key in train_reasons]
    test = [t for t in valid if t.key in valid_reasons]
    if len({t.target for t in learn}) < 2 or not test:
        return {}

    def history(t: Transition) -> str:
        return "\n".join(events(t.history, taxonomy))

    def reason(t: Transition) -> str:
        return train_reasons.get(t.key) or valid_reasons[t.key]

    texts = {"history": history, "reason": reason, "history_and_reason": lambda t: f"{history(t)}\n{reason(t)}"}
    out: dict[str, Any] = {}
    with console.status("Leak probe: titles from reasons alone"):
        for name, text in texts.items():
            shares = _classify([text(t) for t in learn], [t.target for t in learn], [text(t) for t in test], taxonomy)
            rows = [
                predict(t, _among_allowed(p, t, taxonomy), taxonomy, name, ())
                for t, p in zip(test, shares, strict=True)
            ]
            metrics = evaluate(rows, taxonomy, resamples=resamples, seed=seed)
            out[name] = {metric: metrics[metric] for metric in SHOWN}
    return out


def _classify(learn: Sequence[str], targets: Sequence[str], test: Sequence[str], taxonomy: Taxonomy) -> np.ndarray:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=5000)
    model = make_pipeline(words, LogisticRegression(C=10, max_iter=100, tol=1e-3))
    model.fit(learn, targets)
    shares = np.full((len(test), len(taxonomy)), FLOOR)
    shares[:, [taxonomy.index(code) for code in model.classes_]] += model.predict_proba(test)
    return shares


def _among_allowed(shares: np.ndarray, transition: Transition, taxonomy: Taxonomy) -> Recommendation:
    shares = np.where(allowed(transition.history, taxonomy), shares, 0.0)
    with np.errstate(divide="ignore"):
        return Recommendation(np.log(shares / shares.sum()))
