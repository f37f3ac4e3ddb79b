"""Exact probabilities of all titles after a context, through a tree of their tokens on one shared cache."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from reasoning_occ.errors import UserError
from reasoning_occ.inference.beginning import encode
from reasoning_occ.inference.model import Parts, inference, parts
from reasoning_occ.inference.trie import Trie
from reasoning_occ.progress import track

# Neither number changes a result. Inner nodes that go through the model at once: attention grows with their
# square, and few titles are cut from their neighbours at this size.
_NODES = 1024
# Logits held at a time (numbers, not bytes): 128 MiB in fp32.
_LOGITS = 2**25


def rank(
    model: nn.Module, context_ids: Sequence[int], trie: Trie, allowed: Bool[np.ndarray, " occupations"]
) -> Float[np.ndarray, " occupations"]:
    """Log-probability of every allowed title after one context. See `rank_many`."""
    return next(rank_many(model, [context_ids], trie, [allowed], batch=1, label=None))


def rank_many(
    model: nn.Module,
    contexts: Sequence[Sequence[int]],
    trie: Trie,
    allowed: Sequence[Bool[np.ndarray, " occupations"]],
    *,
    batch: int,
    label: str | None,
    prior: Sequence[int] | None = None,
) -> Iterator[Float[np.ndarray, " occupations"]]:
    """Log-probabilities of all titles after each context: exact, given the reason that the context holds.

    The context (prompt, reason, opening of the answer) goes through the model once, then all inner nodes of
    the trie in one pass over its cached keys and values, each node seeing the context and its own ancestors.
    A title's probability is the product of its tokens' probabilities, the closing ids included; titles are
    then normalised over those allowed.

    Precision: logits are turned into log-probabilities in fp32 whatever the model's type, but a bf16 model
    moves a title's log-probability by about 0.15 (the top title is mostly the same, the order below it may
    differ). Figures that are published are scored with the model in fp32.

    Args:
        model: a transformers causal language model, or a peft model around one.
        contexts: token ids up to where a title begins, one sequence a person.
        trie: the titles, in the order of the taxonomy, each with its closing ids.
        allowed: for each person which occupations may come next.
        batch: contexts that go through the model together. Where they begin alike, as several reasons of one person do,
            their beginning goes through once.
        label: what a progress bar says; `None` for no bar.
        prior: a context without a career; a title's log-probability after it is taken off before titles are normalised.

    Yields:
        For each person, in order, natural logarithms whose exponentials add up to one; -inf where not allowed.

    Raises:
        UserError: a context does not fit the model's window with the longest title, or the model gives no
            finite numbers.
        ValueError: an empty context, nothing allowed, or lengths that differ.
    """
    check_contexts(contexts, len(trie.paths), allowed)
    ranked = _ranked(model, contexts, trie, allowed, batch, prior)
    return track(ranked, label, total=len(contexts)) if label is not None else ranked


def _ranked(
    model: nn.Module,
    contexts: Sequence[Sequence[int]],
    trie: Trie,
    allowed: Sequence[np.ndarray],
    batch: int,
    prior: Sequence[int] | None,
) -> Iterator[np.ndarray]:
    inside = parts(model)
    branches = [_branch(titles, small, inside) for titles, small in trie.split(_NODES)]
    expected_o = np.zeros(len(trie.paths))
    if prior is not None:
        with inference(model):
            (expected_o,) = _score(inside, [prior], branches, len(trie.paths))
    for start in range(0, len(contexts), batch):
        some = contexts[start : start + batch]
        inside.check_room(max(map(len, some)) + int(trie.depth.max()))
        with inference(model):
            scores_bo = _score(inside, some, branches, len(trie.paths))
        for row, mask in zip(scores_bo, allowed[start : start + batch], strict=True):
            yield normalised(row - expected_o, mask)


def title_log_probs(
    inside: Parts, contexts: Sequence[Sequence[int]], trie: Trie
) -> Float[np.ndarray, "contexts occupations"]:
    """Log-probability of every title after each context, one context after the other; not normalised over titles."""
    branches = [_branch(titles, small, inside) for titles, small in trie.split(_NODES)]
    return np.concatenate([_score(inside, [ids], branches, len(trie.paths)) for ids in contexts])


class _Branch(NamedTuple):
    """Some of the titles, as one pass through the model needs them. e: edges (all nodes), i: inner nodes."""

    titles: Int[np.ndarray, " titles"]
    token_i: Int[Tensor, " i"]
    depth_i: Int[Tensor, " i"]
    sees_ii: Bool[Tensor, "i i"]
    token_e: Int[Tensor, " e"]
    above_e: Int[Tensor, " e"]  # whose logits give a node's probability: 0 the context, k + 1 inner node k
    path: Int[np.ndarray, " steps"]  # the nodes of all titles, one after the other
    start: Int[np.ndarray, " titles"]  # where each title begins in `path`


def _branch(titles: np.ndarray, trie: Trie, inside: Parts) -> _Branch:
    inner = np.flatnonzero(trie.inner)
    place = np.zeros(len(trie) + 1, dtype=np.int64)
    place[inner] = np.arange(1, len(inner) + 1)  # place[-1] stays 0, which is the context

    def on_device(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(inside.device)

    return _Branch(
        titles=titles,
        token_i=on_device(trie.token[inner]),
        depth_i=on_device(trie.depth[inner]),
        sees_ii=on_device(trie.ancestors()[np.ix_(inner, inner)]),
        token_e=on_device(trie.token),
        above_e=on_device(place[trie.parent]),
        path=np.concatenate(trie.paths),
        start=np.cumsum([0, *(len(path) for path in trie.paths[:-1])]),
    )


def _score(inside: Parts, contexts: Sequence[Sequence[int]], branches: list[_Branch], titles: int) -> np.ndarray:
    """Log-probability of each title after each context, not normalised over titles: [people, titles]."""
    encoded = encode(inside, contexts)
    last_b1d = encoded.last_bd.unsqueeze(1)
    scores_bo = np.empty((len(contexts), titles))
    for branch in branches:
        nodes = len(branch.token_i)
        states = last_b1d
        if nodes:
            hidden_bid = inside.hidden(
                branch.token_i.expand(len(contexts), -1),
                past_key_values=encoded.cache,
                use_cache=True,
                attention_mask=_mask(branch.sees_ii, encoded.length_b, encoded.width, inside.dtype),
                position_ids=encoded.length_b[:, None] + branch.depth_i,
            )
            encoded.cache.crop(-nodes)
            states = torch.cat([last_b1d, hidden_bid], dim=1)
        log_prob_be = edge_log_probs(inside.head, states, branch.above_e, branch.token_e).double().cpu().numpy()
        scores_bo[:, branch.titles] = np.add.reduceat(log_prob_be[:, branch.path], branch.start, axis=1)
    return scores_bo


def _mask(
    sees_ii: Bool[Tensor, "i i"], length_b: Int[Tensor, " b"], width: int, dtype: torch.dtype
) -> Float[Tensor, "b 1 i k"]:
    """What is added to attention scores: each node sees its person's context and its own ancestors.

    A whole mask of four dimensions is taken by transformers as it is. With a smaller one, or none, it would
    guess from positions that do not rise by one that several documents are packed, and drop the context.
    """
    nodes = len(sees_ii)
    context_bs = torch.arange(width, device=length_b.device) < length_b[:, None]
    sees_bik = torch.cat([context_bs[:, None, :].expand(-1, nodes, -1), sees_ii.expand(len(length_b), -1, -1)], dim=-1)
    mask_bik = torch.zeros(sees_bik.shape, dtype=dtype, device=length_b.device)
    return mask_bik.masked_fill_(~sees_bik, torch.finfo(dtype).min).unsqueeze(1)


def edge_log_probs(
    head: nn.Module, states_bnd: Float[Tensor, "b n d"], above_e: Int[Tensor, " e"], token_e: Int[Tensor, " e"]
) -> Float[Tensor, "b e"]:
    """Log-probability of each node's token after what stands above it, in fp32."""
    people = len(states_bnd)
    log_prob_be = torch.empty(people, len(token_e), device=states_bnd.device)
    step = max(1, _LOGITS // (people * head.weight.shape[0]))  # type: ignore[index, union-attr]
    for first in range(0, states_bnd.shape[1], step):
        logits_bnv = head(states_bnd[:, first : first + step]).float()
        here_e = torch.nonzero((above_e >= first) & (above_e < first + step)).squeeze(1)
        row_e = above_e[here_e] - first
        whole_bn = logits_bnv.logsumexp(dim=-1)
        log_prob_be[:, here_e] = logits_bnv[:, row_e, token_e[here_e]] - whole_bn[:, row_e]
    return log_prob_be


def normalised(scores_o: np.ndarray, allowed_o: np.ndarray) -> np.ndarray:
    """Log-probabilities among the allowed titles, -inf for the others; raises UserError where one is no number."""
    check_finite(scores_o[allowed_o])
    scores_o = np.where(allowed_o, scores_o, -np.inf)
    return scores_o - np.logaddexp.reduce(scores_o[allowed_o])


def check_finite(log_probs: np.ndarray | float) -> None:
    """Raise UserError unless all log-probabilities that a model gave are numbers."""
    if not np.isfinite(log_probs).all():
        raise UserError(
            "The model gives probabilities that are no numbers for some titles; its weights may be damaged "
            "or its training may have diverged. Train again with a lower learning rate, or load it in fp32."
        )


def check_contexts(contexts: Sequence[Sequence[int]], titles: int, allowed: Sequence[np.ndarray]) -> None:
    """Raise ValueError unless there is something to rank after each context."""
    if len(contexts) != len(allowed):
        raise ValueError(f"expected one allowed set a context: {len(contexts)} contexts, {len(allowed)} sets")
    for number, (context, mask) in enumerate(zip(contexts, allowed, strict=True)):
        if not len(context):
            raise ValueError(f"context {number} is empty; a title needs at least one token before it")
        if mask.shape != (titles,) or mask.dtype != bool or not mask.any():
            raise ValueError(
                f"allowed set {number}: expected {titles} booleans, some true; "
                f"got {mask.dtype} {mask.shape} with {int(mask.sum())} true"
            )


def rank_reference(
    model: nn.Module,
    context_ids: Sequence[int],
    sequences: Iterable[Sequence[int]],
    allowed: Bool[np.ndarray, " occupations"],
) -> Float[np.ndarray, " occupations"]:
    """The same as `rank`, slow and plain: each title alone in a full sequence, no tree and no cache.

    Tests hold `rank` to this. `sequences` are the titles with their closing ids.
    """
    scores = []
    with inference(model):
        for sequence in sequences:
            ids = torch.tensor([[*context_ids, *sequence]], device=next(model.parameters()).device)
            log_prob_sv = model(input_ids=ids, use_cache=False).logits[0].float().log_softmax(dim=-1)
            before = range(len(context_ids) - 1, ids.shape[1] - 1)
            scores.append(sum(float(log_prob_sv[at, ids[0, at + 1]]) for at in before))
    return normalised(np.array(scores), allowed)
