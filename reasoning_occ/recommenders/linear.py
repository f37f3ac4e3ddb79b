"""Baseline: multinomial logistic regression on features of the history (scikit-learn)."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.features import features
from reasoning_occ.recommenders.popularity import among_allowed, shares

log = logging.getLogger(__name__)


class Linear:
    """Learns a weight for each feature and occupation, with an L2 penalty chosen on validation people.

    Occupations that never came next in training have no weights: the shares of `Popularity` are mixed in, so that none
    is impossible. Of several strengths the one with the highest mean log-probability of the validation transitions is
    taken; at equal ones the weaker weights.

    Args:
        taxonomy: the label space.
        strengths: values of `C`, the inverse of the penalty, to choose from; each above 0.
        popularity: share of probability that comes from popularity, in (0, 1).
        smoothing: as in `Popularity`.
        steps: most iterations of the solver (L-BFGS) for one strength.
    """

    name = "linear"

    def __init__(
        self, taxonomy: Taxonomy, strengths: Sequence[float], popularity: float, smoothing: float, steps: int
    ) -> None:
        if not strengths or min(strengths) <= 0:
            raise UserError(f"baseline.strengths: expected numbers above 0, as [0.1, 1]; got {list(strengths)}.")
        if not 0 < popularity < 1:
            raise UserError(f"baseline.popularity={popularity}: expected a share above 0 and below 1.")
        if smoothing <= 0 or steps < 1:
            raise UserError(
                f"baseline.smoothing={smoothing}, baseline.steps={steps}: expected a number above 0 and a whole one."
            )
        self._taxonomy = taxonomy
        self._strengths = sorted(strengths)
        self._popularity = popularity
        self._smoothing = smoothing
        self._steps = steps
        self._columns: Any = None
        self._model: Any = None
        self._places: list[int] = []
        self._popular: Float[np.ndarray, " occupations"] = np.empty(0)

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Learn once for each strength and keep the best. `folder` is not needed: it is a matter of minutes.

        Raises:
            UserError: there is nothing to learn from, or nobody to choose a strength on.
        """
        from sklearn.feature_extraction import DictVectorizer

        self._popular = shares(train, self._taxonomy, self._smoothing)
        if len(self._strengths) > 1 and not valid:
            raise UserError(
                "baseline.strengths: no validation people to choose one on. Give one value, or raise split.valid."
            )
        # in one order, so that sums of floats don't depend on the order of people
        train = sorted(train, key=lambda t: t.key)
        self._columns = DictVectorizer()
        rows = self._columns.fit_transform([features(t.history, self._taxonomy) for t in train])
        targets = np.array([self._taxonomy.index(t.target) for t in train])
        if len(np.unique(targets)) < 2:
            # scikit-learn learns no single class; popularity says the same
            self._model, self._places = None, []
            return
        self._learn(rows, targets, valid)

    def _learn(self, rows: Any, targets: np.ndarray, valid: Sequence[Transition]) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        best = -np.inf
        start: Any = None
        for strength in self._strengths:
            model = LogisticRegression(C=strength, max_iter=self._steps, tol=1e-3, warm_start=True)
            if start is not None:
                model.coef_, model.intercept_ = start[0].copy(), start[1].copy()
            # a limit of steps is a choice: stopping early is itself a penalty
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(rows, targets)
            start = (model.coef_, model.intercept_)
            before = (self._model, self._places)
            self._model, self._places = model, model.classes_.tolist()
            found = self._mean_log_prob(valid) if len(self._strengths) > 1 else 0.0
            log.info("linear: C=%g, log-probability of validation transitions %.4f", strength, found)
            if found > best:
                best = found
            else:
                self._model, self._places = before

    def _mean_log_prob(self, valid: Sequence[Transition]) -> float:
        told = self.recommend([t.history for t in valid])
        return float(np.mean([r.log_probs[self._taxonomy.index(t.target)] for t, r in zip(valid, told, strict=True)]))

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Probabilities of the regression, mixed with popularity."""
        if self._columns is None:
            raise RuntimeError("fit() comes before recommend()")
        for history in histories:
            yield among_allowed(self._probs(history), history, self._taxonomy)

    def _probs(self, history: Career) -> Float[np.ndarray, " occupations"]:
        if self._model is None:
            return self._popular
        row = self._columns.transform([features(history, self._taxonomy)])
        probs_o = self._popularity * self._popular
        probs_o[self._places] += (1 - self._popularity) * self._model.predict_proba(row)[0]
        return probs_o
