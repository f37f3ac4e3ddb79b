"""What all sequence models share: embeddings of jobs, the layer that ranks occupations, the loss and its steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.sequence.batches import NOTHING, Batch

# ours: earlier jobs further back than this share one bonus
FURTHEST = 8
# ours: spreads of what is read and of what is compared with a state, at first. Recurrent networks are near linear for
# small inputs, and a rule of two jobs together is then learnt late or never
READ, RANKED = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class Design:
    """Size and options of a network, as chosen in YAML.

    width: of all states. dropout: on embeddings and states. copy: learn a bonus for occupations held before.
    groups: add an embedding of the taxonomy's group to an occupation's own, where read and where ranked.
    titles: likewise a projection of the words of its title.
    """

    width: int
    dropout: float
    copy: bool
    groups: bool
    titles: bool


class Jobs(nn.Module):
    """One vector an occupation: its own, plus its group's and its title words' where these are used.

    spread: of the vectors' numbers at first.
    """

    group_of: Tensor
    words: Tensor

    def __init__(self, taxonomy: Taxonomy, design: Design, spread: float) -> None:
        super().__init__()
        names = sorted({o.group for o in taxonomy})
        self.own = nn.Parameter(torch.randn(len(taxonomy), design.width) * spread)
        self.group = nn.Parameter(torch.randn(len(names), design.width) * spread) if design.groups else None
        self.register_buffer("group_of", torch.tensor([names.index(o.group) for o in taxonomy]), persistent=False)
        self.register_buffer("words", torch.from_numpy(title_words(taxonomy)), persistent=False)
        self.title = nn.Linear(self.words.shape[1], design.width, bias=False) if design.titles else None

    def forward(self) -> Float[Tensor, "v d"]:
        """All vectors, in the taxonomy's order."""
        vectors_vd = self.own
        if self.group is not None:
            vectors_vd = vectors_vd + self.group[self.group_of]
        return vectors_vd if self.title is None else vectors_vd + self.title(self.words)


def title_words(taxonomy: Taxonomy) -> Float[np.ndarray, "v w"]:
    """TF-IDF of the words that at least two titles hold; each row of length one, or zero."""
    bags = [set(o.title.lower().replace(",", " ").split()) for o in taxonomy]
    held = {word: sum(word in bag for bag in bags) for word in sorted(set().union(*bags))}
    common = [word for word, n in held.items() if n > 1]
    rows = np.array([[np.log(len(bags) / held[w]) * (w in bag) for w in common] for bag in bags], dtype=np.float32)
    rows = rows.reshape(len(bags), len(common))
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


