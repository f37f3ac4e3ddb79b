"""GGUF files become a folder of safetensors once, since reading a GGUF takes half a minute every time."""

import os
import shutil
from pathlib import Path

from reasoning_occ.errors import UserError
from reasoning_occ.models.spec import cache
from reasoning_occ.progress import console


def converted(gguf: Path, checksum: str) -> Path:
    """The folder of `gguf` in the user's cache, made if it is not there.

    Built beside its place and renamed, so that a cut-off conversion is never taken for a whole one.

    Raises:
        UserError: the file is no model that transformers can read, or the cache can't be written.
    """
    place = cache() / "models" / checksum
    if not place.is_dir():
        console.print(f"Converting {gguf.name} for later starts (once, about 40 seconds)")
        build(place, lambda folder: _convert(gguf, folder))
    return place


def build(place: Path, fill) -> None:
    """Call `fill` with an empty folder beside `place`, then rename it to `place`.

    Raises:
        UserError: the disk is full or the cache folder can't be written.
    """
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        fill(beside)
        for file in beside.iterdir():
            with open(file, "rb") as content:
                os.fsync(content.fileno())
        try:
            beside.rename(place)
        except OSError:
            # another process finished the same model first: its folder is as good as ours
            if not place.is_dir():
                raise
    except OSError as error:
        raise UserError(
            f"Could not write {place}: {error.strerror or error}. Free some space or set REASONING_OCC_CACHE."
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        # fp32 keeps the dequantised weights exactly; bf16 would round them
        model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    except (ValueError, KeyError, NotImplementedError) as error:
        raise UserError(f"{gguf} can't be converted: {error}. Give a folder of safetensors as model.path.") from error
    # transformers marks the model as quantised although its weights no longer are, and refuses to save it
    del model.config.quantization_config
    model.hf_quantizer = None
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
