"""Utility without an opinion: does the reason make a predictor find the true occupation more probable?

The idea is that of Rec-SAVER (Tsai et al. 2024, arXiv:2408.00802): a reason is good if what it is for can be predicted
again from it. Here every name of the answer is masked first, and probabilities are compared, not hits.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from reasoning_occ.careers.types import Transition
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.judges.rubric import of_ratio
from reasoning_occ.reasons.naming import masked
from reasoning_occ.reasons.settings import check_run
from reasoning_occ.reasons.types import Case, Judge, Predictor, Score, Told, Verdict


class Reprediction:
    """Utility by a predictor, the other criteria by another judge.

    Utility: how many times as probable the true occupation is after history and masked reason as after the history
    alone, on the scale of the rubric.

    Args:
        taxonomy: the occupations.
        predict: gives a predictor by name (see conf/judge/reprediction.yaml); called when there is something to judge.
        predictor: its name; None: the job's own model, before it learns.
        others: judges factuality and coherence.

    Raises:
        UserError: `predictor` is not the folder of a finished run.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        predict: Callable[[str | None], Predictor],
        *,
        predictor: str | None,
        others: Judge,
    ) -> None:
        check_run("judge.predictor", predictor)
        self._taxonomy = taxonomy
        self._predict = predict
        self._predictor = predictor
        self._others = others
        self.at_once = others.at_once

    def fit(self, train: Sequence[Transition]) -> None:
        """Let the other judge see the training transitions."""
        self._others.fit(train)

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """Scores of many reasons; see `Judge`.

        Raises:
            BudgetReached: as the other judge.
            UserError: as the other judge, or the predictor can't be read.
        """
        verdicts = self._others.judge_all(cases, told)
        if told is not None:
            told(f"predicting {len(cases):,} again")
        return [
            replace(verdict, scores={**verdict.scores, "utility": score})
            for verdict, score in zip(verdicts, self._utility(cases), strict=True)
        ]

    def _utility(self, cases: Sequence[Case]) -> list[Score]:
        if not cases:
            return []
        predictor = self._predict(self._predictor)
        # candidates of one transition share its history
        histories = list({id(case.history): case.history for case in cases}.values())
        alone = predictor.log_probs(histories, [None] * len(histories))
        before = {id(history): log_probs for history, log_probs in zip(histories, alone, strict=True)}
        reasons = [masked(case.reason, case.truth, self._taxonomy) for case in cases]
        after = predictor.log_probs([case.history for case in cases], reasons)
        return [
            self._score(
                case, float(before[id(case.history)][i]), float(log_probs[i]), int((log_probs > log_probs[i]).sum())
            )
            for case, log_probs in zip(cases, after, strict=True)
            for i in [self._taxonomy.index(case.truth)]
        ]

    def _score(self, case: Case, before: float, after: float, above: int) -> Score:
        if before == -np.inf:
            return Score(1, "It stands for the present occupation, which is never next.")
        ratio = float(np.exp(after - before))
        told = f"The reason makes the true occupation {ratio:.2g} times as probable (rank {above + 1})."
        return Score(of_ratio(ratio), told)
