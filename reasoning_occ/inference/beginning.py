"""What contexts begin with alike goes through the model once."""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import DynamicCache

from reasoning_occ.inference.model import Parts, pad_right
from reasoning_occ.language.beginning import common_beginning

_WORTH = 0.5
"""Share of the longest context that must be shared: going on from a cache takes a mask, which has its price. Changes no
result."""


class Encoded(NamedTuple):
    """Contexts in a cache, one row each, their ends padded to one width.

    cache: keys and values.
    last_bd: the state of each context's last token.
    length_b: tokens of each.
    width: of the cache.
    """

    cache: DynamicCache
    last_bd: Float[Tensor, "b d"]
    length_b: Int[Tensor, " b"]
    width: int


def encode(inside: Parts, contexts: Sequence[Sequence[int]]) -> Encoded:
    """Send contexts through the model; several reasons for one history cost one history.

    Args:
        inside: the model.
        contexts: token ids; none is empty.
    """
    cache = DynamicCache(config=inside.config)
    # the last token of a context always goes through with its own: its state is what is read
    most = min(map(len, contexts)) - 1
    shared = 0
    if len(contexts) > 1:
        shared = reduce(lambda n, other: min(n, common_beginning(contexts[0][:n], other)), contexts[1:], most)
    if shared < _WORTH * max(map(len, contexts)):
        shared = 0
    if shared:
        ids_1s = torch.tensor([contexts[0][:shared]], device=inside.device)
        inside.hidden(ids_1s, past_key_values=cache, use_cache=True)
        cache.batch_repeat_interleave(len(contexts))
    rest = [torch.tensor(context[shared:], dtype=torch.long) for context in contexts]
    ids_bs, length_b = pad_right(rest, inside)
    hidden_bsd = inside.hidden(ids_bs, past_key_values=cache, use_cache=True)
    last_bd = hidden_bsd[torch.arange(len(contexts)), length_b - 1]
    return Encoded(cache, last_bd, shared + length_b, shared + ids_bs.shape[1])
