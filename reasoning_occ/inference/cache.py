"""Keys and values in memory taken once: a step writes its own place and copies nothing."""

from typing import Any

from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers.cache_utils import Cache, DynamicLayer


class _RoomyLayer(DynamicLayer):
    """A dynamic layer that does not copy all it holds whenever it grows: only where its room is full, and then doubles.

    The static layer of transformers saves the copy too, but lets attention run over the whole room at every
    step, and its rows can't leave.
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room
        self._filled = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        self.keys, self.values = (
            states.new_empty(*states.shape[:2], self._room, states.shape[3]) for states in (key_states, value_states)
        )
        self.is_initialized = True

    def update(
        self, key_states: Float[Tensor, "b h s d"], value_states: Float[Tensor, "b h s d"], *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Write what is new behind what is there; returns all of it."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None and self.values is not None
        end = self._filled + key_states.shape[-2]
        if end > self.keys.shape[2]:
            more = max(end, 2 * self._filled) - self.keys.shape[2]
            self.keys, self.values = (nn.functional.pad(states, (0, 0, 0, more)) for states in (self.keys, self.values))
        self.keys[:, :, self._filled : end] = key_states
        self.values[:, :, self._filled : end] = value_states
        self._filled = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        """How many places are filled."""
        return self._filled

    def crop(self, tokens_to_remove: int) -> None:
        """Forget the last tokens; the number is negative, as in transformers."""
        self._filled += tokens_to_remove

    def batch_select_indices(self, indices: Int[Tensor, " b"]) -> None:
        """Keep these rows only, as often as they are named."""
        assert self.keys is not None and self.values is not None
        self.keys = self.keys.index_select(0, indices)
        self.values = self.values.index_select(0, indices)


def roomy_cache(layers: int, room: int) -> Cache:
    """An empty cache for `layers` layers with room for `room` tokens a row, and for more at the price of a copy."""
    return Cache(layers=[_RoomyLayer(room) for _ in range(layers)])


def keep_rows(cache: Cache, rows: Int[Tensor, " b"]) -> None:
    """Let all other rows leave the cache."""
    for layer in cache.layers:
        layer.batch_select_indices(rows)  # type: ignore[union-attr]
