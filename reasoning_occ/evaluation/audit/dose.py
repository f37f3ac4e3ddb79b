"""Dose and response: the more reasons have a planted mistake, the lower their scores must be."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reasoning_occ.careers.types import Transition
from reasoning_occ.evaluation.audit.changes import changes
from reasoning_occ.evaluation.intervals import mean
from reasoning_occ.reasons.planted import HURTS
from reasoning_occ.reasons.types import CRITERIA, Candidate, Case, Teacher, Verdict

RATES = (0.0, 0.25, 0.5, 0.75, 1.0)


class Doses(NamedTuple):
    """A reason for each transition at each rate of mistakes. left_out: transitions without one at some rate."""

    transitions: tuple[Transition, ...]
    written: Mapping[float, Sequence[Candidate]]
    left_out: int

    def case(self, rate: float, place: int) -> Case:
        """As a judge is asked about it."""
        transition = self.transitions[place]
        return Case(transition.history, self.written[rate][place].text, transition.target)

    def places(self) -> list[tuple[float, int]]:
        """One (rate, place) for each different case: most reasons are the same at several rates."""
        first: dict[tuple[int, str], tuple[float, int]] = {}
        for rate in RATES:
            for place, candidate in enumerate(self.written[rate]):
                first.setdefault((place, candidate.text), (rate, place))
        return list(first.values())


def doses(transitions: Sequence[Transition], teachers: Mapping[float, Teacher]) -> Doses:
    """Let the teachers, one for each of `RATES`, write a reason for each transition."""
    texts = {rate: teachers[rate].write_all(transitions) for rate in RATES}
    whole = [i for i in range(len(transitions)) if all(texts[rate][i] for rate in RATES)]
    written = {rate: [texts[rate][i][0] for i in whole] for rate in RATES}
    return Doses(tuple(transitions[i] for i in whole), written, len(transitions) - len(whole))


def response(given: Doses, verdicts: Mapping[tuple[int, str], Verdict], resamples: int, seed: int) -> dict[str, Any]:
    """Mean scores by rate, and what each kind of mistake does.

    Args:
        given: the reasons.
        verdicts: on each, by its place and text.
        resamples: bootstrap samples.
        seed: of the bootstrap.

    Returns:
        `{"rates": [{"rate", "planted", "scores": {criterion: metric}, "unscored": {criterion: n}}],
        "mistakes": {kind: as `changes`}, "left_out"}`. planted: reasons with a mistake in them.
    """
    people = [t.history.person.id for t in given.transitions]
    found = {
        rate: [verdicts[place, candidate.text] for place, candidate in enumerate(written)]
        for rate, written in given.written.items()
    }
    rates = []
    for rate in RATES:
        values = {
            c: [(p, float(x)) for p, v in zip(people, found[rate], strict=True) if (x := v.scores[c].value) is not None]
            for c in CRITERIA
        }
        rates.append(
            {
                "rate": rate,
                "planted": sum(candidate.planted is not None for candidate in given.written[rate]),
                "scores": {c: mean(values[c], resamples, seed) for c in CRITERIA},
                "unscored": {c: len(people) - len(values[c]) for c in CRITERIA},
            }
        )
    mistakes: dict[str, Any] = {}
    for kind, hurts in HURTS.items():
        at = [i for i, candidate in enumerate(given.written[1.0]) if candidate.planted == kind]
        if at:
            clean, spoilt = ([found[rate][i] for i in at] for rate in (0.0, 1.0))
            mistakes[kind] = changes([people[i] for i in at], clean, spoilt, hurts, resamples, seed)
    return {"rates": rates, "mistakes": mistakes, "left_out": given.left_out}
