"""The best k titles, or the rank of one, exactly and without scoring them all: best-first search over the trie.

No title is likelier than what it begins with. So the likeliest beginnings are followed first, and the search ends when
all that is left is less likely than what was found; the probability left over is told.

A person's probabilities may be the mean over several contexts (say, several reasons for one history): the mean of a
beginning's probabilities bounds a title's as well. The model's own probabilities are averaged, then shared out among
the allowed titles; so a reason after which the model expects none of them counts less than in a mean of `rank`s. What
the contexts share is encoded once.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from reasoning_occ.inference.growing_row import GrowingRow
from reasoning_occ.inference.model import inference, parts
from reasoning_occ.inference.rank import check_contexts, check_finite, edge_log_probs, title_log_probs
from reasoning_occ.inference.trie import Trie

# Changes no result. Nodes that go through the model at once, behind every context: few cost hardly more than one (the
# weights are read either way), many are spent on beginnings that a later bound would have spared.
_NODES = 32
# Changes no result. Share of a trie's inner nodes after which the search is given up and all titles are scored at once:
# where the model expects none of them, every beginning is about as unlikely, and following each on its own is slow.
_PATIENCE = 0.3


@dataclass(frozen=True, slots=True)
class Found:
    """The likeliest titles, best first.

    titles: their numbers in the taxonomy.
    log_probs: of the model, natural, not normalised over titles.
    explored: probability of all allowed titles that were completed, those found among them.
    unexplored: probability of all beginnings that were not followed: no allowed title outside has more. With
        `explored` it bounds a title's share among all allowed titles, see `shares`.
    tokens: how many went through the model behind the contexts.
    """

    titles: Int[np.ndarray, " k"]
    log_probs: Float[np.ndarray, " k"]
    explored: float
    unexplored: float
    tokens: int

    @property
    def shares(self) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """The least and the most that each title's probability can be, normalised over the allowed titles."""
        probs_k = np.exp(self.log_probs)
        return probs_k / (self.explored + self.unexplored), probs_k / self.explored


def top_k(
    model: nn.Module,
    contexts: Sequence[Sequence[int]],
    trie: Trie,
    allowed: Bool[np.ndarray, " occupations"],
    k: int,
) -> Found:
    """The k likeliest allowed titles: the same as the first k of `rank`, but for near-ties and rounding.

    Args:
        model: a transformers causal language model, or a peft model around one.
        contexts: of one person, token ids up to where a title begins; with several, probabilities are their mean.
        trie: the titles, in the order of the taxonomy, each with its closing ids.
        allowed: which occupations may come next.
        k: how many; fewer come back where fewer are allowed.

    Raises:
        UserError: as `rank_many`.
        ValueError: as `rank_many`, or k below 1.
    """
    if k < 1:
        raise ValueError(f"expected k of 1 or more, got {k}")
    with inference(model):
        search = _Search(model, contexts, trie, allowed)
        search.run(lambda: search.kth(k))
    return search.found(k)


def rank_of(
    model: nn.Module,
    contexts: Sequence[Sequence[int]],
    trie: Trie,
    allowed: Bool[np.ndarray, " occupations"],
    title: int,
) -> tuple[int, Found]:
    """The rank of one allowed title, 1 for the likeliest, and what was found on the way: those before it and itself.

    Follows only beginnings that are likelier than the title.

    Args:
        model, contexts, trie, allowed: as in `top_k`.
        title: its number in the taxonomy.

    Raises:
        UserError: as `rank_many`.
        ValueError: as `rank_many`, or the title is not allowed.
    """
    if not allowed[title]:
        raise ValueError(f"title {title} is not allowed, so it has no rank")
    with inference(model):
        search = _Search(model, contexts, trie, allowed)
        search.follow(trie.paths[title])
        search.run(lambda: search.complete[title])
    before = sum((-log_prob, one) < (-search.complete[title], title) for one, log_prob in search.complete.items())
    return before + 1, search.found(before + 1)


class _Open(NamedTuple):
    """A beginning that may be followed; the likeliest sorts first."""

    bound: float  # minus the logarithm of its probability
    node: int


