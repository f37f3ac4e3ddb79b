import pytest
import torch

from reasoning_occ.inference.model import in_fp32, one_product

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
