"""Candidates with scores drawn by chance: some people have several, some scores are missing."""

from collections.abc import Callable
from random import Random

import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.evaluation.audit.sample import Asked
from reasoning_occ.reasons.types import CRITERIA, Candidate, Score, Verdict


def verdict(*values: int | None) -> Verdict:
    return Verdict({c: Score(value, f"{c} because") for c, value in zip(CRITERIA, values, strict=True)})


@pytest.fixture
def asked() -> Callable[..., list[Asked]]:
    """n candidates of n / 3 people, in a career of cooks who go to fly."""

    def make(n: int, seed: int) -> list[Asked]:
        rng = Random(seed)
        out = []
        for i in range(n):
            jobs = (Job("c", Date(1970, i % 12 + 1)), Job("p", Date(1975)))
            transition = Transition(Career(Person(f"p{i // 3}"), (), jobs[: 1 + i % 2]), "d", Date(1980))
            text = f"They cooked in {1970 + i}. Then they flew. What comes next may be the road."
            scores = verdict(*(rng.choice((1, 2, 3, 4, 5, None)) for _ in CRITERIA))
            out.append(Asked(transition, i, Candidate(text), scores, chosen=i % 4 == 0))
        return out

    return make
