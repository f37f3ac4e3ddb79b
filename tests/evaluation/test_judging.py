"""Many reasons judged in parts, under a bar."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from reasoning_occ import progress
from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.evaluation.judging import judged
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.evaluation.quality import quality
from reasoning_occ.reasons.types import CRITERIA, Case, Score, Verdict

HISTORY = Career(Person("p", 1950), (), (Job("d", Date(1969)),))


class Counts:
    """Scores a reason by its length, tells how far it is, and keeps how many it was handed together."""

    def __init__(self, at_once=1):
        self.at_once = at_once
        self.handed = []

    def judge_all(self, cases, told=None):
        self.handed.append(len(cases))
        if told is not None:
            told(f"{sum(self.handed)} asked")
        return [Verdict(dict.fromkeys(CRITERIA, Score(len(case.reason), "so"))) for case in cases]


@pytest.fixture
def screen(monkeypatch):
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr(progress, "console", console)
    return console.file


def test_all_are_judged_in_parts_and_in_order_under_a_bar(screen):
    judge, cases = Counts(), [Case(HISTORY, "x" * (1 + i % 5), "c") for i in range(150)]
    found = judged(judge, cases, "test reasons")
    assert judge.handed == [64, 64, 22]
    assert [verdict.scores["utility"].value for verdict in found] == [1 + i % 5 for i in range(150)]
    large = Counts(at_once=1000)
    assert judged(large, cases, "test reasons") == found and large.handed == [150]
    shown = screen.getvalue()
    assert "test reasons" in shown and "150/150" in shown and "150 asked" in shown and "took" in shown
    assert judged(Counts(), [], "nothing") == []


def test_reasons_of_test_people_are_judged_so(screen):
    judge = Counts()
    people = [replace(HISTORY, person=Person(f"p{i}", 1950)) for i in range(5)]
    test = [Transition(history, "c", Date(1971)) for history in people]
    written = ["abc", "abcd", None, "ab", "abcde"]
    given = [
        Prediction("joint", h.person.id, 0, "c", "Cooks", (), None, None, None, reason, (), {})
        for h, reason in zip(people, written, strict=True)
    ]
    found = quality(judge, test, given, resamples=20, seed=0)
    assert judge.handed == [4] and found["without_reason"] == 1 and found["utility"]["value"] == 3.5
    assert "reasons of test people" in screen.getvalue() and "4/4" in screen.getvalue()
