"""One optimiser step as Lightning runs it: forward and backward over its rows, clip, step, log."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from reasoning_occ.errors import UserError
from reasoning_occ.models.causal import check_logits, layers
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.training.fused import fused
from reasoning_occ.training.group import rank, sum_gradients, summed
from reasoning_occ.training.loss import (
    SEGMENTS,
    SegmentWeights,
    segment_counts,
    segment_losses,
    share_of_each,
)
from reasoning_occ.training.precision import autocast, set_precision
from reasoning_occ.training.settings import TrainingSettings
from reasoning_occ.training.sharding import gathered, let_go, part_of, share_out, shared_out, whole
from reasoning_occ.training.tree import Row


def learning_rate(step: int, total: int, peak: float, warmup: float) -> float:
    """Rise in a line to `peak` over the first `warmup` share of steps, then fall to 0 along a cosine.

    A function of the step alone, so that there is no schedule to save.
    """
    rising = math.ceil(total * warmup)
    if step < rising:
        return peak * (step + 1) / rising
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


class CareerModule(LightningModule):
    """Trains whatever parameters of a causal language model want a gradient, by the loss of `loss.py`.

    Args:
        model: a transformers causal language model, bare or with peft adapters. It is changed in place: weights,
            and their types by `precision.py`.
        settings: learning rate and its schedule, clipping, weights of the segments, precision.
        total_steps: the length of the plan, to which the schedule is stretched.
        titles: a ranking head to train with it, where examples name titles by number.
    """

    unit = "transitions"
    """What speed is told in."""
    rate_key = "trainer.lr"
    """Where the configuration holds the learning rate."""

    def __init__(
        self, model: nn.Module, settings: TrainingSettings, total_steps: int, titles: TitleHead | None = None
    ) -> None:
        super().__init__()
        # the rows of a step share one denominator, so stepping is ours
        self.automatic_optimization = False
        check_logits(model)
        set_precision(model, settings.precision)
        self.model = model
        self.titles = titles
        self.chosen = settings
        self.weights = SegmentWeights(settings.reason_weight, settings.answer_weight)
        self.total_steps = total_steps
        self.figures: dict[str, float] = {}  # of the last step
        self._home: dict[str, Tensor] = {}  # where what is learnt in parts is brought back to

    def training_step(self, batch: Sequence[Row], batch_idx: int) -> None:
        """One optimiser step. Rows only bound memory: how a step is cut does not change its gradient, nor does how its
        rows are dealt out to processes, of which one may have none."""
        began, number = time.perf_counter(), self.global_step + 1
        # dropout depends on seed and step alone, so a resumed training draws what it would have drawn
        torch.manual_seed(self.chosen.seed * 1_000_003 + self.global_step + (rank() << 40))
        optimizer = self._optimizer()
        rate = learning_rate(self.global_step, self.total_steps, self.chosen.lr, self.chosen.warmup)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with fused(self.model):  # also while gradients are computed: layers may be recomputed then
            losses = self.learn(batch)
        norm = self._clip_and_step(optimizer) if math.isfinite(losses["loss"]) else math.nan
        if not math.isfinite(norm):
            raise UserError(
                f"Training step {number}: the loss is {losses['loss']} and its gradient's norm {norm}. "
                f"Lower {self.rate_key}, or use trainer.precision=fp32."
            )
        optimizer.zero_grad()
        seconds = time.perf_counter() - began
        done = [sum(row.tokens for row in batch), sum(row.units for row in batch)]
        tokens, units = summed(torch.tensor(done, device=self.device)).tolist()
        speeds = {"tokens_per_second": tokens / seconds, f"{self.unit}_per_second": units / seconds}
        figures = {**losses, "learning_rate": rate, "gradient_norm": norm, **speeds}
        # callbacks see them; Record hands them on, because Lightning would only after a checkpoint that counts the step
        self.log_dict(figures, batch_size=1, logger=False)
        self.figures = figures

    def _clip_and_step(self, optimizer: LightningOptimizer) -> float:
        """Gives the norm that the gradient had; where it is not finite, nothing is learnt."""
        if self.chosen.sharding == "zero2":  # all of it is the engine's
            return cast(float, optimizer.step())
        if not shared_out(self):  # there the backward pass does it
            sum_gradients(self._trainable().values())
        norm = float(whole(nn.utils.clip_grad_norm_(self._trainable().values(), self.chosen.clip)))
        if math.isfinite(norm):
            optimizer.step()
        return norm

    def learn(self, rows: Sequence[Row]) -> dict[str, float]:
        """Forward and backward over all rows of a step; its figures, of which `loss` is what was minimised."""
        counts = summed(segment_counts(rows).to(self.device))
        share = share_of_each(counts, self.weights)
        sums = torch.zeros_like(share)
        for row in rows:
            sum_of_each = self._losses(row)
            self.manual_backward((sum_of_each * share).sum())
            sums += sum_of_each.detach()
        return _means(summed(sums), counts, share)

    @torch.no_grad()
    def evaluate(self, rows: Sequence[Row]) -> dict[str, float]:
        """The mean losses over all of `rows` together: `loss` (weighted), `loss_reason`, `loss_answer`."""
        counts = segment_counts(rows).to(self.device)
        share = share_of_each(counts, self.weights)
        sums = torch.zeros_like(share)
        training = self.model.training
        self.model.eval()
        # compiled layers wait for training: no second wait for this
        with torch.compiler.set_stance("force_eager"), fused(self.model):
            for row in rows:
                sums += self._losses(row.to(self.device))
        let_go(self)
        self.model.train(training)
        return _means(sums, counts, share)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW over the trainable parameters."""
        return torch.optim.AdamW(
            list(self._trainable().values()), lr=self.chosen.lr, weight_decay=self.chosen.weight_decay, fused=True
        )

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """The trainable parameters only: a checkpoint holds the adapter, never the backbone."""
        return gathered({name: parameter.detach() for name, parameter in self._trainable().items()})

    def load_state_dict(self, state_dict: Mapping[str, Tensor], strict: bool = True, assign: bool = False) -> Any:
        """Take up what `state_dict` gave: exactly the trainable parameters, no more and no fewer.

        Raises:
            UserError: the state belongs to a model with other trainable parameters.
        """
        wanted, given = set(self._trainable()), set(state_dict)
        if wanted != given:
            odd = sorted(wanted ^ given)
            raise UserError(
                f"The checkpoint fits another adapter: {len(odd)} parameters differ, the first is {odd[0]}. "
                "Choose the same model and trainer.lora as before, or remove the run's checkpoints folder."
            )
        mine = {name: part_of(state_dict[name], parameter) for name, parameter in self._trainable().items()}
        return super().load_state_dict(mine, strict=False, assign=assign)

    def bring_back(self) -> None:
        """Ask that what will be learnt is brought back, at the end, to the memory where the parameters are now."""
        self._home = {name: parameter.detach() for name, parameter in self._trainable().items()}

    def share_out(self, device: torch.device) -> None:
        """Leave this process its part of each parameter, on its device; call before there is an optimizer."""
        all_learn = self.chosen.precision == "bf16" and self.chosen.lora is None
        share_out(self, layers(self.model), "_losses", device, bf16=all_learn)

    def on_train_end(self) -> None:
        """What was learnt by a model that stands for another goes there, whole; in rank 0 alone."""
        for name, home in self._home.items():
            learnt = gathered({name: self._trainable()[name].detach()})  # all must ask
            if rank() == 0:
                home.copy_(learnt[name])

    def _losses(self, row: Row) -> Tensor:
        with autocast(self.device, self.chosen.precision):
            return segment_losses(self.model, row, self.titles)

    def _trainable(self) -> dict[str, nn.Parameter]:
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    def _optimizer(self) -> LightningOptimizer:
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        return optimizer


def _means(sums: Tensor, counts: Tensor, share: Tensor) -> dict[str, float]:
    means = {
        f"loss_{segment.name.lower()}": float(total) / int(count)
        for segment, total, count in zip(SEGMENTS, sums, counts, strict=True)
        if count
    }
    return {"loss": float((sums * share).sum()), **means}
