from dataclasses import replace
from itertools import pairwise

import pytest

from reasoning_occ.careers.types import Date, Job
from reasoning_occ.errors import UserError
from reasoning_occ.language.held import PLACES, held
from reasoning_occ.language.prompt import Language
from reasoning_occ.training.tree import grow


def test_the_latest_come_first_and_each_once(tiny_taxonomy, career):
    c, n, b = (tiny_taxonomy.index(code) for code in "cnb")
    back = replace(career, jobs=tuple(Job(code, Date(1970 + i)) for i, code in enumerate("cncb")))
    assert held(back, tiny_taxonomy).tolist() == [b, c, n] + [-1] * (PLACES - 3)


@pytest.mark.parametrize("ranking", ["head", "copying_head"])
def test_where_one_may_stay_the_present_title_can_be_learnt(tokenizers, tiny_taxonomy, career, ranking):
    language = Language(tokenizers["qwen3"], tiny_taxonomy, 400, "title", ranking)
    yearly = replace(career, jobs=tuple(Job(code, Date(1970 + i)) for i, code in enumerate("cnn")), stays=True)
    stayed = language.example(list(yearly.transitions())[-1], None)
    assert stayed.title == tiny_taxonomy.index("n") and stayed.barred == -1
    moved = language.example(next(iter(replace(yearly, stays=False).transitions())), None)
    assert moved.barred == tiny_taxonomy.index("c")
    assert moved.held.tolist() == (held(yearly.until(0), tiny_taxonomy).tolist() if ranking == "copying_head" else [])


def test_where_nothing_is_asked_each_history_begins_the_next(tokenizers, tiny_taxonomy, career):
    language = Language(tokenizers["qwen3"], tiny_taxonomy, 400, "nothing", "copying_head")
    longer = replace(career, jobs=tuple(Job(code, Date(1970 + i)) for i, code in enumerate("cncb")))
    examples = [language.example(t, None) for t in longer.transitions()]
    for one, other in pairwise(examples):
        assert one.ids.tolist() == other.ids[: len(one)].tolist() and len(one) < len(other)
    for one, t in zip(examples, longer.transitions(), strict=True):
        assert one.ids.tolist() == language.answer_prefix_ids(t.history, None).tolist()
        assert not one.segments.any() and one.title == tiny_taxonomy.index(t.target)
    # nothing but the longest has tokens of its own
    assert len(grow(examples)) == len(examples[-1])


def test_where_nothing_is_asked_no_title_can_be_written(tokenizers, tiny_taxonomy):
    with pytest.raises(UserError, match="ranking=head"):
        Language(tokenizers["qwen3"], tiny_taxonomy, 400, "nothing")
