"""Predictions made by computation: random distributions over the tiny taxonomy, some correlated with the truth."""

from collections.abc import Callable

import numpy as np
import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.evaluation.predictions import Prediction, predict
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation, allowed


@pytest.fixture
def transition() -> Callable[..., Transition]:
    """A transition out of a walk through these occupations; the last one is the truth."""

    def make(person: str, *occupations: str, **slices: str) -> Transition:
        jobs = tuple(Job(o, Date(1970 + i)) for i, o in enumerate(occupations))
        return list(Career(Person(person, slices=slices), (), jobs).transitions())[-1]

    return make


@pytest.fixture
def sample(tiny_taxonomy: Taxonomy, transition: Callable[..., Transition]) -> Callable[..., list[Prediction]]:
    """n people with one transition each; `skill` is added to the true occupation's logit."""

    def make(n: int, seed: int, skill: float = 1.0, name: str = "toy") -> list[Prediction]:
        walks, noise = np.random.default_rng(7), np.random.default_rng(seed)
        out = []
        for i in range(n):
            length = int(walks.integers(2, 6))
            walk = [tiny_taxonomy.codes[walks.integers(6)]]
            while len(walk) < length:
                step = tiny_taxonomy.codes[walks.integers(6)]
                if step != walk[-1]:
                    walk.append(step)
            t = transition(f"p{i}", *walk, race="a" if i % 3 else "b")
            logits = noise.normal(size=6)
            logits[tiny_taxonomy.index(t.target)] += skill
            logits[~allowed(t.history, tiny_taxonomy)] = -np.inf
            log_probs = logits - np.log(np.exp(logits).sum())
            out.append(predict(t, Recommendation(log_probs, "because"), tiny_taxonomy, name, ["a line"]))
        return out

    return make