class SequenceModule(LightningModule):
    """A causal sequence model; a subclass says how states come of jobs (`read`).

    Args:
        taxonomy: the label space.
        design: size and options.
        numbers: columns of numeric features.
        sizes: how many values each categorical feature takes.
        lr: learning rate of AdamW, constant.
        weight_decay: of all weights.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        design: Design,
        numbers: int,
        sizes: Sequence[int],
        lr: float,
        weight_decay: float,
    ) -> None:
        super().__init__()
        self._design, self._lr, self._weight_decay = design, lr, weight_decay
        self.held = Jobs(taxonomy, design, READ)
        self.asked = Jobs(taxonomy, design, RANKED)
        self.common = nn.Parameter(torch.zeros(len(taxonomy)))
        self.numbers = nn.Linear(numbers, design.width) if numbers else None
        self.categories = nn.ModuleList([_embedding(size, design.width) for size in sizes])
        self.drop = nn.Dropout(design.dropout)
        self.bonus = nn.Parameter(torch.zeros(FURTHEST + 1))
        self.bonus_of_state = nn.Linear(design.width, 1) if design.copy else None

    def facets(self, batch: Batch) -> list[Float[Tensor, "b s d"]]:
        """What there is of each job, as vectors: its occupation, its numbers, each of its categories."""
        found = [self.held()[batch.occupation_bs]]
        if self.numbers is not None:
            found.append(self.numbers(batch.numeric_bsn))
        columns = batch.categorical_bsc.unbind(-1)
        return found + [embedding(column) for embedding, column in zip(self.categories, columns, strict=True)]

    def read(self, facets: list[Float[Tensor, "b s d"]], batch: Batch) -> Float[Tensor, "b s d"]:
        """States after each job, each seeing this job and earlier ones alone."""
        raise NotImplementedError

    def forward(self, batch: Batch) -> Float[Tensor, "b s v"]:
        """Log-probabilities of what comes after each job; -inf where not allowed."""
        return self.rank(self.drop(self.read(self.facets(batch), batch)), batch)

    def rank(self, state_bsd: Float[Tensor, "b s d"], batch: Batch) -> Float[Tensor, "b s v"]:
        """Log-probabilities by state: a full softmax over all allowed occupations."""
        return log_softmax(self.scores(state_bsd, batch).masked_fill(present(batch, self.common), -torch.inf), -1)

    def scores(self, state_bsd: Float[Tensor, "b s d"], batch: Batch) -> Float[Tensor, "b s v"]:
        """Unmasked scores, with the bonus for occupations held before."""
        scores_bsv = state_bsd @ self.asked().T + self.common
        if self.bonus_of_state is None:
            return scores_bsv
        latest_bsj, lag_bsj = earlier(batch)
        bonus_bsj = (self.bonus[lag_bsj] + self.bonus_of_state(state_bsd)) * latest_bsj
        return scores_bsv.scatter_add(2, batch.occupation_bs[:, None, :].expand_as(bonus_bsj), bonus_bsj)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Mean log-loss of a batch's transitions."""
        total, n = self.loss(batch)
        return total / n

    def validation_step(self, batch: Batch, _: int) -> None:
        """Log the mean log-loss of validation transitions as `valid`."""
        total, n = self.loss(batch)
        self.log("valid", total / n, batch_size=n)

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """Log-loss in nats summed over the transitions, and their number."""
        asked_bs = batch.target_bs != NOTHING
        log_probs_tv = self(batch)[asked_bs]
        return -log_probs_tv.gather(1, batch.target_bs[asked_bs][:, None]).sum(), len(log_probs_tv)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW over all weights."""
        return torch.optim.AdamW(self.parameters(), lr=self._lr, weight_decay=self._weight_decay)


def _embedding(size: int, width: int) -> nn.Embedding:
    made = nn.Embedding(size, width)
    nn.init.normal_(made.weight, std=RANKED)
    return made


def present(batch: Batch, common_v: Tensor) -> Bool[Tensor, "b s v"]:
    """The present occupation at each step, where staying is no answer."""
    here_bsv = torch.zeros(*batch.occupation_bs.shape, len(common_v), dtype=torch.bool, device=common_v.device)
    moves_bs1 = ~batch.stays_b[:, None, None].expand(-1, here_bsv.shape[1], 1)
    return here_bsv.scatter(2, batch.occupation_bs[..., None], moves_bs1)


def earlier(batch: Batch) -> tuple[Bool[Tensor, "b s j"], Int[Tensor, "s j"]]:
    """For each job, which earlier jobs are the latest in their occupation, and how many jobs ago they began."""
    length = batch.occupation_bs.shape[1]
    at = torch.arange(length, device=batch.occupation_bs.device)
    lag_sj = at[:, None] - at[None, :]
    same_bjk = batch.occupation_bs[:, :, None] == batch.occupation_bs[:, None, :]
    # job j counts at s unless some k in (j, s] has the same occupation
    later_jk = at[:, None] < at[None, :]
    again_bjk = (same_bjk & later_jk).to(torch.float32)
    until_ks = (at[:, None] <= at[None, :]).to(torch.float32)
    repeated_bjs = (again_bjk @ until_ks) > 0
    latest_bsj = (lag_sj > 0) & ~repeated_bjs.transpose(1, 2)
    return latest_bsj, lag_sj.clamp(0, FURTHEST)
