import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.models.tiny import tiny, tiny_tokenizer

CLASSES = {"smollm2": "LlamaForCausalLM", "qwen3": "Qwen3ForCausalLM", "llama3": "LlamaForCausalLM"}


def test_each_family_has_its_architecture(tiny_backbone):
    model = tiny_backbone.model
    assert type(model).__name__ == CLASSES[tiny_backbone.family]
    tied = model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert tied == (tiny_backbone.family == "smollm2")
    assert model.num_parameters() < 200_000


def test_the_same_arguments_give_the_same_model(texts, tmp_path, monkeypatch):
    ids = torch.arange(20)[None]
    logits = {}
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path / name))
        made = tiny("qwen3", texts, seed=seed, dtype="fp32")
        logits[name] = made.model(ids).logits
    assert torch.equal(logits["one"], logits["two"])
    assert not torch.equal(logits["one"], logits["three"])


def test_the_seed_of_the_caller_is_left_alone(texts, tmp_path, monkeypatch):
    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path))
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    tiny("llama3", texts, seed=0, dtype="fp32")
    assert torch.equal(torch.rand(1), expected)


def test_the_read_tokenizer_is_the_trained_one(tiny_backbone, texts):
    tokenizer = tiny_tokenizer(tiny_backbone.family, texts)
    text = "1971: Bakers'  dozen <think>é\n</think><|im_end|><|eot_id|>"
    assert tiny_backbone.tokenizer.encode(text) == tokenizer.encode(text)
    assert tiny_backbone.tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


def test_think_marks_are_single_tokens_for_qwen3_alone(tiny_backbone):
    ids = tiny_backbone.tokenizer.encode("</think>", add_special_tokens=False)
    assert (len(ids) == 1) == (tiny_backbone.family == "qwen3")


def test_an_unknown_family_is_named(texts):
    with pytest.raises(UserError, match="expected one of smollm2, qwen3, llama3; got 'gpt2'"):
        tiny("gpt2", texts, seed=0, dtype="fp32")  # pyright: ignore[reportArgumentType]
