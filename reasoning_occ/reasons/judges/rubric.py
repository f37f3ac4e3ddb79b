"""A judge without a language model: it reads the text alone, checks what it can and says how much that was."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.checks import coherence, factuality
from reasoning_occ.reasons.claims import Reading
from reasoning_occ.reasons.direction import Direction
from reasoning_occ.reasons.reader import Reader
from reasoning_occ.reasons.statistics import Fact, Statistics, count_fact, half, school_fact
from reasoning_occ.reasons.types import Case, Score, Told, Verdict

# part of the rubric, ours: how often a stated direction is taken to be wrong, and "back" to mean a job not told
_DOUBT = 0.02
# part of the rubric, ours: from which ratio of the truth's probability after and before the reason a score is given.
# 3 is "at all": a higher bar would pass half of the changes of both work and industry, where little can be known, and
# nearly all others, so that a model would learn to reason as if the former were rare
_UTILITY = ((5, 6.0), (4, 2.5), (3, 1.05), (2, 0.4))


class RubricJudge:
    """Scores what a reason's text claims.

    Factuality and coherence: `checks`. Utility: how many times more probable the true occupation is, among all but the
    one said to be present, once the cited facts and the direction are taken as evidence (multiplied as if independent);
    5 from 6 times, 4 from 2.5, 3 from 1.05 (it speaks for the truth at all), 2 from 0.4, else 1. The statistics come
    from the judge's half of the training people, never the teacher's, and without the person judged.

    Args:
        taxonomy: the occupations.
        shrink: see `Statistics`.
    """

    at_once = 1

    def __init__(self, taxonomy: Taxonomy, shrink: float) -> None:
        self._taxonomy = taxonomy
        self._reader = Reader(taxonomy)
        self._statistics = Statistics(taxonomy, shrink)
        self._fitted = False

    def fit(self, train: Sequence[Transition]) -> None:
        """Count the judge's half of the training people. For a split by time hand over only what precedes the cut."""
        self._statistics.fit([t for t in train if half(t.history.person.id) == 1])
        self._fitted = True

    def judge(self, history: Career, reason: str, truth: str) -> Verdict:
        """Score one reason. An empty text, or one of which nothing can be read, is unscored.

        Args:
            history: what factuality is checked against; utility takes only the person's id from it, to leave the
                person out of the statistics.
            reason: the text.
            truth: code of the true next occupation.

        Raises:
            UserError: `fit` was not called.
        """
        if not self._fitted:
            raise UserError("The rubric judge has no statistics yet: call fit() with the training transitions first.")
        reading = self._reader.read(reason)
        fact, false = factuality(reading, history, self._taxonomy)
        order, faults = coherence(reading)
        use = self.utility(reading, truth, history.person.id)
        return Verdict({"factuality": fact, "coherence": order, "utility": use}, (*false, *faults), reading.coverage)

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """As `judge`, for many."""
        return [self.judge(*case) for case in cases]

    def coverage(self, reason: str) -> float:
        """Share of a text's sentences that can be read."""
        return self._reader.read(reason).coverage

    def utility(self, reading: Reading, truth: str, person: str) -> Score:
        """How far the evidence raises the probability of `truth` (a code), with `person` left out of the statistics."""
        facts = evidence(reading)
        if not facts and not reading.directions:
            return Score(None, "No evidence could be read.")
        before, after = self._probabilities(reading, facts, person)
        i = self._taxonomy.index(truth)
        if before[i] == 0.0:
            return Score(1, "It says that the true occupation is the present one.")
        ratio = float(after[i] / before[i])
        rank = int((after > after[i]).sum()) + 1
        return Score(
            of_ratio(ratio), f"The evidence makes the true occupation {ratio:.2g} times as probable (rank {rank})."
        )

    def _probabilities(
        self, reading: Reading, facts: Sequence[Fact], person: str
    ) -> tuple[Float[np.ndarray, " occupations"], Float[np.ndarray, " occupations"]]:
        before = self._statistics.prior(person)
        present = next((claim.code for claim in reading.jobs if claim.present), None)
        if present is not None:
            before[self._taxonomy.index(present)] = 0.0
        before = before / before.sum()
        after = before.copy()
        for fact in facts:
            after = after * self._statistics.lift(fact, person)
        if reading.directions:
            after = after * np.max([self._consistent(reading, d, present) for d in reading.directions], axis=0)
        return before, after / after.sum()

    def _consistent(self, reading: Reading, direction: Direction, present: str | None) -> np.ndarray:
        """How well each occupation agrees with the direction stated: 1, or the doubt that remains."""
        told = [self._taxonomy.index(claim.code) for claim in reading.jobs if not claim.present]
        agree = np.full(len(self._taxonomy), _DOUBT)
        if direction is Direction.BACK:
            agree[told] = 1.0
            return agree
        # without a present occupation, "another industry" says no more than that it is none of the jobs told
        agree[:] = 1.0 if present is None else np.maximum(self._statistics.compass.members(present, direction), _DOUBT)
        agree[told] = _DOUBT
        return agree


def of_ratio(ratio: float) -> int:
    """The utility score of a reason that makes the truth so many times as probable."""
    return next((score for score, least in _UTILITY if ratio >= least), 1)


def evidence(reading: Reading) -> tuple[Fact, ...]:
    """The facts a text cites, as the statistics count them, each once."""
    found = {Fact("present" if claim.present else "held", claim.code): None for claim in reading.jobs}
    for remark in reading.remarks:
        match remark.kind:
            case "pay" | "hours" | "region" | "returned" | "degree":
                found[Fact(remark.kind, remark.value)] = None
            case "jobs":
                found[count_fact(int(remark.value))] = None
            case "school":
                found[school_fact(int(remark.value))] = None
            case _:
                pass
    return tuple(found)
