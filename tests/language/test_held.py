from dataclasses import replace

import pytest

from reasoning_occ.careers.types import Date, Job
from reasoning_occ.language.held import PLACES, held
from reasoning_occ.language.prompt import Language


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
