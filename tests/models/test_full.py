import pytest
import torch
from transformers import AutoModelForCausalLM

from reasoning_occ.errors import UserError
from reasoning_occ.models.full import load_full, save_full
from reasoning_occ.models.tiny import tiny
from reasoning_occ.models.title_head import TitleHead

IDS = torch.arange(20)[None]


def changed(model):
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return model


def test_logits_are_equal_after_reload_in_fresh_objects(tiny_backbone, texts, tmp_path):
    plain = tiny_backbone.model(IDS).logits.detach()
    model = changed(tiny_backbone.model)
    expected = model(IDS).logits
    assert not torch.allclose(expected, plain, atol=1e-3)
    folder = tmp_path / "model"
    save_full(model, tiny_backbone.tokenizer, folder, TitleHead(torch.ones(3, 64)))

    fresh = tiny(tiny_backbone.family, texts, seed=0, dtype="bf16").model
    loaded = load_full(fresh, folder)
    assert torch.equal(loaded(IDS).logits, expected) and not any(p.requires_grad for p in loaded.parameters())
    # plain transformers reads it too, tied weights or not
    assert torch.equal(AutoModelForCausalLM.from_pretrained(folder)(IDS).logits, expected)
    names = {file.name for file in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "titles.safetensors"} <= names
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    size = sum(weight.numel() for weight in model.parameters())
    assert 4 * size <= (folder / "model.safetensors").stat().st_size < 4 * size + 10_000


def test_a_model_of_another_kind_or_none_is_refused(texts, tmp_path):
    llama, qwen = (tiny(family, texts, seed=0, dtype="fp32") for family in ("llama3", "qwen3"))
    with pytest.raises(UserError, match="There is no model in"):
        load_full(llama.model, tmp_path)
    save_full(llama.model, llama.tokenizer, tmp_path / "model")
    with pytest.raises(UserError, match=r"does not fit the qwen3 .*: it has no model\..*norm"):
        load_full(qwen.model, tmp_path / "model")
    save_full(qwen.model, qwen.tokenizer, tmp_path / "model")
    with pytest.raises(UserError, match="does not fit the llama model"):
        load_full(llama.model, tmp_path / "model")
