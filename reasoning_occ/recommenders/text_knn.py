"""Baseline: what people with the nearest histories did next, near by the words of their lines (TF-IDF)."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.split import place
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.render import lines
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.nearest import DECIMALS
from reasoning_occ.recommenders.popularity import among_allowed

# ours: histories compared at once, so that the table of similarities stays small
_BATCH = 256


class TextKNN:
    """Lets the nearest training histories vote, each with its similarity, and mixes the votes with `Markov`.

    A history is the words, and pairs of neighbouring words, of its lines without their dates, so that years long past
    can be near; a job's line weighs `recency` times the line of the job after it, schooling 1. Similarity is the cosine
    of TF-IDF weights, 0 to 1. A person's own transitions never vote. Equal similarities are ordered by a hash of seed
    and person.

    Args:
        taxonomy: the label space.
        neighbours: how many transitions vote.
        recency: in (0, 1].
        weight: of `Markov`, in votes of similarity 1; above 0.
        back_off, smoothing: as in `Markov`.
        seed: of the order of equals.
    """

    name = "text_knn"

    def __init__(
        self,
        taxonomy: Taxonomy,
        neighbours: int,
        recency: float,
        weight: float,
        back_off: float,
        smoothing: float,
        seed: int,
    ) -> None:
        if neighbours < 1:
            raise UserError(f"baseline.neighbours={neighbours}: expected a whole number above 0.")
        if not 0 < recency <= 1:
            raise UserError(f"baseline.recency={recency}: expected a number above 0 and at most 1.")
        if weight <= 0:
            raise UserError(f"baseline.weight={weight}: expected a number above 0.")
        self._taxonomy = taxonomy
        self._neighbours = neighbours
        self._recency = recency
        self._weight = weight
        self._seed = seed
        self._markov = Markov(taxonomy, back_off, smoothing)
        self._words: Any = None
        self._weights: Any = None
        self._rows: Any = None
        self._targets = np.empty(0, dtype=int)
        self._people = np.empty(0)

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Index the training histories. `valid` and `folder` are not needed.

        Raises:
            UserError: there is nothing to learn from.
        """
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

        self._markov.fit(train, valid, folder)
        # by place, so that of equals the first in this order votes, whatever the order of people
        train = sorted(train, key=lambda t: (place(t.history.person.id, self._seed, self.name), t.key))
        # its stubs know no function here
        terms: Any = _terms
        self._words = CountVectorizer(analyzer=terms)
        self._words.fit(line.text for t in train for line in lines(t.history, self._taxonomy))
        self._weights = TfidfTransformer(sublinear_tf=False)
        self._rows = self._weights.fit_transform(self._counts([t.history for t in train]))
        self._targets = np.array([self._taxonomy.index(t.target) for t in train])
        self._people = np.array([t.history.person.id for t in train])

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Votes of the nearest training histories, mixed with what `Markov` says."""
        if self._words is None:
            raise RuntimeError("fit() comes before recommend()")
        for begin in range(0, len(histories), _BATCH):
            batch = histories[begin : begin + _BATCH]
            near = (self._weights.transform(self._counts(batch)) @ self._rows.T).tocsr()
            for i, (history, chain) in enumerate(zip(batch, self._markov.recommend(batch), strict=True)):
                probs_o = self._votes(near[i], history) + self._weight * np.exp(chain.log_probs)
                yield among_allowed(probs_o, history, self._taxonomy)

    def _votes(self, near: Any, history: Career) -> Float[np.ndarray, " occupations"]:
        """Similarities of the nearest others, added up by what came next; `near` is one sparse row."""
        near.sort_indices()
        others = self._people[near.indices] != history.person.id
        rows, similarities = near.indices[others], np.round(near.data[others], DECIMALS)
        chosen = np.argsort(-similarities, kind="stable")[: self._neighbours]
        votes_o = np.zeros(len(self._taxonomy))
        np.add.at(votes_o, self._targets[rows[chosen]], similarities[chosen])
        return votes_o

    def _counts(self, histories: Sequence[Career]) -> Any:
        """How often each history holds each term, lines weighted by how recent they are: [histories, terms], sparse."""
        from scipy.sparse import csr_matrix

        texts: list[str] = []
        weights: list[float] = []
        ends = [0]
        for history in histories:
            for line in lines(history, self._taxonomy):
                texts.append(line.text)
                steps = 0 if line.job is None else len(history.jobs) - 1 - line.job
                weights.append(self._recency**steps)
            ends.append(len(texts))
        of_lines = csr_matrix((weights, np.arange(len(texts)), ends), shape=(len(histories), len(texts)))
        return of_lines @ self._words.transform(texts)


def _terms(text: str) -> list[str]:
    """The words of a line behind its date, and pairs of neighbours."""
    words = re.findall(r"[^\s;,]+", text.partition(": ")[2].lower())
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]
