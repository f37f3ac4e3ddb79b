"""Small random models of the real architectures, with the real chat formats: for tests and `debug=tiny`."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.errors import UserError
from reasoning_occ.files import cache
from reasoning_occ.models.backbone import Backbone, Precision, read
from reasoning_occ.models.spec import Family, ModelSpec
from reasoning_occ.models.store import build
from reasoning_occ.models.templates import FORMATS

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# 256 bytes, the special tokens, and a few hundred merges for the words of the task
VOCABULARY = 640
SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 4096,
}


def tiny(family: Family, texts: Iterable[str], seed: int, dtype: Precision) -> Backbone:
    """A randomly initialised model of a family, whose tokenizer is trained on `texts`.

    The same arguments give the same model. It is kept in the user's cache, so that an adapter trained on
    it can be loaded like any other.

    Raises:
        UserError: an unknown family, or the cache can't be written.
    """
    if family not in FORMATS:
        raise UserError(f"model.family: expected one of {', '.join(FORMATS)}; got '{family}'.")
    words = list(texts)
    content = hashlib.sha256("\n".join([family, str(seed), repr(SHAPE), *words]).encode()).hexdigest()
    place = cache() / "tiny" / content
    if not place.is_dir():
        build(place, lambda folder: _make(family, words, seed, folder), over=False)
    return read(place, ModelSpec(f"tiny-{family}", family, str(place), None, None), dtype, content)


def tiny_tokenizer(family: Family, texts: Iterable[str]) -> "PreTrainedTokenizerFast":
    """A byte-level BPE tokenizer trained on `texts`, with the family's special tokens and chat template."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    chat = FORMATS[family]
    bpe: Any = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(chat.marks),
        special_tokens=list(chat.special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(list(texts), trainer)
    bpe.add_tokens([AddedToken(mark, normalized=False) for mark in chat.marks])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=chat.bos,
        eos_token=chat.eos,
        pad_token=chat.pad,
        extra_special_tokens=list(chat.special),
        chat_template=chat.template,
    )


def _make(family: Family, texts: list[str], seed: int, folder: Path) -> None:
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()  # nothing to wait for
    tokenizer = tiny_tokenizer(family, texts)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _model(family, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _model(family: Family, tokenizer: "PreTrainedTokenizerFast") -> "PreTrainedModel":
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    shared: dict[str, Any] = {
        **SHAPE,
        "vocab_size": len(tokenizer),
        # SmolLM2-135M ties its embeddings; the 8B models of the other two do not
        "tie_word_embeddings": family == "smollm2",
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return Qwen3ForCausalLM(Qwen3Config(**shared)) if family == "qwen3" else LlamaForCausalLM(LlamaConfig(**shared))
