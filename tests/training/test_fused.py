import copy

import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.batches import trees_of
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.precision import set_precision
from reasoning_occ.training.tree import pack


def test_one_product_equals_peft_in_fp32(make_model, make_examples):
    model, row = make_model(), pack(trees_of(make_examples(6), 1024))
    wanted = [p for p in model.parameters() if p.requires_grad]
    with tree_attention(model, "cpu"):
        by_peft = segment_losses(model, row)
        peft_gradients = torch.autograd.grad(by_peft.sum(), wanted)
        with fused(model) as layers:
            ours = segment_losses(model, row)
            our_gradients = torch.autograd.grad(ours.sum(), wanted)
        assert layers == 14  # seven linear layers in each of two blocks
        torch.testing.assert_close(ours, by_peft, rtol=1e-5, atol=0)
        for one, other in zip(our_gradients, peft_gradients, strict=True):
            assert (one - other).norm() <= 1e-5 * other.norm()
        assert torch.equal(segment_losses(model, row), by_peft)  # peft's own way is back


class Lone(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(256, 256, bias=False)

    def forward(self, x):
        return self.linear(x)


def test_a_young_adapter_is_not_rounded_away():
    torch.manual_seed(0)
    model = get_peft_model(Lone(), LoraConfig(r=4, lora_alpha=8, target_modules=["linear"]))
    layer = model.base_model.model.linear
    nn.init.normal_(layer.lora_B["default"].weight, 0, 1e-4)
    x = torch.randn(512, 256).bfloat16()
    with torch.no_grad():
        change = 2 * x.float() @ layer.lora_A["default"].weight.T @ layer.lora_B["default"].weight.T
        set_precision(model, "bf16")
        exact = x.double() @ layer.get_base_layer().weight.double().T

        def kept(y):
            """Which share of the adapter's change is in the output (regression of what changed on what should)."""
            return float(((y.double() - exact) * change).sum() / (change * change).sum())

        with torch.autocast("cpu", torch.bfloat16):
            by_peft = model(x)
            with fused(model):
                ours = model(x)
    assert abs(kept(ours) - 1) < 0.15
    assert abs(kept(by_peft) - 1) > 0.3


def test_what_is_not_plain_lora_is_left_to_peft(make_model):
    def layers_of(**changed):
        config = LoraConfig(**{"r": 4, "target_modules": ["linear"], **changed})
        with fused(get_peft_model(Lone(), config)) as layers:
            return layers

    assert layers_of() == 1
    assert layers_of(lora_dropout=0.1) == layers_of(use_dora=True) == layers_of(lora_bias=True) == 0
    model = make_model()
    with model.disable_adapter(), fused(model) as layers:
        assert layers == 0
    with fused(copy.deepcopy(make_model(adapter=False))) as layers:
        assert layers == 0
