import json

import pytest

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.reasons.oracle import choose, make_oracle, read_oracle, summary
from reasoning_occ.reasons.teachers.grounded import GroundedTeacher
from reasoning_occ.reasons.types import Score, Verdict

THRESHOLDS = {"factuality": 4, "coherence": 4, "utility": 3}


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


def test_reasons_are_written_once_and_read_back(tmp_path, nls, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    first = make_oracle(train, dosed, judge, THRESHOLDS, path)
    written = path.read_bytes()
    assert list(first) == [t.key for t in train]
    assert make_oracle(train, None, None, THRESHOLDS, path) == first  # neither teacher nor judge is asked again
    assert path.read_bytes() == written
    assert [p.name for p in tmp_path.iterdir()] == ["reasons.jsonl"]
    row = json.loads(written.splitlines()[0])
    assert {"person", "t", "chosen", "candidates"} == set(row)
    assert {"text", "evidence", "planted", "scores", "errors", "coverage"} == set(row["candidates"][0])


def test_what_was_cut_off_goes_on_to_the_same_file(tmp_path, train, dosed, judge):
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    make_oracle(train, dosed, judge, THRESHOLDS, whole)
    part = tmp_path / "cut.part.jsonl"
    part.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:40]) + b'{"person": "torn')
    make_oracle(train, dosed, judge, THRESHOLDS, cut)
    assert cut.read_bytes() == whole.read_bytes()


def test_a_beginning_made_for_other_transitions_is_refused(tmp_path, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    make_oracle(train[:5], dosed, judge, THRESHOLDS, path)
    path.rename(tmp_path / "reasons.part.jsonl")
    with pytest.raises(UserError, match="other transitions"):
        make_oracle(train[1:6], dosed, judge, THRESHOLDS, path)


def test_summary_counts(tmp_path, nls, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    oracle = make_oracle(train, dosed, judge, THRESHOLDS, path)
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


def test_a_file_of_other_transitions_or_of_nonsense_is_refused(tmp_path, train, dosed, judge):
    path = tmp_path / "reasons.jsonl"
    make_oracle(train[:5], dosed, judge, THRESHOLDS, path)
    with pytest.raises(UserError, match="5 transitions"):
        make_oracle(train[:6], dosed, judge, THRESHOLDS, path)
    path.write_text('{"person": "1", "t": 0}\n')
    with pytest.raises(UserError, match="line 1"):
        list(read_oracle(path))


@pytest.mark.parametrize("thresholds", [{}, {**THRESHOLDS, "utility": 6}, {**THRESHOLDS, "style": 3}])
def test_thresholds_are_one_a_criterion(tmp_path, train, dosed, judge, thresholds):
    with pytest.raises(UserError, match="thresholds"):
        make_oracle(train[:2], dosed, judge, thresholds, tmp_path / "reasons.jsonl")
