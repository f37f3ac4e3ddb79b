import numpy as np
import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.inference import rank as ranking
from reasoning_occ.inference.model import parts
from reasoning_occ.inference.rank import rank, rank_many, rank_reference
from reasoning_occ.inference.trie import Trie

END = 96
# shared beginnings, a title inside another's beginning, and one of a single token
TITLES = [
    (*ids, END)
    for ids in [(5, 6, 7), (5, 6, 8, 9), (5, 6), (5, 10), (11,), (12, 13, 14, 15, 16), (12, 13, 14, 5), (17, 6, 7), ()]
]
CONTEXTS = [[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5], [2, 7], [1], [90, 80, 70, 60, 50, 40, 30]]


def allowed_but(*titles):
    mask = np.ones(len(TITLES), dtype=bool)
    mask[list(titles)] = False
    return mask


def test_agrees_with_each_title_alone(model):
    trie = Trie.build(TITLES)
    for number, context in enumerate(CONTEXTS):
        allowed = allowed_but(number)
        expected = rank_reference(model, context, TITLES, allowed)
        got = rank(model, context, trie, allowed)
        assert np.abs(got[allowed] - expected[allowed]).max() < 1e-4
        assert np.exp(got).sum() == pytest.approx(1)
        assert got[number] == -np.inf
        # the comparison means nothing if all titles are about as likely
        assert np.ptp(expected[allowed]) > 1


@pytest.mark.parametrize("batch", [2, 3, 4])
def test_neighbours_in_a_batch_change_nothing(model, batch):
    allowed = [allowed_but(number) for number in range(len(CONTEXTS))]
    trie = Trie.build(TITLES)
    together = list(rank_many(model, CONTEXTS, trie, allowed, batch=batch, label=None))
    alone = [rank(model, context, trie, mask) for context, mask in zip(CONTEXTS, allowed, strict=True)]
    np.testing.assert_allclose(np.array(together), np.array(alone), atol=1e-5)


def test_small_passes_change_nothing(model, monkeypatch):
    trie = Trie.build(TITLES)
    whole = rank(model, CONTEXTS[0], trie, allowed_but(3))
    monkeypatch.setattr(ranking, "_NODES", 3)
    monkeypatch.setattr(ranking, "_LOGITS", 2 * 97)
    assert len(trie.split(ranking._NODES)) > 2
    np.testing.assert_allclose(rank(model, CONTEXTS[0], trie, allowed_but(3)), whole, atol=1e-5)


def test_eager_attention_agrees(model):
    trie = Trie.build(TITLES)
    expected = rank(model, CONTEXTS[0], trie, allowed_but(0))
    config = parts(model).config
    config._attn_implementation = "eager"
    try:
        np.testing.assert_allclose(rank(model, CONTEXTS[0], trie, allowed_but(0)), expected, atol=1e-4)
    finally:
        config._attn_implementation = "sdpa"


def test_adapters_count(model):
    if not hasattr(model, "disable_adapter"):
        pytest.skip("this model has no adapter")
    trie = Trie.build(TITLES)
    on = rank(model, CONTEXTS[0], trie, allowed_but())
    with model.disable_adapter():
        off = rank(model, CONTEXTS[0], trie, allowed_but())
    assert np.abs(on - off).max() > 0.01


def test_leaves_the_model_as_it_was(model):
    model.train()
    rank(model, CONTEXTS[0], Trie.build(TITLES), allowed_but())
    assert model.training
    assert torch.is_grad_enabled()
    model.eval()


def test_gradients_stay_on_for_the_one_who_reads(model):
    for _ in rank_many(model, CONTEXTS, Trie.build(TITLES), [allowed_but()] * 4, batch=2, label="Ranking"):
        assert torch.is_grad_enabled()


def test_order_and_bar(model):
    trie = Trie.build(TITLES)
    masks = [allowed_but(number) for number in range(4)]
    got = list(rank_many(model, CONTEXTS, trie, masks, batch=3, label="Ranking"))
    assert [int(np.flatnonzero(np.isneginf(row))[0]) for row in got] == [0, 1, 2, 3]


def test_what_can_not_be_ranked_is_refused(model):
    trie = Trie.build(TITLES)
    with pytest.raises(ValueError, match="context 0 is empty"):
        rank(model, [], trie, allowed_but())
    with pytest.raises(ValueError, match="some true"):
        rank(model, [1], trie, allowed_but(*range(len(TITLES))))
    with pytest.raises(ValueError, match="expected 9 booleans"):
        rank(model, [1], trie, np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="1 contexts, 0 sets"):
        rank_many(model, [[1]], trie, [], batch=1, label=None)
    with pytest.raises(UserError, match="window is 128"):
        rank(model, [1] * 125, trie, allowed_but())


def test_damaged_weights_are_named(model):
    norm = parts(model).decoder.norm.weight
    kept = norm.detach().clone()
    with torch.no_grad():
        norm.fill_(float("nan"))
    try:
        with pytest.raises(UserError, match="no numbers"):
            rank(model, [1, 2], Trie.build(TITLES), allowed_but())
    finally:
        with torch.no_grad():
            norm.copy_(kept)


def test_models_it_would_score_wrongly_are_refused(model):
    config = parts(model).config
    config.final_logit_softcapping = 30.0
    try:
        with pytest.raises(UserError, match="final_logit_softcapping"):
            rank(model, [1, 2], Trie.build(TITLES), allowed_but())
    finally:
        del config.final_logit_softcapping


def test_several_reasons_of_one_person_share_the_history(model, monkeypatch):
    from reasoning_occ.inference import beginning

    trie, history = Trie.build(TITLES), CONTEXTS[0]
    reasons = [[*history, 20 + number, *range(30, 30 + number)] for number in range(4)]
    allowed = [allowed_but(2)] * len(reasons)
    sent = []
    monkeypatch.setattr(
        beginning, "pad_right", lambda rows, inside, real=beginning.pad_right: sent.extend(rows) or real(rows, inside)
    )
    together = list(rank_many(model, reasons, trie, allowed, batch=4, label=None))
    assert [row.tolist() for row in sent] == [reason[len(history) :] for reason in reasons]
    for got, context in zip(together, reasons, strict=True):
        expected = rank_reference(model, context, TITLES, allowed[0])
        assert np.abs(got[allowed[0]] - expected[allowed[0]]).max() < 1e-4


def test_a_prior_is_taken_off_before_titles_are_normalised(model):
    trie, every = Trie.build(TITLES), np.ones(len(TITLES), dtype=bool)
    context, prior, allowed = CONTEXTS[0], CONTEXTS[3], allowed_but(1)
    (got,) = rank_many(model, [context], trie, [allowed], batch=1, label=None, prior=prior)
    less = rank_reference(model, context, TITLES, every) - rank_reference(model, prior, TITLES, every)
    expected = less - np.logaddexp.reduce(less[allowed])
    assert np.abs(got[allowed] - expected[allowed]).max() < 1e-4 and got[1] == -np.inf
    (plain,) = rank_many(model, [context], trie, [allowed], batch=1, label=None)
    assert np.abs(got[allowed] - plain[allowed]).max() > 0.1
