"""GGUF files become a folder of safetensors once, since reading a GGUF takes many seconds every time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache as cached
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reasoning_occ.errors import UserError
from reasoning_occ.files import cache
from reasoning_occ.models.store import build
from reasoning_occ.progress import console


def converted(gguf: Path, checksum: str) -> Path:
    """The folder of `gguf` in the user's cache, made if it is not there.

    Raises:
        UserError: the file is no model that transformers can read, or the cache can't be written.
    """
    place = cache() / "models" / checksum
    if not place.is_dir():
        console.print(f"Converting {gguf.name} for later starts (once, some seconds)")
        build(place, lambda folder: _convert(gguf, folder), over=False)
    return place


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # what is going on has been said
    try:
        with _read_once():
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


@contextmanager
def _read_once() -> Iterator[None]:
    """Inside, transformers reads a file once instead of three times, and makes its table of names once, not 397 times.

    A reader of the gguf package takes the file apart by hundreds of thousands of small slices, which cost several times
    as much from numpy's memory map as from the plain array that is the same memory.
    """
    import gguf
    import numpy as np

    class Plain(gguf.GGUFReader):
        @property
        def data(self) -> np.ndarray:
            return self._plain

        @data.setter
        def data(self, mapped: np.ndarray) -> None:
            self._plain = np.asarray(mapped)

    with (
        patch.object(gguf, "GGUFReader", cached(Plain)),
        patch.object(gguf, "get_tensor_name_map", cached(gguf.get_tensor_name_map)),
    ):
        yield
