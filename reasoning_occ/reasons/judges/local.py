"""A judge in this process: a chat model's probabilities of the digits 1 to 5, read where it would write its score."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.judges.llm import question
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.reasons.settings import check_counts, check_model
from reasoning_occ.reasons.types import CRITERIA, Case, Chat, Criterion, Score, Told, Verdict

_ANSWER = "Answer with the score alone, a whole number from 1 to 5."
_OPENING = "Score:"
_DIGITS = ("1", "2", "3", "4", "5")


class LocalJudge:
    """Scores by a chat model without letting it write: nothing has to be parsed, so any model can judge.

    A score is the expected value of the five digits, rounded; their probabilities are kept. Nothing leaves the machine.

    Args:
        taxonomy: the occupations.
        chat: gives a model by name (see conf/judge/local.yaml); called when there is something to judge.
        model: its name; None: the job's own.
        batch: prompts that go through the model together.
        least: share of all that the model could have said which the five digits must hold (0-1); below it the model did
            not take the question as meant, and the criterion is unscored.

    Raises:
        UserError: an argument out of range.
    """

    at_once = 1

    def __init__(
        self,
        taxonomy: Taxonomy,
        chat: Callable[[str | None], Chat],
        *,
        model: str | None,
        batch: int,
        least: float,
    ) -> None:
        check_counts("judge", batch=batch)
        check_model("judge", model)
        if not 0 <= least <= 1:
            raise UserError(f"judge.least: expected a share from 0 to 1; got {least}.")
        self._taxonomy = taxonomy
        self._chat = chat
        self._model = model
        self._batch = batch
        self._least = least

    def fit(self, train: Sequence[Transition]) -> None:
        """Nothing is learnt from the training transitions."""

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """Scores of many reasons; see `Judge`.

        Raises:
            UserError: the model can't be read or has no single tokens for digits, or a prompt doesn't fit its window.
        """
        if not cases:
            return []
        scores: dict[Criterion, list[Score]] = {c: self._scores(c, cases, told) for c in CRITERIA}
        return [Verdict({c: scores[c][place] for c in CRITERIA}) for place in range(len(cases))]

    def _scores(self, criterion: Criterion, cases: Sequence[Case], told: Told | None) -> list[Score]:
        def done(count: int) -> None:
            if told is not None:
                told(f"judging {criterion}, {count:,} of {len(cases):,}")

        prompts = [question(criterion, case, self._taxonomy, send=FIELDS, answer=_ANSWER) for case in cases]
        shares_nd, held_n = self._chat(self._model).shares(prompts, _OPENING, _DIGITS, batch=self._batch, told=done)
        return [self._score(shares_d, float(held)) for shares_d, held in zip(shares_nd, held_n, strict=True)]

    def _score(self, shares_d: Float[np.ndarray, " 5"], held: float) -> Score:
        shares = tuple(round(float(share), 6) for share in shares_d)
        if held < self._least:
            return Score(None, f"Unscored: the digits 1 to 5 hold only {held:.1%} of what the model would say.", shares)
        expected = float(shares_d @ np.arange(1, 6))
        likeliest = int(shares_d.argmax()) + 1
        told = (
            f"Expected {expected:.2f}, likeliest {likeliest}; the digits hold {held:.1%} of what the model would say."
        )
        return Score(round(expected), told, shares)
