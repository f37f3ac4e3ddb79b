"""Which candidates of a run are audited."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from reasoning_occ.careers.split import place
from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.reasons.oracle import Judged, Key
from reasoning_occ.reasons.types import Candidate, Case, Criterion, Score, Verdict

Metric = dict[str, Any]
"""`{"value", "n", "low", "high"}`, as everywhere in evaluation."""


class Asked(NamedTuple):
    """A candidate of a run, number `number` of its transition, with what the run's judge said of it."""

    transition: Transition
    number: int
    candidate: Candidate
    verdict: Verdict
    chosen: bool

    @property
    def person(self) -> str:
        """The id of the person whose move it explains."""
        return self.transition.history.person.id

    @property
    def case(self) -> Case:
        """As a judge is asked about it."""
        return Case(self.transition.history, self.candidate.text, self.transition.target)

    def value(self, criterion: Criterion) -> int | None:
        """Its score."""
        return self.verdict.scores[criterion].value


class Rated(NamedTuple):
    """A candidate with the scores of several judges, by the judge's name."""

    asked: Asked
    scores: Mapping[str, Mapping[Criterion, Score]]


class Sample(NamedTuple):
    """What is audited. whole: every judged candidate of the run; drawn: those of the transitions drawn; oracle: of
    these the oracle reasons; single: one candidate for each transition drawn, by chance."""

    whole: tuple[Asked, ...]
    drawn: tuple[Asked, ...]
    oracle: tuple[Asked, ...]
    single: tuple[Asked, ...]

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """The transitions drawn."""
        return tuple(asked.transition for asked in self.single)


def draw(lines: Sequence[Judged], transitions: Sequence[Transition], n: int, seed: int) -> Sample:
    """Draw `n` transitions that have a judged candidate; a larger `n` keeps those of a smaller one.

    Args:
        lines: of a `reasons.jsonl`.
        transitions: what they are of.
        n: fewer come where there are fewer.
        seed: another seed, others.

    Raises:
        UserError: a line is of none of the transitions, or nothing was judged.
    """
    by_key = {t.key: t for t in transitions}
    found: dict[Key, list[Asked]] = {}
    for line in lines:
        if line.key not in by_key:
            raise UserError(
                f"reasons.jsonl tells of person {line.key[0]}, transition {line.key[1]}, whom the run's data do not "
                "have; the data have changed since. Run the job again."
            )
        judged = [
            Asked(by_key[line.key], number, candidate, verdict, number == line.chosen)
            for number, (candidate, verdict) in enumerate(zip(line.candidates, line.verdicts, strict=True))
            if candidate.rejected is None and verdict.judged
        ]
        if judged:
            found[line.key] = judged
    if not found:
        raise UserError("reasons.jsonl holds no candidate that was judged, so there is nothing to audit.")
    keys = sorted(found, key=lambda key: (place(f"{key[1]} {key[0]}", seed, "audit"), key))[:n]
    return Sample(
        whole=tuple(asked for judged in found.values() for asked in judged),
        drawn=tuple(asked for key in keys for asked in found[key]),
        oracle=tuple(asked for key in keys for asked in found[key] if asked.chosen),
        single=tuple(Random(f"{seed} {key[1]} {key[0]}").choice(found[key]) for key in keys),
    )
