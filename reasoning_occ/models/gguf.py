"""GGUF files become a folder of safetensors once, since reading a GGUF takes half a minute every time."""

from pathlib import Path
from typing import Any

from reasoning_occ.errors import UserError
from reasoning_occ.models.store import build, cache
from reasoning_occ.progress import console


def converted(gguf: Path, checksum: str) -> Path:
    """The folder of `gguf` in the user's cache, made if it is not there.

    Raises:
        UserError: the file is no model that transformers can read, or the cache can't be written.
    """
    place = cache() / "models" / checksum
    if not place.is_dir():
        console.print(f"Converting {gguf.name} for later starts (once, about 40 seconds)")
        build(place, lambda folder: _convert(gguf, folder))
    return place


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # what is going on has been said
    try:
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        # fp32 keeps the dequantised weights exactly; bf16 would round them
        model: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    except (ValueError, KeyError, IndexError, NotImplementedError, ImportError) as error:
        raise UserError(f"{gguf} can't be converted: {error}. Give a folder of safetensors as model.path.") from error
    # transformers marks the model as quantised although its weights no longer are, and refuses to save it
    del model.config.quantization_config
    model.hf_quantizer = None
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
