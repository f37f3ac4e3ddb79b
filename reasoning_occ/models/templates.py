"""Chat formats of the families, for tiny models made on the spot.

Ours, and only what this project needs: for a system message, a user message and the generation prompt
they give the same text as the official templates (a test compares them).
"""

from typing import NamedTuple

from reasoning_occ.models.spec import Family

_IM = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

_LLAMA3 = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}"
    "{% if message.role == 'system' %}"
    "{{ 'Cutting Knowledge Date: December 2023\nToday Date: ' + date_string + '\n\n' }}"
    "{% endif %}"
    "{{ message.content | trim + '<|eot_id|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


class Format(NamedTuple):
    """A family's chat template and special tokens. `marks` are single tokens, yet ordinary text (kept in decoding)."""

    template: str
    special: tuple[str, ...]
    marks: tuple[str, ...]
    bos: str | None
    eos: str
    pad: str


FORMATS: dict[Family, Format] = {
    "smollm2": Format(
        _IM, ("<|endoftext|>", "<|im_start|>", "<|im_end|>"), (), "<|im_start|>", "<|im_end|>", "<|im_end|>"
    ),
    "qwen3": Format(
        _IM,
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        ("<think>", "</think>"),
        None,
        "<|im_end|>",
        "<|endoftext|>",
    ),
    "llama3": Format(
        _LLAMA3,
        ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        (),
        "<|begin_of_text|>",
        "<|eot_id|>",
        "<|end_of_text|>",
    ),
}