class _Search:
    """How far the trie was followed: beginnings that are open, titles that are complete."""

    def __init__(
        self, model: nn.Module, contexts: Sequence[Sequence[int]], trie: Trie, allowed: Bool[np.ndarray, " o"]
    ) -> None:
        check_contexts(contexts, len(trie.paths), [allowed] * len(contexts))
        inside = parts(model)
        inside.check_room(max(map(len, contexts)) + int(trie.depth.max()))
        self.complete: dict[int, float] = {}  # title -> log-probability
        self._contexts = contexts
        self._allowed = allowed
        self._trie = trie
        self._inside = inside
        self._leads = trie.leads_to(allowed)
        self._title = {int(path[-1]): title for title, path in enumerate(trie.paths)}
        self._open: list[_Open] = []
        self._log_probs: dict[int, Float[np.ndarray, " contexts"]] = {}  # of open nodes, their tokens included
        self._row = GrowingRow(inside)
        self._tokens = 0
        last_c, state_cd = self._row.lay_down(contexts)
        self._places: dict[int, list[int]] = {-1: last_c}  # node -> where it stands behind each context
        self._step([-1], {-1: np.zeros(len(contexts))}, state_cd)

    def kth(self, k: int) -> float:
        """Log-probability of the k-th best complete title; -inf where there are fewer."""
        return heapq.nlargest(k, self.complete.values())[-1] if len(self.complete) >= k else -np.inf

    def run(self, enough: Callable[[], float]) -> None:
        """Follow the likeliest beginnings until none is likelier than `enough` says."""
        patience = _PATIENCE * len(self._contexts) * int(self._trie.inner.sum())
        while self._open and -self._open[0].bound > (limit := enough()):
            if self._tokens > patience:
                self._complete_all()
                return
            nodes: list[int] = []
            chained = 0
            while self._open and -self._open[0].bound > limit and (not nodes or chained < _NODES):
                nodes.append(heapq.heappop(self._open).node)
                chained += len(self._chain(nodes[-1]))
            self._expand(nodes)

    def _complete_all(self) -> None:
        """Score all titles as `rank` does."""
        log_prob_co = title_log_probs(self._inside, self._contexts, self._trie)
        mean_o = np.logaddexp.reduce(log_prob_co, axis=0) - np.log(len(log_prob_co))
        check_finite(mean_o[self._allowed])
        self.complete = {int(title): float(mean_o[title]) for title in np.flatnonzero(self._allowed)}
        self._tokens += len(self._contexts) * int(self._trie.inner.sum())
        self._open = []

    def follow(self, path: Int[np.ndarray, " tokens"]) -> None:
        """Complete the title of a path, whatever its probability."""
        for node in path.tolist():
            if node in self._log_probs:
                self._open = [one for one in self._open if one.node != node]
                heapq.heapify(self._open)
                self._expand([node])

    def found(self, k: int) -> Found:
        """The first k complete titles; equal ones keep the taxonomy's order."""
        best = sorted(self.complete.items(), key=lambda one: (-one[1], one[0]))[:k]
        return Found(
            titles=np.array([title for title, _ in best]),
            log_probs=np.array([log_prob for _, log_prob in best]),
            explored=float(np.exp(list(self.complete.values())).sum()),
            unexplored=float(np.exp([-one.bound for one in self._open]).sum()),
            tokens=self._tokens,
        )

    def _chain(self, node: int) -> list[int]:
        """A node and what must follow while there is one way to go on; a title's last token is left out."""
        chain = [node]
        while True:
            below = self._below(chain[-1])
            if len(below) != 1 or below[0] in self._title:
                return chain
            chain.append(below[0])

    def _below(self, node: int) -> list[int]:
        return [child for child in self._trie.below[node] if self._leads[child]]

    def _expand(self, nodes: Iterable[int]) -> None:
        """Send the chains of some open nodes through the model, behind every context."""
        log_probs = {node: self._log_probs.pop(node) for node in nodes}
        chains = [self._chain(node) for node in log_probs]
        contexts = len(self._places[-1])
        ids, above = [], []
        for context in range(contexts):
            for chain in chains:
                for node in chain:
                    ids.append(int(self._trie.token[node]))
                    parent = int(self._trie.parent[node])
                    above.append(self._places[parent][context])
                    self._places.setdefault(node, []).append(self._row.size + len(ids) - 1)
        state_nd = self._row.append(ids, above)
        self._tokens += len(ids)
        self._step([node for chain in chains for node in chain], log_probs, state_nd)

    def _step(
        self, nodes: list[int], log_probs: dict[int, np.ndarray], state_nd: Float[Tensor, "contexts_nodes d"]
    ) -> None:
        """What comes after nodes that went through the model becomes open or complete.

        Args:
            nodes: parents before children.
            log_probs: of those that begin a chain; the others' are found here.
            state_nd: for each context the state of each node.
        """
        edges = [(place, child) for place, node in enumerate(nodes) for child in self._below(node)]
        contexts = len(state_nd) // len(nodes)
        log_prob_ce = edge_log_probs(
            self._inside.head,
            state_nd.view(contexts, len(nodes), -1),
            torch.tensor([place for place, _ in edges], device=state_nd.device),
            torch.from_numpy(self._trie.token[[child for _, child in edges]]).to(state_nd.device),
        )
        known = dict(log_probs)
        within = set(nodes)
        for (place, child), step_c in zip(edges, log_prob_ce.double().cpu().numpy().T, strict=True):
            log_prob_c = known[nodes[place]] + step_c
            mean = float(np.logaddexp.reduce(log_prob_c) - np.log(contexts))
            check_finite(mean)
            if child in self._title:
                self.complete[self._title[child]] = mean
            elif child in within:
                known[child] = log_prob_c
            else:
                self._log_probs[child] = log_prob_c
                heapq.heappush(self._open, _Open(-mean, child))
