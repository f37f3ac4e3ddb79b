import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.inference import search
from reasoning_occ.inference.model import parts
from reasoning_occ.inference.rank import rank
from reasoning_occ.inference.search import rank_of, top_k
from reasoning_occ.inference.trie import Trie

END = 96
# first parts, second parts: many titles share beginnings, and some go on alone for long
TITLES = [(*first, *second, END) for first in [(5, 6), (7,), (5, 8, 9, 10)] for second in [(), (11,), (12, 13, 14, 15)]]
TITLES += [(20 + number, *rest, END) for number, rest in enumerate([(), (1,), (1, 2, 3), (4, 4, 4, 4, 4)])]
# one history; reasons of unequal length, one of them empty
HISTORY = [3, 1, 4, 1, 5]
REASONS = [[*HISTORY, *reason] for reason in ([9, 2, 6], [7, 7, 7, 7, 2], [], [9, 2, 40])]


def each_title_alone(model, contexts, titles=TITLES):
    """Slow and plain: the mean over contexts of each title's probability in a full sequence."""
    probs = np.zeros(len(titles))
    model.eval()
    for context in contexts:
        for number, title in enumerate(titles):
            ids = torch.tensor([[*context, *title]])
            with torch.no_grad():
                log_prob_sv = model(input_ids=ids, use_cache=False).logits[0].double().log_softmax(-1)
            at = range(len(context) - 1, ids.shape[1] - 1)
            probs[number] += np.exp(sum(float(log_prob_sv[place, ids[0, place + 1]]) for place in at))
    return probs / len(contexts)


def but(*titles):
    mask = np.ones(len(TITLES), dtype=bool)
    mask[list(titles)] = False
    return mask


@pytest.fixture(scope="module")
def truth(model):
    """Probabilities after one context, and after several."""
    return {1: each_title_alone(model, REASONS[:1]), 4: each_title_alone(model, REASONS)}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """In so small a trie any search would be given up at once."""
    monkeypatch.setattr(search, "_PATIENCE", np.inf)


@pytest.mark.parametrize("contexts", [1, 4])
def test_a_search_that_is_given_up_gives_the_same(model, monkeypatch, contexts):
    trie, allowed = Trie.build(TITLES), but(2, 5)
    monkeypatch.setattr(search, "_NODES", 1)
    patiently = top_k(model, REASONS[:contexts], trie, allowed, 5)
    ranks = [rank_of(model, REASONS[:contexts], trie, allowed, title)[0] for title in (0, 7)]
    monkeypatch.setattr(search, "_PATIENCE", 0.0)
    found = top_k(model, REASONS[:contexts], trie, allowed, 5)
    assert found.titles.tolist() == patiently.titles.tolist() and found.unexplored == 0.0
    np.testing.assert_allclose(found.log_probs, patiently.log_probs, rtol=1e-4)
    assert found.tokens > patiently.tokens
    assert [rank_of(model, REASONS[:contexts], trie, allowed, title)[0] for title in (0, 7)] == ranks


@pytest.mark.parametrize("contexts", [1, 4])
@pytest.mark.parametrize("k", [1, 3, 99])
def test_the_best_k_are_those_of_scoring_all(model, truth, contexts, k):
    for allowed in (but(), but(0), but(1, 2, 5)):
        probs = np.where(allowed, truth[contexts], -1)
        best = np.argsort(-probs)[: min(k, int(allowed.sum()))]
        found = top_k(model, REASONS[:contexts], Trie.build(TITLES), allowed, k)
        assert found.titles.tolist() == best.tolist()
        np.testing.assert_allclose(np.exp(found.log_probs), probs[best], rtol=1e-4)
        # the certificate: nothing that was left out is likelier than what is left over, and shares hold the truth
        left = truth[contexts][allowed].sum() - found.explored
        assert -1e-7 <= left <= found.unexplored + 1e-7
        low, high = found.shares
        share = probs[best] / truth[contexts][allowed].sum()
        assert (low <= share + 1e-6).all() and (share <= high + 1e-6).all()


