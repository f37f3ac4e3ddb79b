"""Placebos: reasons made worthless in one respect, which a judge must notice in the criterion of that respect."""

import re
from collections.abc import Sequence
from random import Random
from typing import Literal, get_args

from reasoning_occ.evaluation.audit.sample import Asked
from reasoning_occ.reasons.types import Case, Criterion

Placebo = Literal["person", "sentences", "occupation"]
PLACEBOS: tuple[Placebo, ...] = get_args(Placebo)
HURTS: dict[Placebo, Criterion] = {"person": "factuality", "sentences": "coherence", "occupation": "utility"}
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")


def placebo(kind: Placebo, asked: Sequence[Asked], occupations: Sequence[str], seed: int) -> list[Case | None]:
    """A placebo for each reason, None where none can be made.

    "person": the reason is told of another person of the sample, with that person's history and next occupation.
    "sentences": its sentences in another order. "occupation": another occupation is said to have come next.

    Args:
        kind: what is done.
        asked: reasons with their people.
        occupations: what others moved to, from which another occupation is drawn; as often there as it should be drawn.
        seed: of the draws.
    """
    return [_placebo(kind, one, asked, occupations, _rng(kind, one, seed)) for one in asked]


def _placebo(kind: Placebo, one: Asked, asked: Sequence[Asked], occupations: Sequence[str], rng: Random) -> Case | None:
    match kind:
        case "person":
            others = [other for other in asked if other.person != one.person]
            return rng.choice(others).case._replace(reason=one.case.reason) if others else None
        case "sentences":
            shuffled = shuffled_sentences(one.case.reason, rng)
            return None if shuffled is None else one.case._replace(reason=shuffled)
        case "occupation":
            never = {one.case.truth, one.case.history.jobs[-1].occupation}
            others = [code for code in occupations if code not in never]
            return one.case._replace(truth=rng.choice(others)) if others else None


def shuffled_sentences(text: str, rng: Random) -> str | None:
    """The text's sentences in another order; None for a single one, or where they are all alike."""
    sentences = _BETWEEN_SENTENCES.split(text.strip())
    if len(set(sentences)) < 2:
        return None
    shuffled = sentences
    while shuffled == sentences:
        shuffled = rng.sample(sentences, len(sentences))
    return " ".join(shuffled)


def _rng(kind: Placebo, one: Asked, seed: int) -> Random:
    """A draw of each reason's own, so that a larger sample leaves those of a smaller one alone."""
    person, t = one.transition.key
    return Random(f"{kind} {seed} {t} {one.number} {person}")
