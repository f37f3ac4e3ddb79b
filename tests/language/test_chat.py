from importlib.util import find_spec
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from reasoning_occ.errors import UserError
from reasoning_occ.language.chat import frame

SYSTEM = "Name the next occupation."


def official(tokenizer: PreTrainedTokenizerFast, name: str) -> PreTrainedTokenizerFast:
    """The tokenizer with an official template, as trl packages it (read as a file; trl is not imported)."""
    found = find_spec("trl")
    if found is None or not found.submodule_search_locations:
        pytest.skip("needs the official chat templates: pip install --no-deps trl")
    template = (Path(found.submodule_search_locations[0]) / "chat_templates" / name).read_text(encoding="utf-8")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer,
        bos_token=tokenizer.bos_token,
        eos_token=tokenizer.eos_token,
        chat_template=template,
    )


@pytest.mark.parametrize(("family", "name"), [("qwen3", "qwen3.jinja"), ("llama3", "llama3_1.jinja")])
def test_our_templates_give_the_official_text(tokenizers, family, name):
    assert frame(tokenizers[family], SYSTEM) == frame(official(tokenizers[family], name), SYSTEM)


def test_our_template_gives_the_text_of_the_embedded_model(tokenizers, smollm2):
    assert frame(tokenizers["smollm2"], SYSTEM)[:2] == frame(smollm2, SYSTEM)[:2]


@pytest.mark.parametrize(
    ("family", "head", "tail"),
    [
        (
            "smollm2",
            "<|im_start|>system\nName the next occupation.<|im_end|>\n<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "qwen3",
            "<|im_start|>system\nName the next occupation.<|im_end|>\n<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "llama3",
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
            "Today Date: 26 Jul 2024\n\nName the next occupation.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
    ],
)
def test_the_frame_of_each_family(tokenizers, family, head, tail):
    assert frame(tokenizers[family], SYSTEM)[:2] == (head, tail)


def test_turns_end_with_the_token_of_the_family(tokenizers):
    ends = {name: t.convert_ids_to_tokens(frame(t, SYSTEM).end_of_turn) for name, t in tokenizers.items()}
    assert ends == {"smollm2": "<|im_end|>", "qwen3": "<|im_end|>", "llama3": "<|eot_id|>"}


def test_todays_date_never_enters(tokenizers):
    # this template asks the clock unless it is handed a date
    assert "Today Date: 26 Jul 2024" in frame(official(tokenizers["llama3"], "llama3_2.jinja"), SYSTEM).head


@pytest.mark.parametrize("name", ["qwen3_5_think.jinja", "qwen3_5_nothink.jinja"])
def test_a_think_block_opened_by_the_template_is_left_to_us(tokenizers, name):
    assert frame(official(tokenizers["qwen3"], name), SYSTEM).tail.endswith("<|im_start|>assistant\n")


def test_a_template_without_a_system_message_is_refused(tokenizers):
    deaf = official(tokenizers["qwen3"], "qwen3.jinja")
    deaf.chat_template = "{{ messages[-1].content }}<|im_end|>"
    with pytest.raises(UserError, match="system message"):
        frame(deaf, SYSTEM)