def test_all_titles_are_ranked_as_by_rank(model):
    found = top_k(model, REASONS[:1], Trie.build(TITLES), but(3), len(TITLES))
    assert found.unexplored == 0.0
    low, high = found.shares
    expected = np.exp(rank(model, REASONS[0], Trie.build(TITLES), but(3)))
    np.testing.assert_allclose(low, expected[found.titles], rtol=1e-4)
    np.testing.assert_array_equal(low, high)


@pytest.mark.parametrize("contexts", [1, 4])
def test_the_rank_of_any_title(model, truth, contexts):
    allowed = but(4)
    order = np.argsort(-np.where(allowed, truth[contexts], -1))
    for place, title in enumerate(order[: int(allowed.sum())], 1):
        got, found = rank_of(model, REASONS[:contexts], Trie.build(TITLES), allowed, int(title))
        assert got == place
        assert found.titles.tolist() == order[:place].tolist()


@pytest.mark.parametrize("contexts", [1, 4])
def test_no_more_is_followed_than_needed(model, truth, monkeypatch, contexts):
    monkeypatch.setattr(search, "_NODES", 1)  # one beginning at a time
    trie = Trie.build(TITLES)
    everything = top_k(model, REASONS[:contexts], trie, but(), len(TITLES)).tokens
    assert everything == contexts * trie.inner.sum()
    followed = []
    expand = search._Search._expand

    def watched(self, nodes):
        nodes = list(nodes)
        followed.extend(float(np.exp(self._log_probs[node]).mean()) for node in nodes)
        expand(self, nodes)

    monkeypatch.setattr(search._Search, "_expand", watched)
    best = top_k(model, REASONS[:contexts], trie, but(), 1)
    assert best.tokens < everything
    assert min(followed) >= np.exp(best.log_probs[0]) - 1e-9


def test_equal_titles_keep_the_order_of_the_taxonomy(model):
    # a model that tells no token from another
    head = parts(model).head
    kept = head.weight.detach().clone()
    with torch.no_grad():
        head.weight.zero_()
    titles = [(8, END), (5, END), (7, 9, END), (6, END)]
    try:
        found = top_k(model, REASONS[:1], Trie.build(titles), np.ones(4, dtype=bool), 4)
        assert found.titles.tolist() == [0, 1, 3, 2]
        assert [rank_of(model, REASONS[:1], Trie.build(titles), np.ones(4, dtype=bool), t)[0] for t in range(4)] == [
            1,
            2,
            4,
            3,
        ]
    finally:
        with torch.no_grad():
            head.weight.copy_(kept)


title = st.lists(st.integers(0, 5), max_size=4).map(lambda ids: (*ids, END))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    titles=st.lists(title, min_size=1, max_size=8, unique=True),
    reasons=st.lists(st.lists(st.integers(0, 90), max_size=5), min_size=1, max_size=3),
    k=st.integers(1, 9),
)
def test_any_titles_and_any_reasons(model, titles, reasons, k):
    contexts = [[*HISTORY, *reason] for reason in reasons]
    expected = each_title_alone(model, contexts, titles)
    found = top_k(model, contexts, Trie.build(titles), np.ones(len(titles), dtype=bool), k)
    assert len(found.titles) == min(k, len(titles))
    np.testing.assert_allclose(np.exp(found.log_probs), np.sort(expected)[::-1][:k], rtol=1e-3)
    np.testing.assert_allclose(np.exp(found.log_probs), expected[found.titles], rtol=1e-3)


def test_what_can_not_be_searched_is_refused(model):
    trie = Trie.build(TITLES)
    with pytest.raises(ValueError, match="k of 1 or more"):
        top_k(model, REASONS, trie, but(), 0)
    with pytest.raises(ValueError, match="title 2 is not allowed"):
        rank_of(model, REASONS, trie, but(2), 2)
    with pytest.raises(ValueError, match="context 1 is empty"):
        top_k(model, [[1], []], trie, but(), 1)
    with pytest.raises(ValueError, match="share not even"):
        top_k(model, [[1, 2], [2, 2]], trie, but(), 1)
    with pytest.raises(UserError, match="window is 128"):
        top_k(model, [[1] * 125], trie, but(), 1)
