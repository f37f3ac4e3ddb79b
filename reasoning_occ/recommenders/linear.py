"""Baseline: multinomial logistic regression on features of the history (scikit-learn)."""

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ import costs
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders import kept
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.features import VERSION, features
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
        choices = [self.name, VERSION, taxonomy.codes, self._strengths, popularity, smoothing, steps]
        self._settings = json.dumps(choices)
        self._columns: Any = None
        self._model: Any = None
        self._popular: Float[np.ndarray, " occupations"] = np.empty(0)

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Learn once for each strength, and keep the best in `folder`. Where that is there already, with the same
        settings, it is taken up; what was cut off begins anew, which takes minutes, and ends the same.

        Raises:
            UserError: there is nothing to learn from, nobody to choose a strength on, or what is there can't be read.
        """
        if kept.is_kept(folder, self._settings):
            self.take_up(folder)
            return
        self._popular = shares(train, self._taxonomy, self._smoothing)
        if len(self._strengths) > 1 and not valid:
            raise UserError(
                "baseline.strengths: no validation people to choose one on. Give one value, or raise split.valid."
            )
        # in one order, so that sums of floats don't depend on the order of people
        train = sorted(train, key=lambda t: t.key)
        with costs.Meter(folder, "learn"):
            rows = self._read([features(t.history, self._taxonomy) for t in train])
            targets = np.array([self._taxonomy.index(t.target) for t in train])
            # scikit-learn learns no single class; popularity says the same
            self._model = self._learn(rows, targets, valid) if len(np.unique(targets)) > 1 else None
        self._keep(folder)

    def take_up(self, folder: Path) -> None:
        """Be ready to rank with what an earlier `fit` has kept in a folder.

        Raises:
            UserError: it isn't there, can't be read, or is of other occupations or settings.
        """
        with kept.taking_up(folder, self._settings) as learnt:
            self._columns = _columns(learnt.told["features"])
            self._popular = learnt.arrays["popular"]
            self._model = None
            if "places" in learnt.arrays:
                self._model = _model(learnt.arrays["places"], learnt.arrays["weights"], learnt.arrays["intercepts"])
                if self._model.coef_.shape[1] != len(self._columns.feature_names_):
                    raise ValueError("it has weights of other features")

    def _keep(self, folder: Path) -> None:
        arrays = {"popular": self._popular}
        if self._model is not None:
            learnt = {
                "places": self._model.classes_,
                "weights": self._model.coef_,
                "intercepts": self._model.intercept_,
            }
            arrays |= learnt
            costs.note(folder, {}, trained_parameters=self._model.coef_.size + self._model.intercept_.size)
        kept.keep(folder, self._settings, kept.Learnt(arrays, {"features": self._columns.feature_names_}))

    def _read(self, found: Sequence[dict[str, float]]) -> Any:
        """Learn which features there are; a sparse row for each of `found`."""
        from sklearn.feature_extraction import DictVectorizer

        by_name = DictVectorizer()
        rows = by_name.fit_transform(found)
        digests = [kept.digest(name) for name in by_name.feature_names_]
        # the order of names would tell of names
        order = sorted(range(len(digests)), key=digests.__getitem__)
        self._columns = _columns([digests[column] for column in order])
        return rows[:, order]

    def _learn(self, rows: Any, targets: np.ndarray, valid: Sequence[Transition]) -> Any:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        best, best_found, start = None, -np.inf, None
        for strength in self._strengths:
            model: Any = LogisticRegression(C=strength, max_iter=self._steps, tol=1e-3, warm_start=True)
            if start is not None:
                model.coef_, model.intercept_ = start[0].copy(), start[1].copy()
            # a limit of steps is a choice: stopping early is itself a penalty
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(rows, targets)
            start = (model.coef_, model.intercept_)
            found = self._mean_log_prob(model, valid) if len(self._strengths) > 1 else 0.0
            log.info("linear: C=%g, log-probability of validation transitions %.4f", strength, found)
            if found > best_found:
                best, best_found = model, found
        return best

    def _mean_log_prob(self, model: Any, valid: Sequence[Transition]) -> float:
        told = [among_allowed(self._probs(model, t.history), t.history, self._taxonomy).log_probs for t in valid]
        return float(np.mean([row[self._taxonomy.index(t.target)] for t, row in zip(valid, told, strict=True)]))

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Probabilities of the regression, mixed with popularity."""
        if self._columns is None:
            raise RuntimeError("fit() comes before recommend()")
        for history in histories:
            yield among_allowed(self._probs(self._model, history), history, self._taxonomy)

    def _probs(self, model: Any, history: Career) -> Float[np.ndarray, " occupations"]:
        if model is None:
            return self._popular
        found = features(history, self._taxonomy)
        row = self._columns.transform([{kept.digest(name): value for name, value in found.items()}])
        probs_o = self._popularity * self._popular
        probs_o[model.classes_] += (1 - self._popularity) * model.predict_proba(row)[0]
        return probs_o


def _columns(digests: Sequence[str]) -> Any:
    """Puts the values of named features into columns, those of unknown ones nowhere."""
    from sklearn.feature_extraction import DictVectorizer

    columns = DictVectorizer()
    columns.feature_names_ = list(digests)
    columns.vocabulary_ = {name: column for column, name in enumerate(digests)}
    return columns


def _model(places: np.ndarray, weights: np.ndarray, intercepts: np.ndarray) -> Any:
    """The regression with these weights: classes are places in the taxonomy."""
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression()
    model.classes_, model.coef_, model.intercept_ = places, weights, intercepts
    return model
