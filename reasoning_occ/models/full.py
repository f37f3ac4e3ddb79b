"""A model of which every weight was learnt: a plain transformers folder, in fp32."""

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from reasoning_occ.errors import UserError
from reasoning_occ.models import title_head
from reasoning_occ.models.store import build

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from reasoning_occ.models.title_head import TitleHead


def save_full(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", folder: Path, titles: "TitleHead | None" = None
) -> None:
    """Write all weights, the tokenizer and the ranking head (if any) into `folder`, whole or not at all.

    `AutoModelForCausalLM.from_pretrained(folder)` loads it. Weights that are tied are written once.

    Raises:
        UserError: the folder can't be written.
    """

    def fill(beside: Path) -> None:
        model.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
        if titles is not None:
            titles.save(beside)

    build(folder, fill)


def is_full(folder: Path) -> bool:
    """Whether `save_full` has written there."""
    return (folder / "config.json").is_file()


def load_full(model: "PreTrainedModel", folder: Path, *, trainable: bool = False) -> "PreTrainedModel":
    """Put saved weights into the model that they began from, widened to fp32; in evaluation mode.

    Args:
        model: as it was before it learnt.
        folder: where `save_full` has written.
        trainable: whether it is to learn on.

    Raises:
        UserError: there is none, or it belongs to another model.
    """
    import torch

    if not is_full(folder):
        raise UserError(f"There is no model in {folder}; train one first or give the folder of a finished run.")
    weights = dict(
        model.float().requires_grad_(trainable).named_parameters()
    )  # tied ones under one name, as they are saved
    found: set[str] = set()
    try:
        for file in sorted(folder.glob("*.safetensors")):
            if file.name == title_head.FILE:
                continue
            with safe_open(file, framework="pt") as saved, torch.no_grad():
                for name in saved.keys():  # noqa: SIM118 (not a mapping)
                    weights[name].copy_(saved.get_tensor(name))
                    found.add(name)
    except (KeyError, RuntimeError, SafetensorError, OSError) as error:
        raise UserError(f"The model in {folder} does not fit {_kind(model)}: {error}") from error
    if missing := sorted(set(weights) - found):
        raise UserError(f"The model in {folder} does not fit {_kind(model)}: it has no {missing[0]}.")
    return model.eval()


def _kind(model: "PreTrainedModel") -> str:
    return f"the {model.config.model_type} model that it should have begun from"
