"""A panel's scores against medians worked out by hand."""

import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.reasons.judges.panel import Panel
from reasoning_occ.reasons.oracle import make_oracle, read_oracle
from reasoning_occ.reasons.selection import Selection
from reasoning_occ.reasons.summary import summary
from reasoning_occ.reasons.types import CRITERIA, Candidate, Case, Score, Verdict

HISTORY = Career(Person("p", 1950), (), (Job("d", Date(1969)),))
CASES = [Case(HISTORY, "One.", "c"), Case(HISTORY, "Two.", "c")]


class Says:
    """A judge that always says the same; `fitted` counts."""

    def __init__(self, *values, errors=(), coverage=1.0):
        scores = {c: Score(value, "so") for c, value in zip(CRITERIA, values, strict=True)}
        self.verdict = Verdict(scores, errors, coverage)
        self.fitted = 0

    at_once = 1

    def fit(self, train):
        self.fitted += 1

    def judge_all(self, cases, told=None):
        return [self.verdict for _ in cases]


def test_the_median_counts_and_of_two_the_lower():
    three = {
        "one": Says(5, 1, None, errors=("wrong year",)),
        "two": Says(2, 4, 3, errors=("wrong year", "no job"), coverage=0.5),
        "three": Says(3, 3, 4),
    }
    found = Panel(three).judge_all(CASES)
    assert len(found) == 2 and found[0] == found[1]
    assert [found[0].scores[c].value for c in CRITERIA] == [3, 3, 3]
    assert found[0].errors == ("wrong year", "no job") and found[0].coverage == 0.5
    assert found[0].members["one"]["utility"].value is None and found[0].members["two"]["coherence"].value == 4
    assert "one unscored" in found[0].scores["utility"].justification


def test_where_nobody_has_a_score_there_is_none():
    found = Panel({"one": Says(None, 1, 1), "two": Says(None, 1, 2)}).judge_all(CASES[:1])
    assert [found[0].scores[c].value for c in CRITERIA] == [None, 1, 1]


def test_every_member_learns_and_one_is_no_panel():
    members = {"one": Says(1, 1, 1), "two": Says(1, 1, 1)}
    Panel(members).fit([])
    assert [judge.fitted for judge in members.values()] == [1, 1]
    with pytest.raises(UserError, match=r"judge\.members: a panel has two judges or more; got 1 \(one\)"):
        Panel({"one": Says(1, 1, 1)})
    with pytest.raises(UserError, match="got None"):
        Panel(None)  # type: ignore[arg-type]


def test_what_each_said_is_kept_in_the_file(tmp_path, nls, transitions, teacher, judge):
    panel = Panel({"rubric": judge, "stern": Says(1, 2, 3)})
    selection = Selection("best", CRITERIA, {"factuality": 1, "coherence": 1, "utility": 1}, 0, "drop", 1.0)
    path = tmp_path / "reasons.jsonl"
    make_oracle(transitions[:5], teacher, panel, selection, path, nls.taxonomy)
    for line in read_oracle(path):
        for candidate, verdict in zip(line.candidates, line.verdicts, strict=True):
            alone = judge.judge_all(
                [Case(_history(transitions, line.key), candidate.text, _truth(transitions, line.key))]
            )
            assert verdict.members["rubric"] == alone[0].scores
            assert verdict.members["stern"]["coherence"].value == 2


def _history(transitions, key):
    return next(t.history for t in transitions if t.key == key)


def _truth(transitions, key):
    return next(t.target for t in transitions if t.key == key)


def test_a_panel_is_asked_again_only_where_a_member_may_answer_otherwise():
    class Fixed:
        at_once = 1

    class Moody:
        at_once = 1

        def __init__(self, sample: int) -> None:
            self.sample = sample

        def again(self, sample: int) -> "Moody":
            return Moody(sample)

    fixed = Panel({"a": Fixed(), "b": Fixed()})
    assert fixed.again(2) is fixed
    mixed = Panel({"a": fixed, "b": Moody(0)})
    other = mixed.again(2)
    assert other is not mixed and other._members["a"] is fixed and other._members["b"].sample == 2


def test_a_member_that_never_scores_stops_the_stage(tmp_path, tiny_taxonomy):
    class Writes:
        at_once, recalls = 4, True

        def write_all(self, transitions, feedback=None, told=None):
            return [(Candidate("Well."),) for _ in transitions]

    train = [Transition(HISTORY, "c", Date(1990))]
    deaf = Panel({"one": Says(4, 4, 4), "two": Says(None, None, None)})
    chosen = Selection(
        "best", CRITERIA, {"factuality": 4, "coherence": 4, "utility": 3}, retries=0, fallback="drop", max_unscored=0.5
    )
    path = tmp_path / "reasons.jsonl"
    with pytest.raises(UserError, match=r"3 of 3 scores of the panel's two are missing"):
        make_oracle(train, Writes(), deaf, chosen, path, tiny_taxonomy)
    half = Panel({"one": Says(4, 4, 4), "two": Says(None, 5, 5)})
    make_oracle(train, Writes(), half, chosen, path, tiny_taxonomy)
    counted = summary(path, train, tiny_taxonomy)
    assert counted.unscored["factuality"] == 0 and counted.members_unscored["two"]["factuality"] == 1
    assert counted.members_unscored["one"] == {"factuality": 0, "coherence": 0, "utility": 0}
