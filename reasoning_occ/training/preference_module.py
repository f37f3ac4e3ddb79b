"""A step of preference training, as Lightning runs it, and the log-probabilities it compares."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from reasoning_occ.models.causal import device
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.progress import track
from reasoning_occ.training.batches import in_rows
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loop import attention_way
from reasoning_occ.training.loss import SEGMENTS, log_probabilities
from reasoning_occ.training.module import CareerModule
from reasoning_occ.training.precision import autocast
from reasoning_occ.training.preference_loss import compare, row_loss, step_figures, text_tokens
from reasoning_occ.training.preference_pairs import Logps, PairRow
from reasoning_occ.training.preference_settings import PreferenceSettings
from reasoning_occ.training.settings import TrainingSettings
from reasoning_occ.training.tree import Row, Tree, pack


class PreferenceModule(CareerModule):
    """Trains whatever parameters of a model want a gradient, by the loss of `preference_loss.py`.

    Args:
        model: as in `CareerModule`.
        settings: the loss and how far it is followed.
        trainer: all else of how steps are taken.
        total_steps: the length of the plan.
    """

    unit = "pairs"
    rate_key = "preference.lr"

    def __init__(
        self, model: nn.Module, settings: PreferenceSettings, trainer: TrainingSettings, total_steps: int
    ) -> None:
        super().__init__(model, settings.steps_of(trainer), total_steps)
        self.preference = settings

    def learn(self, rows: Sequence[Row]) -> dict[str, float]:
        """Forward and backward over all rows of a step; its figures (see `Compared`)."""
        pairs = sum(row.units for row in rows)
        tokens = [text_tokens(row.example_m, row.examples) for row in rows]
        chosen_tokens = sum(int(tokens_p2[:, 0].sum()) for tokens_p2 in tokens)
        every = []
        for row, tokens_p2 in zip(rows, tokens, strict=True):
            assert isinstance(row, PairRow)
            compared = compare(self.log_probabilities(row), row.reference_p2, tokens_p2, self.preference)
            self.manual_backward(row_loss(compared, pairs, chosen_tokens, self.preference))
            every.append(compared.sums())
        return step_figures(every, pairs, chosen_tokens, self.preference)

    def log_probabilities(self, row: Row) -> Float[Tensor, "p 2"]:
        """Of the chosen and the rejected text of each pair, nats; within `fused`."""
        with autocast(self.device, self.chosen.precision):
            return log_probabilities(self.model, row, SEGMENTS).view(-1, 2)

    @torch.no_grad()
    def measure(self, trees: Sequence[Tree], what: str) -> Logps:
        """The same for every pair of some trees, in their order, with dropout off; leaves the model in that mode.

        Args:
            trees: any number.
            what: a progress bar's label.
        """
        rows = in_rows(range(len(trees)), trees, self.chosen.micro_tokens)
        found: dict[int, np.ndarray] = {}
        self.to(device())
        self.model.eval()
        with tree_attention(self.model, attention_way(self.chosen, self.device)), fused(self.model):
            for numbers in track(rows, what, len(rows)) if rows else ():
                row = pack([trees[number] for number in numbers]).to(self.device)
                ends = np.cumsum([trees[number].examples // 2 for number in numbers])
                parts = np.split(self.log_probabilities(row).cpu().numpy(), ends[:-1])
                found |= dict(zip(numbers, parts, strict=True))
        return np.concatenate([np.zeros((0, 2), np.float32), *(found[number] for number in range(len(trees)))])
