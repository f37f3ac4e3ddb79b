"""Utility by a predictor: masked names, ratios of probabilities, the other criteria by another judge."""

import numpy as np

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.reasons.judges.reprediction import Reprediction
from reasoning_occ.reasons.naming import masked
from reasoning_occ.reasons.types import CRITERIA, Case, Score, Verdict

HISTORY = Career(Person("p", 1950), (), (Job("d", Date(1969)),))


class Others:
    """Judges all criteria alike; utility is to be replaced."""

    def fit(self, train):
        self.fitted = True

    at_once = 1

    def judge_all(self, cases, told=None):
        return [Verdict(dict.fromkeys(CRITERIA, Score(3, "others"))) for _ in cases]


class Hears:
    """Believes in the truth by words of the reason, and keeps what it was asked."""

    def __init__(self, taxonomy):
        self.taxonomy = taxonomy
        self.asked = []

    def log_probs(self, histories, reasons):
        self.asked += list(zip(histories, reasons, strict=True))
        return [self._one(reason) for reason in reasons]

    def _one(self, reason):
        weight = {"warm": 4.0, "cold": 0.01}.get((reason or "").split(" ")[0], 1.0)
        probs = np.ones(len(self.taxonomy))
        probs[self.taxonomy.index("c")] = weight
        probs[self.taxonomy.index("d")] = 0.0
        with np.errstate(divide="ignore"):
            return np.log(probs / probs.sum())


def judge_of(taxonomy):
    predictor = Hears(taxonomy)
    return Reprediction(taxonomy, lambda name: predictor, predictor=None, others=Others()), predictor


def test_utility_is_how_much_likelier_the_truth_becomes(tiny_taxonomy):
    judge, predictor = judge_of(tiny_taxonomy)
    cases = [Case(HISTORY, text, "c") for text in ("warm words", "cold words", "other words")]
    found = judge.judge_all(cases)
    # 1 of 5 before; 4 of 8, 0.01 of 4.01 and 1 of 5 after: 2.5, 0.012 and 1 times as much
    assert [verdict.scores["utility"].value for verdict in found] == [4, 1, 2]
    assert "2.5 times as probable (rank 1)" in found[0].scores["utility"].justification
    assert all(verdict.scores["factuality"].justification == "others" for verdict in found)
    assert [reason for _, reason in predictor.asked].count(None) == 1  # one history, asked once without a reason


def test_names_of_the_answer_are_masked(tiny_taxonomy):
    judge, predictor = judge_of(tiny_taxonomy)
    judge.judge_all([Case(HISTORY, "They may join the COOKS, as chefs do, not the cooksons.", "c")])
    assert predictor.asked[-1][1] == "They may join the [masked], as [masked] do, not the cooksons."
    assert masked("Meat cutters and butchers", "m", tiny_taxonomy) == "[masked] and [masked]"


def test_the_present_occupation_is_never_next(tiny_taxonomy):
    judge, _ = judge_of(tiny_taxonomy)
    (found,) = judge.judge_all([Case(HISTORY, "warm words", "d")])
    assert found.scores["utility"].value == 1 and "never next" in found.scores["utility"].justification
    assert judge.judge_all([]) == []


def test_the_other_judge_learns(tiny_taxonomy):
    others = Others()
    Reprediction(tiny_taxonomy, lambda name: Hears(tiny_taxonomy), predictor=None, others=others).fit([])
    assert others.fitted
