"""The frame that a model's chat template puts around a prompt, taken apart once."""

import re
from typing import TYPE_CHECKING, NamedTuple

from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# words that no career holds and that every template passes through unchanged
USER, ASSISTANT = "[the career stands here]", "[the answer stands here]"

# Llama-3.2 templates ask for today's date otherwise, and a prompt would change overnight; this is the
# date that Llama-3.1 falls back to
DATE = "26 Jul 2024"


class Frame(NamedTuple):
    """Text before and after the user's message, up to where the model speaks; and the end-of-turn token."""

    head: str
    tail: str
    end_of_turn: int


def frame(tokenizer: "PreTrainedTokenizerBase", system: str) -> Frame:
    """Render the chat template around a placeholder and split it there.

    Raises:
        UserError: the template has no place for a system or a user message, or ends a turn with no token.
    """
    asked = [{"role": "system", "content": system}, {"role": "user", "content": USER}]
    # if it were not to think, Qwen3 would close an empty think block
    head, tail = _split(_render(tokenizer, asked, prompt=True), USER)
    if system not in head:
        raise UserError("The model's chat template drops the system message; choose another model (model.path).")
    # we open the think block ourselves, or not at all, so that all families train on the same target
    tail = re.sub(r"<think>\s*(</think>\s*)?\Z", "", tail)
    _, after = _split(_render(tokenizer, [*asked, {"role": "assistant", "content": ASSISTANT}], False), ASSISTANT)
    ids = tokenizer.encode(after, add_special_tokens=False)
    if not ids or (ids[0] not in tokenizer.all_special_ids and ids[0] not in tokenizer.added_tokens_decoder):
        raise UserError("The model's chat template does not end a turn with a special token; choose another model.")
    return Frame(head, tail, ids[0])


def prompt(tokenizer: "PreTrainedTokenizerBase", system: str, user: str) -> str:
    """A whole prompt, up to where the model speaks; a model that can think aloud first is told not to.

    Raises:
        UserError: the template can't be rendered.
    """
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return _render(tokenizer, messages, prompt=True, thinking=False)


def end_of_turn(tokenizer: "PreTrainedTokenizerBase") -> int:
    """The token by which the model ends what it says.

    Raises:
        UserError: as `frame`.
    """
    return frame(tokenizer, "You help.").end_of_turn


def _render(
    tokenizer: "PreTrainedTokenizerBase", messages: list[dict[str, str]], prompt: bool, thinking: bool = True
) -> str:
    from jinja2 import TemplateError

    try:
        text = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=prompt, date_string=DATE, enable_thinking=thinking
        )
    except (TemplateError, ValueError) as error:
        raise UserError(f"The model's chat template can't be rendered: {error}.") from error
    return str(text)


def _split(text: str, placeholder: str) -> tuple[str, str]:
    if text.count(placeholder) != 1:
        raise UserError("The model's chat template does not show each message once; choose another model (model.path).")
    before, after = text.split(placeholder)
    return before, after
