"""Tiny models with random weights, of the families the project runs, in fp32."""

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

VOCAB = 97


def tiny(family: str, tied: bool, seed: int = 0):
    """Two layers, grouped-query attention, weights large enough that probabilities are far from flat."""
    torch.manual_seed(seed)
    sizes = {
        "vocab_size": VOCAB,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "tie_word_embeddings": tied,
        "initializer_range": 0.2,
    }
    if family == "llama":
        return LlamaForCausalLM(LlamaConfig(**sizes))
    return Qwen3ForCausalLM(Qwen3Config(head_dim=16, **sizes))


def with_lora(model):
    """The model under an adapter that is not zero, with dropout that only evaluation turns off."""
    config = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.3, target_modules="all-linear", task_type="CAUSAL_LM")
    peft = get_peft_model(model, config)
    with torch.no_grad():
        for name, weight in peft.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    return peft


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session", params=["llama-tied", "llama", "qwen3-tied", "qwen3", "llama-lora", "qwen3-lora"])
def model(request):
    family, _, kind = request.param.partition("-")
    bare = tiny(family, tied=kind == "tied")
    return with_lora(bare) if kind == "lora" else bare
