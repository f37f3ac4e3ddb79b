import pytest
import torch

from reasoning_occ.models.causal import causal
from reasoning_occ.training.attention import fastest_attention
from reasoning_occ.training.batches import collate
from reasoning_occ.training.loss import segment_losses


@pytest.mark.parametrize("adapter", [True, False])
def test_it_changes_the_way_and_not_the_result_and_is_undone(make_model, make_examples, adapter):
    model, batch = make_model(adapter=adapter), collate(make_examples(6))
    causal(model).set_attn_implementation("sdpa")
    before = segment_losses(model, batch)
    with fastest_attention(model, torch.device("cpu")):
        assert causal(model).config._attn_implementation == "eager"
        torch.testing.assert_close(segment_losses(model, batch), before, rtol=1e-5, atol=0)
    assert causal(model).config._attn_implementation == "sdpa"
    with fastest_attention(model, torch.device("cuda")):
        assert causal(model).config._attn_implementation == "sdpa"
