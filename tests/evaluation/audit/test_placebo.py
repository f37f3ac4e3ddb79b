from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.placebo import PLACEBOS, placebo, shuffled_sentences
from reasoning_occ.evaluation.audit.sample import draw
from reasoning_occ.reasons.oracle import Judged
from reasoning_occ.reasons.types import Candidate

SENTENCES = st.lists(st.from_regex(r"\A[a-z]{1,4}( [a-z]{1,4}){0,2}[.!?]\Z"), min_size=1, max_size=5)


@given(sentences=SENTENCES, seed=st.integers(0, 9))
def test_shuffled_sentences_are_the_same_in_another_order(sentences, seed):
    text = shuffled_sentences(" ".join(sentences), Random(seed))
    if len(set(sentences)) == 1:
        assert text is None
    else:
        assert text != " ".join(sentences) and sorted(text.split()) == sorted(" ".join(sentences).split())


def test_each_placebo_changes_one_thing(asked):
    found = asked(30, 0)
    made = {kind: placebo(kind, found, ["p", "c", "d", "n", "n", "n"], 0) for kind in PLACEBOS}
    drawn = []
    for one, person, sentences, occupation in zip(found, *made.values(), strict=True):
        assert person.reason == one.case.reason and person.history.person.id != one.person
        assert (sentences.history, sentences.truth) == (one.case.history, one.case.truth)
        assert sentences.reason != one.case.reason
        assert (occupation.history, occupation.reason) == (one.case.history, one.case.reason)
        assert occupation.truth not in {one.case.truth, one.case.history.jobs[-1].occupation}
        drawn.append(occupation.truth)
    assert drawn.count("n") > len(drawn) / 2  # by frequency
    assert made == {kind: placebo(kind, found, ["p", "c", "d", "n", "n", "n"], 0) for kind in PLACEBOS}


def test_where_none_can_be_made_there_is_none(asked):
    alone = asked(1, 0)
    assert placebo("person", alone, [], 0) == [None] == placebo("occupation", alone, ["d", "c"], 0)


def lines(asked):
    return [Judged(one.transition.key, (one.candidate,), (one.verdict,), 0 if one.chosen else None) for one in asked]


def test_a_larger_sample_keeps_the_smaller_one(asked):
    found = [one for one in asked(60, 0) if one.number % 3 < 2]  # two a person, each after another number of jobs
    transitions = [one.transition for one in found]
    small, large = (draw(lines(found), transitions, n, seed=4) for n in (10, 25))
    assert len(small.single) == 10 and len(large.single) == 25 and len(large.whole) == len(found)
    other = draw(lines(found), transitions, 10, seed=5)
    assert large.single[:10] == small.single != other.single
    assert all(one.chosen for one in large.oracle) and 0 < len(large.oracle) < 25


def test_a_run_of_other_data_or_without_verdicts_can_not_be_sampled(asked):
    found = asked(6, 0)
    with pytest.raises(UserError, match="data have changed"):
        draw(lines(found), [], 3, 0)
    named = [Judged(found[0].transition.key, (Candidate("x", named=("Pilots",)),), (found[0].verdict,), None)]
    with pytest.raises(UserError, match="nothing to audit"):
        draw(named, [found[0].transition], 3, 0)
