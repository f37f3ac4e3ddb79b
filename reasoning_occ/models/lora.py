"""Low-rank adapters through peft, in its plain file format."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from reasoning_occ.errors import UserError
from reasoning_occ.models.causal import layers
from reasoning_occ.models.store import build

if TYPE_CHECKING:
    from peft import PeftModel
    from peft.tuners.lora.layer import Linear
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from reasoning_occ.models.title_head import TitleHead


def add_lora(
    model: "PreTrainedModel",
    r: int,
    alpha: float,
    dropout: float,
    targets: str | Sequence[str],
    last_layers: int | None = None,
) -> "PeftModel":
    """Freeze a model and add an adapter to train; the adapter's weights are fp32 whatever the model's.

    Args:
        r: rank.
        alpha: the adapter's output is scaled by alpha / r.
        dropout: on the adapter's input.
        targets: names of linear layers, or "all-linear" for all but the output layer.
        last_layers: in so many of the model's layers, the last ones; None: in all. Nothing below them learns, so no
            gradient is computed there.

    Raises:
        UserError: the rank or dropout is out of range, no layer has such a name, or there are not so many.
    """
    from peft import LoraConfig, PeftModel, get_peft_model

    if r < 1 or not 0 <= dropout < 1:
        raise UserError(f"lora: expected r of 1 or more and dropout in [0, 1); got r={r}, dropout={dropout}.")
    alpha_as_given: Any = alpha
    targets = targets if isinstance(targets, str) else list(targets)
    config = LoraConfig(
        r=r,
        lora_alpha=alpha_as_given,
        lora_dropout=dropout,
        target_modules=targets if last_layers is None else _in_last(model, last_layers, targets),
        bias="none",
        task_type="CAUSAL_LM",
    )
    try:
        with _no_deprecation():
            adapted = get_peft_model(model, config, autocast_adapter_dtype=True)
    except ValueError as error:
        raise UserError(f"lora.targets: no adapter can be added to '{targets}': {error}") from error
    assert isinstance(adapted, PeftModel)
    return adapted


def _in_last(model: "PreTrainedModel", last: int, targets: str | list[str]) -> list[str]:
    """The names of the linear layers in the model's `last` layers; peft's own choice of layers has no "all-linear"."""
    from torch import nn

    held = layers(model)
    if not 1 <= last <= len(held):
        raise UserError(
            f"trainer.lora.last_layers: expected null or a number up to {len(held)}, the layers; got {last}."
        )
    chosen = {id(module) for layer in held[-last:] for module in layer.modules() if isinstance(module, nn.Linear)}
    everywhere = {name: module for name, module in model.named_modules() if id(module) in chosen}
    return [name for name in everywhere if targets == "all-linear" or name.rpartition(".")[2] in targets]


@contextmanager
def _no_deprecation() -> Iterator[None]:
    # peft 0.21 reads an attribute that transformers 5 renames; a user can do nothing about it
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        yield


def save_adapter(
    model: "PeftModel", tokenizer: "PreTrainedTokenizerBase", folder: Path, titles: "TitleHead | None" = None
) -> None:
    """Write the adapter, the tokenizer and the ranking head (if any) into `folder`, whole or not at all.

    `AutoPeftModelForCausalLM.from_pretrained(folder)` loads it.

    Raises:
        UserError: the folder can't be written.
    """

    def fill(beside: Path) -> None:
        # embeddings are never trained; peft would ask the hub to find that out
        model.save_pretrained(str(beside), save_embedding_layers=False)
        tokenizer.save_pretrained(beside)
        if titles is not None:
            titles.save(beside)
        (beside / "README.md").unlink(missing_ok=True)  # peft's empty model card; the report writes a real one

    build(folder, fill)


def load_adapter(model: "PreTrainedModel", folder: Path, *, trainable: bool = False) -> "PeftModel":
    """Put a saved adapter on its backbone, in evaluation mode.

    Args:
        model: the backbone.
        folder: of the adapter.
        trainable: whether it is to be trained further.

    Raises:
        UserError: there is no adapter, or it belongs to another model.
    """
    return load_adapters(model, {"default": folder}, trainable=trainable)


def load_adapters(model: "PreTrainedModel", folders: Mapping[str, Path], *, trainable: bool = False) -> "PeftModel":
    """Put saved adapters on their backbone, in evaluation mode; the first is the active one.

    Args:
        model: the backbone.
        folders: of the adapters, by the names they get.
        trainable: whether they are to be trained further.

    Raises:
        UserError: there is no adapter, or it belongs to another model.
    """
    from peft import PeftModel

    adapted: Any = None
    for name, folder in folders.items():
        if not (folder / "adapter_config.json").is_file():
            raise UserError(f"There is no adapter in {folder}; train one first or give the folder of a finished run.")
        try:
            with _no_deprecation():
                if adapted is None:
                    adapted = PeftModel.from_pretrained(model, str(folder), name, is_trainable=trainable)
                else:
                    adapted.load_adapter(str(folder), name, is_trainable=trainable)
        except (RuntimeError, ValueError, SafetensorError) as error:
            first = str(error).strip().splitlines()[0]
            raise UserError(f"The adapter in {folder} does not fit this model: {first}") from error
    return adapted.eval()


def plain_layers(model: "nn.Module") -> "list[Linear]":
    """The LoRA layers that compute y = W x + s B A x and nothing more, so that they can be computed otherwise.

    Not among them: layers with active dropout, a bias, a variant such as DoRA, several adapters, or a learnt weight.
    """
    from peft.tuners.lora.layer import Linear

    return [layer for layer in model.modules() if isinstance(layer, Linear) and _plain(layer)]


def _plain(layer: "Linear") -> bool:
    from torch import nn

    active = list(layer.active_adapters)
    if len(active) != 1 or active[0] not in layer.lora_A or layer.merged or layer.disable_adapters:
        return False
    base, name = layer.get_base_layer(), active[0]
    return (
        type(base) is nn.Linear
        and base.bias is None
        and not base.weight.requires_grad
        and layer.lora_B[name].bias is None
        and name not in layer.lora_variant
        and (not layer.training or isinstance(layer.lora_dropout[name], nn.Identity))
    )
