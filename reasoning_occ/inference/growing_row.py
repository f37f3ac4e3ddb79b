"""Several continuations of one text in a single row of keys and values, which goes on growing at every leaf."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from reasoning_occ.inference.cache import roomy_cache
from reasoning_occ.inference.model import Parts
from reasoning_occ.language.beginning import common_beginning


class GrowingRow:
    """A tree of tokens that grows at its leaves, encoded in one row of keys and values. p: places."""

    def __init__(self, inside: Parts) -> None:
        self._inside = inside
        self._cache = roomy_cache(inside.config.num_hidden_layers, 0)
        self._trunk = 0
        self._seen: list[Int[np.ndarray, " p"]] = []  # places behind the trunk that a place behind the trunk sees
        self._depth: list[int] = []

    @property
    def size(self) -> int:
        """Places that are filled."""
        return self._trunk + len(self._seen)

    def _begin(self, ids: Sequence[int]) -> Float[Tensor, " d"]:
        """Encode the trunk, which all that follows sees; returns its last state."""
        self._trunk = len(ids)
        ids_1s = torch.tensor([list(ids)], device=self._inside.device)
        return self._inside.hidden(ids_1s, past_key_values=self._cache, use_cache=True)[0, -1]

    def append(self, ids: Sequence[int], above: Sequence[int]) -> Float[Tensor, "n d"]:
        """Encode more tokens, each behind the place `above` (of the row, or of a token before it in `ids`)."""
        start = self.size
        for place, parent in enumerate(above, start):
            behind = parent - self._trunk
            before = self._seen[behind] if behind >= 0 else np.zeros(0, dtype=np.int64)
            self._seen.append(np.append(before, place))
            self._depth.append(self._trunk + len(before))
        sees_np = torch.zeros(len(ids), self.size, dtype=torch.bool)
        sees_np[:, : self._trunk] = True
        new = self._seen[start - self._trunk :]
        sees_np[np.repeat(np.arange(len(new)), [len(seen) for seen in new]), np.concatenate(new)] = True
        mask_np = torch.zeros(sees_np.shape, dtype=self._inside.dtype)
        # a whole mask of four dimensions is taken by transformers as it is
        mask_np.masked_fill_(~sees_np, torch.finfo(self._inside.dtype).min)
        return self._inside.hidden(
            torch.tensor([list(ids)], device=self._inside.device),
            past_key_values=self._cache,
            use_cache=True,
            attention_mask=mask_np[None, None].to(self._inside.device),
            position_ids=torch.tensor([self._depth[start - self._trunk :]], device=self._inside.device),
        )[0]

    def lay_down(self, contexts: Sequence[Sequence[int]]) -> tuple[list[int], Float[Tensor, "contexts d"]]:
        """Encode contexts, what all of them share once, into a row that is empty.

        Returns:
            The place where each one ends, and its state there.

        Raises:
            ValueError: they share nothing.
        """
        first, *others = contexts
        shared = min([len(first), *(common_beginning(first, other) for other in others)])
        if not shared:
            raise ValueError(
                "expected contexts of one person, which begin alike; these share not even their first token"
            )
        states: list[Tensor] = [self._begin(first[:shared])]
        ids: list[int] = []
        above: list[int] = []
        last: list[int] = []
        for context in contexts:
            start = shared + len(ids)
            rest = list(context[shared:])
            ids += rest
            above += [shared - 1, *range(start, start + len(rest) - 1)][: len(rest)]
            last.append(start + len(rest) - 1 if rest else shared - 1)
        if ids:
            states.append(self.append(ids, above))
        # the trunk's last state, then all behind it
        state_pd = torch.cat([state.view(-1, state.shape[-1]) for state in states])
        return last, state_pd[torch.tensor(last, device=state_pd.device) - (shared - 1)]
