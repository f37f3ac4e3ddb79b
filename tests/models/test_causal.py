import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM, Qwen3Config, Qwen3ForCausalLM

from reasoning_occ.errors import UserError
from reasoning_occ.inference.model import parts
from reasoning_occ.models.causal import causal, check_full_attention, check_logits, decoder, device, head
from reasoning_occ.models.lora import add_lora
from reasoning_occ.models.tree_attention.interface import tree_attention


def test_the_parts_give_the_logits_of_the_whole_with_its_adapter(tiny_backbone):
    bare = tiny_backbone.model
    ids = torch.arange(12)[None]
    before = bare(ids).logits
    model = add_lora(bare, r=2, alpha=4, dropout=0.0, targets="all-linear").eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.1)
        whole = model(ids).logits
        mine = head(model)(decoder(model)(input_ids=ids).last_hidden_state)
    assert causal(model) is causal(bare)
    assert torch.equal(whole, mine) and not torch.allclose(whole, before)


@pytest.mark.parametrize(("value", "fine"), [(None, True), (1.0, True), (30.0, False)])
@pytest.mark.parametrize("name", ["final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier"])
def test_a_model_that_changes_its_logits_is_refused(tiny_backbone, name, value, fine):
    check_logits(tiny_backbone.model)
    setattr(tiny_backbone.model.config, name, value)
    try:
        if fine:
            check_logits(tiny_backbone.model)
        else:
            with pytest.raises(UserError, match=f"{name}=30"):
                check_logits(tiny_backbone.model)
    finally:
        delattr(tiny_backbone.model.config, name)


def test_a_model_that_looks_back_over_a_window_is_refused_by_learning_and_ranking():
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2}
    shape |= {"intermediate_size": 32, "vocab_size": 16}
    windowed = MistralForCausalLM(MistralConfig(**shape, sliding_window=4))
    assert getattr(windowed.config, "layer_types", None) is None  # the window stands alone
    mixed = Qwen3ForCausalLM(
        Qwen3Config(**shape, head_dim=16, use_sliding_window=True, sliding_window=4, max_window_layers=1)
    )
    for model in (windowed, mixed, add_lora(windowed, r=2, alpha=4, dropout=0.0, targets="all-linear")):
        with pytest.raises(UserError, match="full attention, which ranking"):
            parts(model)
        with pytest.raises(UserError, match="full attention, which training"), tree_attention(model, "cpu"):
            pass
    whole = MistralForCausalLM(MistralConfig(**shape, sliding_window=None))
    # a window that no layer follows, as in Qwen's files
    unused = Qwen3ForCausalLM(Qwen3Config(**shape, head_dim=16, use_sliding_window=False, sliding_window=4))
    unused.config.sliding_window = 4
    for model in (whole, unused):
        check_full_attention(model, "ranking")


@pytest.mark.parametrize(("there", "expected"), [(True, "cuda"), (False, "cpu")])
def test_the_gpu_is_used_where_there_is_one(monkeypatch, there, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert device().type == expected
