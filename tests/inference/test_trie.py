import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.inference.trie import Trie

END = 9
# closed by an id that no title holds, so that none is the beginning of another
titles = st.lists(
    st.lists(st.integers(0, 4), max_size=6).map(lambda ids: (*ids, END)), min_size=1, max_size=25, unique=True
)


def prefix_of(trie, node):
    ids = []
    while node >= 0:
        ids.insert(0, int(trie.token[node]))
        node = trie.parent[node]
    return tuple(ids)


@given(titles)
def test_nodes_are_the_set_of_prefixes(sequences):
    trie = Trie.build(sequences)
    prefixes = [prefix_of(trie, node) for node in range(len(trie))]
    assert len(set(prefixes)) == len(prefixes)
    assert set(prefixes) == {s[:n] for s in sequences for n in range(1, len(s) + 1)}
    assert [prefix_of(trie, path[-1]) for path in trie.paths] == sequences
    assert [trie.token[path].tolist() for path in trie.paths] == [list(s) for s in sequences]
    assert all(trie.depth[node] == len(prefix) - 1 for node, prefix in enumerate(prefixes))
    assert all(trie.parent[node] < node for node in range(len(trie)))
    assert {prefixes[node] for node in np.flatnonzero(~trie.inner)} == set(sequences)


@given(titles)
def test_a_node_sees_itself_and_what_it_begins_with(sequences):
    trie = Trie.build(sequences)
    prefixes = [prefix_of(trie, node) for node in range(len(trie))]
    expected = [[other == prefix[: len(other)] for other in prefixes] for prefix in prefixes]
    assert trie.ancestors().tolist() == expected


@given(titles, st.integers(1, 12))
def test_split_keeps_every_title_once_and_within_the_limit(sequences, limit):
    pieces = Trie.build(sequences).split(limit)
    assert sorted(title for numbers, _ in pieces for title in numbers) == list(range(len(sequences)))
    for numbers, small in pieces:
        assert [tuple(small.token[path].tolist()) for path in small.paths] == [sequences[n] for n in numbers]
        assert small.inner.sum() <= limit or len(numbers) == 1


@pytest.mark.parametrize(
    ("sequences", "words"),
    [
        ([], "at least one title"),
        ([(1, 2), ()], "Title 1 has no tokens"),
        ([(1, 2), (3,), (1, 2)], "Titles 0 and 2 .* same tokens"),
        ([(1, 2, 3), (4,), (1, 2)], "Titles 2 and 0 .* beginning of the second"),
    ],
)
def test_what_can_not_be_told_apart_is_refused(sequences, words):
    with pytest.raises(UserError, match=words):
        Trie.build(sequences)
