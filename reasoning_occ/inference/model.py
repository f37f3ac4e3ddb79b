"""What ranking and writing need of a causal language model: hidden states here, logits where they are wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reasoning_occ.errors import UserError
from reasoning_occ.models.causal import causal, check_logits, decoder, head


class Parts(NamedTuple):
    """A causal language model taken apart: `decoder` gives hidden states, `head` turns them into logits."""

    decoder: nn.Module
    head: nn.Module
    config: Any
    device: torch.device
    dtype: torch.dtype

    def hidden(self, ids_bs: Int[Tensor, "b s"], **given: Any) -> Float[Tensor, "b s d"]:
        """Last hidden states; `given` goes to the decoder (cache, mask, positions)."""
        return self.decoder(input_ids=ids_bs, **given).last_hidden_state

    def check_room(self, tokens: int) -> None:
        """Raise UserError if a sequence of so many tokens is longer than the model was made for."""
        window = self.config.max_position_embeddings
        if tokens > window:
            raise UserError(
                f"A prompt and what follows it take {tokens} tokens; the model's window is {window}. "
                "Show fewer past jobs, or choose a model with a longer window."
            )


def parts(model: nn.Module) -> Parts:
    """Take a transformers causal language model apart, adapters of a peft model left in place and active.

    Raises:
        UserError: the model's attention is none that takes a mask of our own, is not full in every layer,
            or its logits are changed after `lm_head`.
    """
    base = causal(model)
    config = base.config
    attention = config._attn_implementation
    if attention not in ("sdpa", "eager"):
        raise UserError(
            f"Ranking needs attention 'sdpa' or 'eager', the model was loaded with '{attention}'. "
            "Load it with attn_implementation='sdpa'."
        )
    if any(kind != "full_attention" for kind in getattr(config, "layer_types", None) or ()):
        raise UserError(
            f"The model ({config.model_type}) has layers without full attention, which ranking does not support. "
            "Choose another model, or turn its sliding window off."
        )
    check_logits(model)
    return Parts(decoder(model), head(model), config, base.device, base.dtype)


@contextmanager
def inference(model: nn.Module) -> Iterator[None]:
    """No gradients and no dropout inside; the model's mode is put back after.

    Not `inference_mode`: buffers a model makes inside it could not be trained with later.
    """
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


@contextmanager
def in_fp32(model: nn.Module) -> Iterator[None]:
    """All weights in fp32 inside; after, those that were bf16 are so again, unchanged: nothing is rounded either way.

    Costs nothing where all are fp32 already, else twice the memory of the bf16 weights.
    """
    narrow = [parameter for parameter in model.parameters() if parameter.dtype == torch.bfloat16]
    try:
        for parameter in narrow:
            parameter.data = parameter.data.float()
        yield
    finally:
        for parameter in narrow:
            parameter.data = parameter.data.bfloat16()


def narrow_backbone(model: nn.Module) -> None:
    """The weights a model began with in bf16, in place; its adapter keeps its type, as in training."""
    for name, parameter in model.named_parameters():
        if "lora_" not in name:
            parameter.data = parameter.data.bfloat16()


def pad_right(sequences: list[Tensor], parts: Parts) -> tuple[Int[Tensor, "b s"], Int[Tensor, " b"]]:
    """One array of ids, and the length of each row.

    Padding stands at the end, where causal attention never looks back at it: no mask is needed, and no row
    is masked as a whole. Which id fills the rest does not matter.
    """
    ids_bs = nn.utils.rnn.pad_sequence(sequences, batch_first=True).to(parts.device)
    return ids_bs, torch.tensor([len(sequence) for sequence in sequences], device=parts.device)
