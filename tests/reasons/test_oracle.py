import json
from dataclasses import replace

import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.reasons.oracle import make_oracle, read_oracle
from reasoning_occ.reasons.selection import Selection, choose
from reasoning_occ.reasons.summary import summary
from reasoning_occ.reasons.teachers.grounded import GroundedTeacher
from reasoning_occ.reasons.types import CRITERIA, Candidate, Score, Verdict

THRESHOLDS = {"factuality": 4, "coherence": 4, "utility": 3}
SELECTION = Selection("best", CRITERIA, THRESHOLDS, retries=0, fallback="drop", max_unscored=0.1)


def verdict(factuality, coherence, utility) -> Verdict:
    return Verdict(
        {
            "factuality": Score(factuality, ""),
            "coherence": Score(coherence, ""),
            "utility": Score(utility, ""),
        }
    )


@pytest.fixture(scope="module")
def train(transitions) -> list[Transition]:
    return transitions[:110]


@pytest.fixture(scope="module")
def dosed(nls, transitions) -> GroundedTeacher:
    teacher = GroundedTeacher(nls.taxonomy, candidates=3, mistakes=0.4, seed=0, shrink=20.0)
    teacher.fit(transitions)
    return teacher


def test_the_best_above_all_thresholds_is_chosen():
    assert choose([verdict(5, 3, 5), verdict(4, 4, 3), verdict(5, 4, 3)], THRESHOLDS) == 2
    assert choose([verdict(5, 5, 3), verdict(4, 4, 5), verdict(4, 4, 5)], THRESHOLDS) == 1  # equal mean: utility, order
    assert choose([verdict(3, 5, 5), verdict(5, 5, 2), verdict(5, 5, None)], THRESHOLDS) is None
    assert choose([], THRESHOLDS) is None


def test_the_first_or_the_worst_of_those_that_pass_is_kept():
    verdicts = [verdict(5, 3, 5), verdict(4, 4, 4), verdict(5, 5, 5), verdict(4, 4, 3), verdict(4, 4, 3), None]
    assert [choose(verdicts, THRESHOLDS, keep) for keep in ("best", "first", "worst")] == [2, 1, 3]


def test_a_criterion_without_a_threshold_decides_nothing():
    verdicts = [verdict(1, 4, 4), verdict(5, 4, 3), verdict(None, 5, 4)]
    assert choose(verdicts, {"coherence": 4, "utility": 3}) == 2  # unscored where nobody looks
    assert choose(verdicts, {"factuality": 4}) == 1
    assert choose([None, *verdicts], {}, "first") == 1
    without = replace(SELECTION, criteria=["utility", "coherence"])
    assert list(without.counted.items()) == [("coherence", 4), ("utility", 3)]


def test_a_rejected_candidate_is_never_kept():
    selection = replace(SELECTION, criteria=[], keep="first", fallback="best")
    nobody = Verdict(verdict(None, None, None).scores, judged=False)
    named, good = Candidate("x", named=("Pilots",)), Candidate("y")
    assert selection.choose([named, good], [nobody, nobody], last=True) == 1
    assert selection.choose([named], [nobody], last=True) is None


def test_reasons_are_written_once_and_read_back(tmp_path, nls, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    first = make_oracle(train, dosed, judge, SELECTION, path, nls.taxonomy)
    written = path.read_bytes()
    assert list(first) == [t.key for t in train]
    assert (
        make_oracle(train, None, None, SELECTION, path, nls.taxonomy) == first
    )  # neither teacher nor judge is asked again
    assert path.read_bytes() == written
    assert [p.name for p in tmp_path.iterdir()] == ["reasons.jsonl"]
    row = json.loads(written.splitlines()[0])
    assert {"person", "t", "chosen", "candidates"} == set(row)
    wanted = {
        "text",
        "evidence",
        "planted",
        "named",
        "fallback",
        "failure",
        "scores",
        "errors",
        "coverage",
        "members",
        "judged",
    }
    assert wanted == set(row["candidates"][0])


def test_what_was_cut_off_goes_on_to_the_same_file(tmp_path, nls, train, dosed, judge):
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    make_oracle(train, dosed, judge, SELECTION, whole, nls.taxonomy)
    part = tmp_path / "cut.part.jsonl"
    part.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:40]) + b'{"person": "torn')
    make_oracle(train, dosed, judge, SELECTION, cut, nls.taxonomy)
    assert cut.read_bytes() == whole.read_bytes()


