"""Ranking all titles by one state and a linear layer."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from reasoning_occ.inference.model import inference, pad_right, parts
from reasoning_occ.inference.rank import check_contexts, normalised
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.progress import track


def rank_by_head(
    model: nn.Module,
    titles: TitleHead,
    contexts: Sequence[Sequence[int]],
    allowed: Sequence[Bool[np.ndarray, " occupations"]],
    held: Sequence[Int[np.ndarray, " places"]] | None = None,
    *,
    batch: int,
    label: str | None,
) -> Iterator[Float[np.ndarray, " occupations"]]:
    """Log-probabilities of all titles after each context, by a ranking head: one pass over the context, no trie.

    Args:
        model: a transformers causal language model, or a peft model around one.
        titles: the head that was trained with it.
        contexts: token ids up to where a title would begin, one sequence a person.
        allowed: for each person which occupations may come next.
        held: for each person the occupations held, as `language.held` gives them; a copying head needs them.
        batch: people who go through the model together.
        label: what a progress bar says; `None` for no bar.

    Yields:
        As `rank_many`.

    Raises:
        UserError, ValueError: as `rank_many`.
    """
    check_contexts(contexts, len(titles.weight), allowed)
    if titles.places and held is None:
        raise ValueError("this head has learnt a bonus for occupations held; held: expected those of each person.")
    ranked = _ranked(model, titles, contexts, allowed, held, batch)
    return track(ranked, label, total=len(contexts)) if label is not None else ranked


def _ranked(
    model: nn.Module,
    titles: TitleHead,
    contexts: Sequence[Sequence[int]],
    allowed: Sequence[np.ndarray],
    held: Sequence[np.ndarray] | None,
    batch: int,
) -> Iterator[np.ndarray]:
    inside = parts(model)
    for start in range(0, len(contexts), batch):
        rows = [torch.tensor(context, dtype=torch.long) for context in contexts[start : start + batch]]
        inside.check_room(max(map(len, rows)))
        with inference(model):
            ids_bs, length_b = pad_right(rows, inside)
            state_bh = inside.hidden(ids_bs, use_cache=False)[torch.arange(len(rows)), length_b - 1]
            held_bp = None if held is None else torch.from_numpy(np.stack(held[start : start + batch])).to(length_b)
            scores_bo = titles(state_bh, torch.full_like(length_b, -1), held_bp).double().cpu().numpy()
        for scores_o, mask in zip(scores_bo, allowed[start : start + batch], strict=True):
            yield normalised(scores_o, mask)
