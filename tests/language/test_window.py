from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.types import Date, Job
from reasoning_occ.errors import UserError
from reasoning_occ.language.prompt import Language
from reasoning_occ.language.window import starts

lengths = st.lists(st.integers(1, 10), min_size=1, max_size=40)


def test_a_piece_grows_until_full_and_the_next_keeps_half():
    # room for six lines of 10; the seventh begins a piece with the latest three
    assert starts([10] * 9, list(range(9)), 60) == [0, 0, 0, 0, 0, 0, 4, 4, 4]


def test_a_piece_begins_with_a_job():
    jobs = [0, 1, None, 2, None, 3]
    assert starts([10] * 6, jobs, 40) == [0, 0, 0, 0, 3, 3]


@given(lengths, st.integers(10, 60))
def test_pieces_fit_overlap_and_never_depend_on_what_follows(sizes, room):
    jobs = list(range(len(sizes)))
    kept = starts(sizes, jobs, room)
    assert kept == sorted(kept)
    for now, first in enumerate(kept):
        assert sum(sizes[first : now + 1]) <= room
        assert starts(sizes[: now + 1], jobs[: now + 1], room) == kept[: now + 1]
        if now and sizes[now - 1] + sizes[now] <= room // 2:
            assert first < now, "the job before the present one is kept"


def test_a_line_longer_than_the_window_is_an_error():
    with pytest.raises(UserError, match="takes 70 tokens"):
        starts([5, 70], [0, 1], 60)


def test_a_long_career_is_cut_into_counted_pieces_that_grow_by_appending(tokenizers, tiny_taxonomy, career):
    language = Language(tokenizers["qwen3"], tiny_taxonomy, 400, "reason")
    long = replace(career, jobs=tuple(Job("cb"[i % 2], Date(1970 + i)) for i in range(30)))
    trunks = [language.trunk_ids(long.until(t)).tolist() for t in range(30)]
    grown = [later[: len(now)] == now for now, later in pairwise(trunks)]
    assert language.pieces(long) == 1 + grown.count(False) > 2
    for transition in long.transitions():
        example = language.example(transition, "They go back and forth.")
        assert len(example) <= 400
        assert example.ids[: len(language.head_ids)].tolist() == language.head_ids.tolist()
    assert language.pieces(career) == 1