def test_a_beginning_made_for_other_transitions_is_refused(tmp_path, nls, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    make_oracle(train[:5], dosed, judge, SELECTION, path, nls.taxonomy)
    path.rename(tmp_path / "reasons.part.jsonl")
    with pytest.raises(UserError, match="other transitions"):
        make_oracle(train[1:6], dosed, judge, SELECTION, path, nls.taxonomy)


def test_summary_counts(tmp_path, nls, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    oracle = make_oracle(train, dosed, judge, SELECTION, path, nls.taxonomy)
    seen = summary(path, train, nls.taxonomy)
    assert seen.transitions == len(train)
    assert seen.without == sum(reason is None for reason in oracle.values())
    assert 0 < seen.without < len(train)
    assert seen.leaks == 0
    assert seen.planted > 0
    assert seen.planted_chosen <= 0.05 * seen.planted
    assert seen.mean_scores["factuality"] >= 4
    assert seen.mean_scores["utility"] >= 3
    lines = list(read_oracle(path))
    assert seen.candidates == sum(len(line.candidates) for line in lines)
    for criterion, parts in seen.histograms.items():
        assert sum(parts["chosen"]) == len(train) - seen.without
        for score, (chosen, others) in enumerate(zip(parts["chosen"], parts["others"], strict=True), start=1):
            had = [(line.chosen == i, v.scores[criterion].value) for line in lines for i, v in enumerate(line.verdicts)]
            assert (chosen, others) == (had.count((True, score)), had.count((False, score)))


def test_a_file_of_other_transitions_or_of_nonsense_is_refused(tmp_path, nls, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    make_oracle(train[:5], dosed, judge, SELECTION, path, nls.taxonomy)
    with pytest.raises(UserError, match="5 transitions"):
        make_oracle(train[:6], dosed, judge, SELECTION, path, nls.taxonomy)
    path.write_text('{"person": "1", "t": 0}\n')
    with pytest.raises(UserError, match="line 1"):
        list(read_oracle(path))


@pytest.mark.parametrize(
    "changed",
    [
        {"thresholds": {}},
        {"thresholds": {**THRESHOLDS, "utility": 6}},
        {"thresholds": {**THRESHOLDS, "style": 3}},
        {"keep": "second"},
        {"keep": "best", "criteria": []},
        {"criteria": ["style"]},
        {"criteria": ["utility", "utility"]},
        {"criteria": "utility"},
        {"retries": -1},
        {"retries": True},
        {"fallback": "worst"},
        {"max_unscored": 1.5},
    ],
)
def test_a_senseless_selection_is_refused_by_its_key(changed):
    with pytest.raises(UserError, match=f"oracle.{next(iter(changed))}"):
        replace(SELECTION, **changed)


class Scripted:
    """A teacher and judge that follow a script: texts a round, and a score for every text (None: unscored)."""

    at_once = 2
    recalls = True

    def __init__(self, rounds, scores):
        self.rounds, self.scores = rounds, scores
        self.asked, self.heard, self.judged = 0, [], []

    def write_all(self, transitions, feedback=None, told=None):
        self.heard.append(feedback)
        texts = self.rounds[0 if feedback is None else len([h for h in self.heard if h]) % len(self.rounds)]
        return [tuple(Candidate(text.format(t=t.key[1])) for text in texts) for t in transitions]

    def judge_all(self, cases, told=None):
        self.judged += [case.reason for case in cases]
        scores = [next(v for k, v in self.scores.items() if k in case.reason) for case in cases]
        errors = [(f"bad: {case.reason}",) for case in cases]
        return [replace(verdict(s, s, s), errors=wrong) for s, wrong in zip(scores, errors, strict=True)]


def few(taxonomy, n=2):
    history = Career(Person("anna"), (), (Job("b", Date(1990)),))
    return [Transition(replace(history, person=Person(f"p{i}")), "c", Date(1991)) for i in range(n)]


def test_a_candidate_that_names_its_target_is_rejected_unjudged_and_counted(tmp_path, tiny_taxonomy):
    who = Scripted([["good reason", "They became Cooks.", "a chef? no: Chefs"]], {"good": 4})
    train, path = few(tiny_taxonomy), tmp_path / "reasons.jsonl"
    oracle = make_oracle(train, who, who, SELECTION, path, tiny_taxonomy)
    assert {reason.text for reason in oracle.values()} == {"good reason"} == set(who.judged)
    lines = list(read_oracle(path))
    assert [c.named for c in lines[0].candidates] == [(), ("Cooks",), ("Chefs",)]
    seen = summary(path, train, tiny_taxonomy)
    assert (seen.candidates, seen.named, seen.leaks) == (6, 4, 0) and seen.unscored["utility"] == 0


def test_what_is_no_reason_is_kept_counted_and_never_judged(tmp_path, tiny_taxonomy):
    class Poor(Scripted):
        def write_all(self, transitions, feedback=None, told=None):
            self.heard.append(feedback)
            no = (Candidate("I won't. Cooks!", failure="refused"), Candidate("good but", failure="cut off"))
            return [(*no, Candidate("", failure="empty"), Candidate("good")) for _ in transitions]

    who, train, path = Poor([], {"good": 3}), few(tiny_taxonomy), tmp_path / "reasons.jsonl"
    make_oracle(train, who, who, replace(SELECTION, retries=1), path, tiny_taxonomy)
    assert set(who.judged) == {"good"}
    assert who.heard[1][0] == ["4 reasons did not pass.", "It was too long and cut off.", "bad: good"]
    first = next(read_oracle(path))
    assert [c.failure for c in first.candidates[:4]] == ["refused", "cut off", "empty", None]
    assert first.candidates[0].text == "I won't. Cooks!" and first.candidates[0].named == ()
    assert first.verdicts[0].scores["utility"].justification == "Not judged: it was refused."
    seen = summary(path, train, tiny_taxonomy)
    assert seen.failed == {"refused": 4, "cut off": 4, "empty": 4} and (seen.named, seen.candidates) == (0, 16)
    assert seen.unscored == dict.fromkeys(CRITERIA, 0)


def test_a_teacher_is_asked_again_with_what_was_wrong(tmp_path, tiny_taxonomy):
    who = Scripted([["poor", "They became Cooks."], ["good at last"]], {"poor": 2, "good": 5})
    chosen = replace(SELECTION, retries=2)
    oracle = make_oracle(few(tiny_taxonomy), who, who, chosen, tmp_path / "reasons.jsonl", tiny_taxonomy)
    assert {reason.text for reason in oracle.values()} == {"good at last"}
    assert who.heard == [
        None,
        [["2 reasons did not pass.", "It names what the person did next.", "bad: poor"]] * 2,
    ]  # and never a third time


@pytest.mark.parametrize(("fallback", "text"), [("drop", None), ("best", "fair")])
def test_what_never_passes_falls_back(tmp_path, tiny_taxonomy, fallback, text):
    who = Scripted([["poor", "fair", "odd"]], {"poor": 2, "fair": 3, "odd": None})
    chosen = replace(SELECTION, fallback=fallback, max_unscored=0.5)
    oracle = make_oracle(few(tiny_taxonomy), who, who, chosen, tmp_path / "reasons.jsonl", tiny_taxonomy)
    assert {reason and reason.text for reason in oracle.values()} == {text}


STAND_IN = {"odd": None, "poor": 2, "good": 5}


def test_where_nothing_passed_the_stand_in_writes_and_is_judged_alike(tmp_path, tiny_taxonomy):
    teacher, stand_in = Scripted([["poor 1", "poor 2"], ["poor 3"]], STAND_IN), Scripted([["Cooks", "good"]], STAND_IN)
    chosen, path = replace(SELECTION, retries=1, fallback="grounded"), tmp_path / "reasons.jsonl"
    train = few(tiny_taxonomy)
    oracle = make_oracle(train, teacher, teacher, chosen, path, tiny_taxonomy, stand_in)
    assert {reason.text for reason in oracle.values()} == {"good"}
    assert teacher.judged.count("good") == 2 and len(teacher.heard) == 2  # after a round and a retry
    for line in read_oracle(path):
        assert [c.fallback for c in line.candidates] == [False, False, False, True, True] and line.chosen == 4
    seen = summary(path, train, tiny_taxonomy)
    assert seen.histograms["utility"] == {"chosen": (0, 0, 0, 0, 2), "others": (0, 6, 0, 0, 0)}
    assert (seen.fallback, seen.fallback_chosen, seen.named, seen.without) == (4, 2, 2, 0)


def test_a_stand_in_that_does_not_pass_leaves_the_answer_alone(tmp_path, tiny_taxonomy):
    teacher, stand_in = Scripted([["poor"]], STAND_IN), Scripted([["poor", "poor too"]], STAND_IN)
    chosen, path = replace(SELECTION, fallback="grounded"), tmp_path / "reasons.jsonl"
    train = few(tiny_taxonomy)
    assert set(make_oracle(train, teacher, teacher, chosen, path, tiny_taxonomy, stand_in).values()) == {None}
    assert teacher.judged.count("poor") == 2  # a text that was judged is not judged again
    seen = summary(path, train, tiny_taxonomy)
    assert (seen.fallback, seen.fallback_chosen, seen.without) == (2, 0, 2)


def test_a_stand_in_is_not_asked_where_a_reason_passed(tmp_path, tiny_taxonomy):
    teacher, stand_in = Scripted([["good"]], STAND_IN), Scripted([["good too"]], STAND_IN)
    chosen = replace(SELECTION, fallback="grounded")
    make_oracle(few(tiny_taxonomy), teacher, teacher, chosen, tmp_path / "r.jsonl", tiny_taxonomy, stand_in)
    assert stand_in.heard == []


def test_many_missing_scores_stop_the_stage_and_the_next_start_asks_again(tmp_path, tiny_taxonomy):
    path = tmp_path / "reasons.jsonl"
    deaf = Scripted([["odd", "good"]], {"odd": None, "good": 5})
    with pytest.raises(UserError, match=r"max_unscored: 6 of 12 scores are missing, more than 10%"):
        make_oracle(few(tiny_taxonomy), deaf, deaf, SELECTION, path, tiny_taxonomy)
    assert not path.exists()
    mended = Scripted([["odd", "good"]], {"odd": 4, "good": 5})
    assert len(make_oracle(few(tiny_taxonomy), mended, mended, SELECTION, path, tiny_taxonomy)) == 2
    assert len(mended.judged) == 4


@pytest.mark.parametrize(("recalls", "rounds"), [(True, 1), (False, 4)])
def test_a_judge_of_many_at_once_gets_many_unless_texts_could_be_lost(tmp_path, tiny_taxonomy, recalls, rounds):
    class Batch(Scripted):
        at_once = 1000
        handed = 0

        def judge_all(self, cases, told=None):
            self.handed += 1
            return super().judge_all(cases, told)

    teacher, judge = Scripted([["good"]], {"good": 5}), Batch([], {"good": 5})
    teacher.recalls = recalls
    make_oracle(few(tiny_taxonomy, 7), teacher, judge, SELECTION, tmp_path / "r.jsonl", tiny_taxonomy)
    assert judge.handed == len(teacher.heard) == rounds
