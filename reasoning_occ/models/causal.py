"""A causal language model taken apart, the same way for learning, writing and ranking."""

from typing import TYPE_CHECKING, Any

from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import nn

# Settings of model families whose own forward changes the logits after lm_head; we call lm_head ourselves.
_LOGIT_CHANGES = ("final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier")


def causal(model: "nn.Module") -> Any:
    """The transformers model itself: peft wraps it, having put its adapters inside, where they stay active."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model  # type: ignore[operator]


def decoder(model: "nn.Module") -> "nn.Module":
    """Gives hidden states."""
    return causal(model).get_decoder()


def head(model: "nn.Module") -> "nn.Module":
    """Turns hidden states into logits."""
    return causal(model).get_output_embeddings()


def layers(model: "nn.Module") -> "list[nn.Module]":
    """The blocks of which the decoder is a chain, by the name that transformers keeps for sharding."""
    names = set(causal(model)._no_split_modules or ())
    return [module for module in decoder(model).modules() if type(module).__name__ in names]


def check_logits(model: "nn.Module") -> None:
    """Refuse models whose logits are not simply `head` of the last hidden state.

    Raises:
        UserError: the model's configuration scales or caps its logits.
    """
    config = causal(model).config
    for name in _LOGIT_CHANGES:
        if getattr(config, name, None) not in (None, 1, 1.0):
            raise UserError(
                f"{type(causal(model)).__name__} changes its logits after lm_head ({name}={getattr(config, name)}), "
                "which neither the loss nor ranking knows. Use a model of the Llama or Qwen family."
            )


def check_full_attention(model: "nn.Module", what: str) -> None:
    """Refuse models in which a token does not see all that stands before it.

    Args:
        model: bare, or wrapped by peft.
        what: what does not support them, for the message.

    Raises:
        UserError: some of the model's layers, or all, look back over a window only.
    """
    config = causal(model).config
    kinds = getattr(config, "layer_types", None)
    # families that name their layers' kinds have each layer follow its kind; where none are named (Mistral),
    # a window holds for all
    windowed = getattr(config, "sliding_window", None) is not None if kinds is None else {*kinds} - {"full_attention"}
    if windowed:
        raise UserError(
            f"The model ({config.model_type}) has layers without full attention, which {what} does not support. "
            "Choose another model, or turn its sliding window off."
        )


def device() -> "torch.device":
    """Where a trained model is used: the GPU if there is one. (Lightning leaves a trained model on the CPU.)"""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
