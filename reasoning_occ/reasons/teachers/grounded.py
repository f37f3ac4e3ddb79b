"""A teacher without a language model: reasons from facts of the history and what people like this did next."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.outline import Outline, items, outlines
from reasoning_occ.reasons.planted import draw, plant
from reasoning_occ.reasons.quoting import Quoting
from reasoning_occ.reasons.statistics import Fact, Statistics, half
from reasoning_occ.reasons.types import Candidate, Told
from reasoning_occ.reasons.wording import realise

# ours: outlines made for each candidate wanted, so that one that would name the target can be passed over
_SPARE = 2


class GroundedTeacher:
    """Writes candidates that cite different facts, chosen to speak for the true next occupation, which is not named.

    Facts are chosen by their lift for the truth and its direction in the teacher's half of the training people, without
    the person explained. A candidate's `evidence` holds each fact with its lift and the number of transitions
    behind it.

    Without hindsight the truth is not looked at: facts speak for an occupation drawn from what people like this did
    next. Such a reason tells no more than the history does, as the reasons that a model writes at test time.

    Args:
        taxonomy: the occupations.
        candidates: how many to write; a history of few facts may yield fewer.
        mistakes: probability that a candidate gets one planted mistake (0-1).
        seed: equal seeds give equal texts for equal transitions, in any order.
        shrink: see `Statistics`.
        hindsight: whether the true next occupation is looked at.

    Raises:
        UserError: an argument out of range.
    """

    at_once = 50
    recalls = True

    def __init__(
        self,
        taxonomy: Taxonomy,
        candidates: int,
        mistakes: float,
        seed: int,
        shrink: float,
        hindsight: bool = True,
    ) -> None:
        if candidates < 1 or not 0 <= mistakes <= 1:
            raise UserError(
                f"teacher: expected candidates of at least 1 and mistakes between 0 and 1; got {candidates} and "
                f"{mistakes}."
            )
        if not isinstance(hindsight, bool):
            raise UserError(f"teacher.hindsight: expected true or false; got {hindsight}.")
        if mistakes and len(taxonomy) < 3:
            raise UserError("teacher.mistakes: a taxonomy of two has no other occupation to argue for; set it to 0.")
        self._taxonomy = taxonomy
        self._candidates = candidates
        self._mistakes = mistakes
        self._seed = seed
        self._hindsight = hindsight
        self._statistics = Statistics(taxonomy, shrink)
        self._quoting = Quoting(taxonomy)
        self._fitted = False

    def fit(self, train: Sequence[Transition]) -> None:
        """Count the teacher's half of the training people. For a split by time hand over only what precedes the cut."""
        self._statistics.fit([t for t in train if half(t.history.person.id) == 0])
        self._fitted = True

    def write(self, transition: Transition) -> tuple[Candidate, ...]:
        """Candidates for one transition, the strongest outline first; none names the target.

        Raises:
            UserError: `fit` was not called.
        """
        if not self._fitted:
            raise UserError(
                "The grounded teacher has no statistics yet: call fit() with the training transitions first."
            )
        transition = replace(transition, history=self._quoting.quotable(transition.history))
        if not self._hindsight:
            transition = replace(transition, target=self._drawn(transition.history))
        written: list[Candidate] = []
        spare = outlines(transition.history, transition.target, self._statistics, _SPARE * self._candidates)
        for number, outline in enumerate(spare):
            candidate = self._candidate(outline, transition, number)
            named = target_names(candidate.text, transition.history, transition.target, self._taxonomy)
            if not named and candidate.text not in {c.text for c in written}:
                written.append(candidate)
            if len(written) == self._candidates:
                break
        return tuple(written)

    def write_all(
        self,
        transitions: Sequence[Transition],
        feedback: Sequence[Sequence[str]] | None = None,
        told: Told | None = None,
    ) -> list[tuple[Candidate, ...]]:
        """As `write`, for many; what was found wrong with earlier candidates changes nothing."""
        return [self.write(transition) for transition in transitions]

    def _drawn(self, history: Career) -> str:
        """An occupation (its code) that may come next; the present one where to stay is an answer."""
        chances = self._statistics.likely(history).tolist()
        if not history.stays:
            chances[self._taxonomy.index(history.jobs[-1].occupation)] = 0.0
        rng = Random(f"drawn {self._seed} {history.past_jobs} {history.person.id}")
        return rng.choices(self._taxonomy.codes, chances)[0]

    def _candidate(self, outline: Outline, transition: Transition, number: int) -> Candidate:
        person, t = transition.key
        # the person's id last, so that no id can imitate another seed
        style = f"{self._seed} {t} {number} {person}"
        rng = Random(f"mistake {style}")
        text, mistake = realise(outline, self._taxonomy, style), None
        if rng.random() < self._mistakes:
            clean, faultless = outline, text
            # a reason steered elsewhere may say just what it said before; a wrong fact, drawn sooner or later, can't
            while text == faultless:
                mistake = draw(rng)
                outline = plant(mistake, clean, transition, self._statistics, rng)
                text = realise(outline, self._taxonomy, style)
        return Candidate(
            text=text,
            evidence=tuple(self._evidence(fact, transition) for fact in items(outline)),
            planted=mistake,
        )

    def _evidence(self, fact: Fact, transition: Transition) -> str:
        """A fact with its lift for the truth: "held Cooks: lift 2.31 (57 transitions)"."""
        person = transition.history.person.id
        lift = self._statistics.lift(fact, person)[self._taxonomy.index(transition.target)]
        value = self._taxonomy.title(fact.value) if fact.kind in ("present", "held") else fact.value
        seen = self._statistics.support(fact, person)
        return f"{fact.kind} {value}: lift {np.round(lift, 2)} ({seen} transitions)"
