"""What ranking and writing need of a causal language model: hidden states here, logits where they are wanted."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial, wraps
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reasoning_occ.errors import UserError
from reasoning_occ.models.causal import causal, check_full_attention, check_logits, decoder, head
from reasoning_occ.models.lora import plain_layers


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
    check_full_attention(model, "ranking")
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


_Change = Callable[[nn.Module], AbstractContextManager[None]]


def _until_the_last(change: _Change) -> _Change:
    """The same change to a model, entered several times at once: the first entry makes it, the last exit undoes it.

    Rankings are generators, and two of one model may be read in turn: neither may end under the other.
    """
    undo: dict[nn.Module, ExitStack] = {}
    entries: Counter[nn.Module] = Counter()

    @wraps(change)
    @contextmanager
    def shared(model: nn.Module) -> Iterator[None]:
        inside = causal(model)
        if not entries[inside]:
            stack = ExitStack()
            stack.enter_context(change(model))
            undo[inside] = stack
        entries[inside] += 1
        try:
            yield
        finally:
            entries[inside] -= 1
            if not entries[inside]:
                del entries[inside]
                undo.pop(inside).close()

    return shared


@_until_the_last
@contextmanager
def in_fp32(model: nn.Module) -> Iterator[None]:
    """All weights in fp32 inside, adapters added to them; after, all is as it was to the bit.

    A LoRA layer computes one product instead of three. Takes memory for an fp32 copy of every bf16 weight and of every
    weight under an adapter; the bf16 weights under adapters are kept beside theirs.
    """
    layers = plain_layers(model)
    under = {id(layer.get_base_layer().weight) for layer in layers}
    narrow = [p for p in model.parameters() if p.dtype == torch.bfloat16 and id(p) not in under]
    try:
        with torch.no_grad():
            for layer in layers:
                layer.forward = partial(_product, weight_oi=_merged(layer))
        for parameter in narrow:
            parameter.data = parameter.data.float()
        yield
    finally:
        for parameter in narrow:
            parameter.data = parameter.data.bfloat16()
        for layer in layers:
            vars(layer).pop("forward", None)  # the class's own shows again


def _merged(layer: Any) -> Float[Tensor, "o i"]:
    (name,) = layer.active_adapters
    change_oi = layer.lora_B[name].weight.float() @ layer.lora_A[name].weight.float()
    return layer.get_base_layer().weight.float() + change_oi * layer.scaling[name]


def _product(x: Tensor, *_: Any, weight_oi: Tensor, **__: Any) -> Tensor:
    return nn.functional.linear(x, weight_oi)


@_until_the_last
@contextmanager
def one_product(model: nn.Module) -> Iterator[None]:
    """Inside, a LoRA layer computes [x | A x] [W | s B]', as in training, from factors that are joined once.

    For writing, where every step reads all weights and the count of products is what a CPU waits for. Elsewhere than
    on a CPU nothing is changed: there the memory for a second copy of the weights is dearer.
    """
    layers = plain_layers(model) if next(model.parameters()).device.type == "cpu" else []
    try:
        with torch.no_grad():
            for layer in layers:
                (name,) = layer.active_adapters
                weight_oi: Any = layer.get_base_layer().weight
                a_ri: Any = layer.lora_A[name].weight.to(weight_oi.dtype)
                change_or = (layer.lora_B[name].weight * layer.scaling[name]).to(weight_oi.dtype)
                layer.forward = partial(_joined, a_ri=a_ri, both_oc=torch.cat([weight_oi, change_or], dim=1))
        yield
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)


def _joined(x: Tensor, *_: Any, a_ri: Tensor, both_oc: Tensor, **__: Any) -> Tensor:
    return nn.functional.linear(torch.cat([x, nn.functional.linear(x, a_ri)], dim=-1), both_oc)


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
