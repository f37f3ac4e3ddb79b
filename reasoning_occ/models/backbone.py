"""A pretrained causal language model with its tokenizer, from wherever it lies."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reasoning_occ.errors import UserError
from reasoning_occ.models.spec import Family, ModelSpec, checksum, source

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Precision = Literal["bf16", "fp32", "auto"]


@dataclass(frozen=True, slots=True)
class Backbone:
    """A model in evaluation mode on the CPU, its tokenizer, and the checksum of what it was read from."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    name: str
    family: Family
    checksum: str


def load(spec: ModelSpec, dtype: Precision) -> Backbone:
    """Read a model: safetensors only, no code from the model's folder.

    A GGUF file is converted once into the user's cache (some seconds for 135M parameters); later starts
    read the result (under a second).

    Raises:
        UserError: the model can't be found, fetched or read.
    """
    return read(folder(spec), spec, dtype, checksum(spec))


def read(place: Path, spec: ModelSpec, dtype: Precision, content: str) -> Backbone:
    """Read the model in a folder that `folder` or `tiny` made."""
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # a second's work; what takes longer has a bar of this project
    try:
        model = AutoModelForCausalLM.from_pretrained(
            place, dtype=precision(dtype), use_safetensors=True, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(f"The model in {place} can't be read: {_first_line(error)} Check model.path.") from error
    if spec.path is None and spec.package is None and spec.hub is not None:
        # an adapter names its backbone by this: a hub name is good on other machines too
        model.config._name_or_path = spec.hub
    return Backbone(
        model=model.eval(), tokenizer=read_tokenizer(place), name=spec.name, family=spec.family, checksum=content
    )


def folder(spec: ModelSpec) -> Path:
    """The folder of safetensors and tokenizer files of a model; converts a GGUF file if that is its form.

    Raises:
        UserError: as `load`.
    """
    place = source(spec)
    if place.is_dir():
        return place
    from reasoning_occ.models.gguf import converted

    return converted(place, checksum(spec))


def load_tokenizer(spec: ModelSpec) -> "PreTrainedTokenizerBase":
    """The tokenizer alone, without reading the weights.

    Raises:
        UserError: as `load`.
    """
    return read_tokenizer(folder(spec))


def read_tokenizer(place: Path) -> "PreTrainedTokenizerBase":
    """The tokenizer of a model's folder; one without a padding token pads with its end token.

    Raises:
        UserError: there is none, or it has no chat template.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError) as error:
        raise UserError(f"The tokenizer in {place} can't be read: {_first_line(error)} Check model.path.") from error
    if tokenizer.chat_template is None:
        raise UserError(f"The model in {place} has no chat template; take an instruction-tuned model (model.path).")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def precision(dtype: Precision) -> "torch.dtype":
    """The number type of the weights; "auto" takes bf16 where the hardware computes in it.

    Raises:
        UserError: any other word.
    """
    import torch

    if dtype not in ("bf16", "fp32", "auto"):
        raise UserError(f"precision: expected bf16, fp32 or auto, got '{dtype}'.")
    if dtype == "auto":
        fast = torch.cuda.is_bf16_supported(including_emulation=False) if torch.cuda.is_available() else _cpu_has_bf16()
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if dtype == "bf16" else torch.float32


def _cpu_has_bf16() -> bool:
    # elsewhere than on Linux the flags can't be read this way, and fp32 is always right
    flags = Path("/proc/cpuinfo")
    text = flags.read_text(encoding="utf-8") if flags.is_file() else ""
    return "amx_bf16" in text or "avx512_bf16" in text


def _first_line(error: Exception) -> str:
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return line if line.endswith(".") else f"{line}."
