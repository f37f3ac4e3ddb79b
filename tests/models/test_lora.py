import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.models.lora import add_lora, load_adapter, save_adapter
from reasoning_occ.models.tiny import tiny

IDS = torch.arange(20)[None]


def trained(backbone):
    """An adapter that changes the model: fresh ones start at zero."""
    model = add_lora(backbone.model, r=4, alpha=8, dropout=0.0, targets="all-linear")
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model.eval()


def test_logits_are_equal_after_reload_in_fresh_objects(tiny_backbone, texts, tmp_path):
    from peft import AutoPeftModelForCausalLM

    plain = tiny_backbone.model(IDS).logits.detach()
    model = trained(tiny_backbone)
    expected = model(IDS).logits
    assert not torch.allclose(expected, plain, atol=1e-3)
    folder = tmp_path / "adapter"
    save_adapter(model, tiny_backbone.tokenizer, folder)

    fresh = tiny(tiny_backbone.family, texts, seed=0, dtype="fp32")
    assert torch.equal(load_adapter(fresh.model, folder)(IDS).logits, expected)
    assert torch.equal(AutoPeftModelForCausalLM.from_pretrained(folder)(IDS).logits, expected)
    names = {f.name for f in folder.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"} <= names
    assert [f.name for f in tmp_path.iterdir()] == ["adapter"]


def test_only_the_adapter_is_trained_and_in_fp32(texts):
    backbone = tiny("llama3", texts, seed=0, dtype="bf16")
    model = add_lora(backbone.model, r=4, alpha=8, dropout=0.0, targets="all-linear")
    weights = dict(model.named_parameters())
    learned = {name for name, weight in weights.items() if weight.requires_grad}
    # seven linear layers in each of two blocks, two matrices each; never the output layer
    assert len(learned) == 28 and all("lora_" in name for name in learned)
    assert {weights[name].dtype for name in learned} == {torch.float32}
    assert {w.dtype for name, w in weights.items() if name not in learned} == {torch.bfloat16}


def test_only_the_last_layers_learn_and_are_read_again(tiny_backbone, texts, tmp_path):
    torch.manual_seed(0)
    model = add_lora(tiny_backbone.model, r=4, alpha=8, dropout=0.0, targets="all-linear", last_layers=1)
    learned = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert len(learned) == 14 and all("layers.1." in name for name in learned)
    below = []
    model.base_model.model.model.layers[0].register_forward_hook(lambda _, __, out: below.append(out))
    model(IDS).logits.sum().backward()
    assert not below[0].requires_grad  # no gradient is computed below
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    expected = model.eval()(IDS).logits
    save_adapter(model, tiny_backbone.tokenizer, tmp_path / "adapter")
    fresh = tiny(tiny_backbone.family, texts, seed=0, dtype="fp32")
    assert torch.equal(load_adapter(fresh.model, tmp_path / "adapter")(IDS).logits, expected)


def test_settings_that_cannot_work_are_refused(texts):
    model = tiny("qwen3", texts, seed=0, dtype="fp32").model
    with pytest.raises(UserError, match="r=0"):
        add_lora(model, r=0, alpha=8, dropout=0.0, targets="all-linear")
    with pytest.raises(UserError, match=r"lora\.targets.*nowhere"):
        add_lora(model, r=4, alpha=8, dropout=0.0, targets=["nowhere"])
    with pytest.raises(UserError, match=r"last_layers.*up to 2.*got 3"):
        add_lora(model, r=4, alpha=8, dropout=0.0, targets="all-linear", last_layers=3)


def test_an_adapter_of_another_model_or_none_is_refused(tiny_backbone, texts, tmp_path):
    model = tiny("smollm2", texts, seed=0, dtype="fp32")
    with pytest.raises(UserError, match="no adapter"):
        load_adapter(model.model, tmp_path)
    lora = add_lora(model.model, r=4, alpha=8, dropout=0.0, targets=["q_proj"])
    weights = lora.base_model.model.model.layers[0].self_attn.q_proj.lora_A["default"]
    weights.weight = torch.nn.Parameter(torch.zeros(4, 32))
    save_adapter(lora, model.tokenizer, tmp_path / "adapter")
    with pytest.raises(UserError, match="does not fit"):
        load_adapter(tiny_backbone.model, tmp_path / "adapter")
