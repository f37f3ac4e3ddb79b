import numpy as np
import pytest
import torch

from reasoning_occ.inference.model import in_fp32, one_product
from reasoning_occ.inference.rank import rank_many
from reasoning_occ.inference.trie import Trie

IDS = torch.tensor([[5, 3, 90, 17, 4, 4, 8]])


def logits(model):
    with torch.no_grad():
        return model.eval()(input_ids=IDS, use_cache=False).logits


def narrowed(model):
    """The weights that don't learn in bf16, as training keeps them."""
    for name, parameter in model.named_parameters():
        if "lora_" not in name:
            parameter.data = parameter.data.bfloat16()


@pytest.fixture
def own(model):
    """A copy that a test may change."""
    import copy

    return copy.deepcopy(model)


def test_nothing_is_rounded_inside_and_all_is_as_before_after(own):
    narrowed(own)
    before = {name: weight.clone() for name, weight in own.state_dict().items()}
    types = {name: weight.dtype for name, weight in own.named_parameters()}
    ours = {}
    with in_fp32(own):
        ours["logits"] = logits(own)
    assert {name: weight.dtype for name, weight in own.named_parameters()} == types
    assert all(torch.equal(weight, before[name]) for name, weight in own.state_dict().items())
    assert not any("forward" in vars(module) for module in own.modules())
    plain = own.float()  # every weight widened, adapters as peft computes them
    assert ours["logits"].dtype == torch.float32
    torch.testing.assert_close(ours["logits"], logits(plain), rtol=1e-5, atol=1e-4)


def test_adapters_that_are_off_stay_off(own):
    if not hasattr(own, "disable_adapter"):
        pytest.skip("this model has no adapter")
    on = logits(own)
    with own.disable_adapter():
        off = logits(own)
        with in_fp32(own):
            assert torch.equal(logits(own), off)
    with in_fp32(own):
        torch.testing.assert_close(logits(own), on, rtol=1e-5, atol=1e-4)
    assert not torch.allclose(on, off, atol=1e-2)


def test_an_error_inside_leaves_the_model_as_it_was(own):
    before = logits(own)
    with pytest.raises(RuntimeError), in_fp32(own):
        raise RuntimeError
    assert torch.equal(logits(own), before)


def test_one_product_is_what_peft_computes(own):
    by_peft = logits(own)
    with one_product(own):
        torch.testing.assert_close(logits(own), by_peft, rtol=1e-5, atol=1e-4)
    assert torch.equal(logits(own), by_peft)


def ranking(model, contexts):
    """A ranking as a recommender gives it: read one by one, the model changed meanwhile."""
    allowed = [np.ones(len(TITLES), dtype=bool)] * len(contexts)
    with in_fp32(model):
        yield from rank_many(model, contexts, Trie.build(TITLES), allowed, batch=1, label=None)


TITLES = [(5, 6, 7, 96), (5, 8, 96), (9, 96)]
SHORT, LONG = [[3, 1, 4]], [[2, 7], [1, 8, 2], [8, 1]]


def test_two_rankings_read_in_turn_are_those_read_one_after_the_other(own):
    narrowed(own)
    before = {name: weight.clone() for name, weight in own.state_dict().items()}
    apart = [*ranking(own, SHORT)], [*ranking(own, LONG)]
    short, long = ranking(own, SHORT), ranking(own, LONG)
    in_turn = [next(short)], [next(long)]
    assert next(short, None) is None  # the first ends while the second goes on
    in_turn[1].extend(long)
    np.testing.assert_array_equal(np.array(in_turn[0]), np.array(apart[0]))
    np.testing.assert_array_equal(np.array(in_turn[1]), np.array(apart[1]))
    assert as_before(own, before)


def test_a_ranking_that_is_closed_half_read_leaves_the_model_as_before(own):
    narrowed(own)
    before = {name: weight.clone() for name, weight in own.state_dict().items()}
    half = ranking(own, LONG)
    next(half)
    assert not as_before(own, before)
    half.close()
    assert as_before(own, before)


def as_before(model, weights):
    same = all(
        weight.dtype == weights[name].dtype and torch.equal(weight, weights[name])
        for name, weight in model.state_dict().items()
    )
    return same and not any("forward" in vars(module) for module in model.modules())
