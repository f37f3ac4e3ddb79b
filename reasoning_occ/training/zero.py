"""DeepSpeed's ZeRO, stage 2: every process holds all weights, but only its part of their gradients and moments.

Its engine is given the parameters that learn and nothing else: it cuts them into parts, sums gradients over the
processes as backward passes make them, and steps. The model, its passes and its loss stay ours, and checkpoints hold
whole tensors, as without it. All processes must make equally many backward passes, or one would wait for ever.
"""

# deepspeed is an extra that is rarely there
# pyright: reportMissingImports=false

import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer

from reasoning_occ.errors import UserError
from reasoning_occ.training.group import TOGETHER, Summing, rank

_MOMENTS = ("exp_avg", "exp_avg_sq")


def check_deepspeed() -> None:
    """Refuse a training that DeepSpeed can't take part in.

    Raises:
        UserError: it is not there, can't be imported, or is too old.
    """
    otherwise = 'Install it with pip install "reasoning-occ[deepspeed]", or use trainer=fsdp, which needs nothing more.'
    try:
        import deepspeed  # noqa: F401
        from deepspeed.runtime.zero.stage_1_and_2 import DeepSpeedZeroOptimizer
    except ModuleNotFoundError as error:
        raise UserError(f"trainer.sharding=zero2: {error.name} is not installed. {otherwise}") from error
    except Exception as error:  # its import looks for compilers and drivers, and fails in as many ways
        told = f"{type(error).__name__}: {error}"
        raise UserError(f"trainer.sharding=zero2: deepspeed can't be imported ({told}). {otherwise}") from error
    if not hasattr(DeepSpeedZeroOptimizer, "finalize_gradient_accumulation_boundary"):
        # an older one takes every backward pass for the last of its step, and forgets the others
        raise UserError(f"trainer.sharding=zero2: this deepspeed is too old. {otherwise}")


def configuration(clip: float) -> dict[str, Any]:
    """DeepSpeed's.

    Args:
        clip: largest norm of the gradient.
    """
    return {
        "train_micro_batch_size_per_gpu": 1,  # for its own reports alone; the same is true of the next
        "gradient_accumulation_steps": 1,
        "managed_gradient_accumulation": False,  # a step ends when we say so, not after a fixed number of passes
        "gradient_clipping": clip,
        "zero_optimization": {"stage": 2, "reduce_bucket_size": TOGETHER, "allgather_bucket_size": TOGETHER},
    }


class _Learnt(nn.Module):
    """What the engine takes for the model: the parameters that learn. Its forward pass ends every one of ours."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        super().__init__()
        self.learnt = nn.ParameterList(parameters)

    def forward(self, loss: Tensor) -> Tensor:
        """The engine will divide the sum over all processes by their number."""
        return loss * torch.distributed.get_world_size()


@contextmanager
def _launched(local_rank: int) -> Iterator[None]:
    """What DeepSpeed's launcher would have said; without it the engine looks for one."""
    before = os.environ.get("LOCAL_RANK")
    os.environ["LOCAL_RANK"] = str(local_rank)
    try:
        yield
    finally:
        del os.environ["LOCAL_RANK"]
        if before is not None:
            os.environ["LOCAL_RANK"] = before


class Partitioning(Summing):
    """Lightning's part: the engine in its steps, and that checkpoints hold whole moments.

    To Lightning the optimizer is the AdamW that it always was, whose parameters the engine has put its parts for.

    Args:
        clip: largest norm of the gradient.
    """

    def __init__(self, clip: float, **more: Any) -> None:
        super().__init__(**more)
        self._clip = clip
        self._engine: Any = None
        self._learnt: list[nn.Parameter] = []

    def setup_optimizers(self, trainer: Trainer) -> None:
        """Make AdamW, then the engine around it."""
        import deepspeed

        super().setup_optimizers(trainer)
        (optimizer,) = self.optimizers
        self._learnt = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        with _launched(self.local_rank):
            self._engine, *_ = deepspeed.initialize(
                args=Namespace(device_rank=self.local_rank),
                model=_Learnt(self._learnt),
                optimizer=optimizer,
                config=configuration(self._clip),
            )

    def backward(self, closure_loss: Tensor, optimizer: Optimizer | None, *args: Any, **kwargs: Any) -> Tensor:
        """The engine's: the gradient goes to whom its parts belong to."""
        return self._engine.backward(self._engine(closure_loss))

    def optimizer_step(self, optimizer: Optimizer, closure: Any, model: Any = None, **kwargs: Any) -> float:
        """The engine's: clip, step if the gradient is finite, share the new weights. Gives the gradient's norm."""
        self._engine.step()
        return float(self._engine.get_global_grad_norm())

    def load_checkpoint(self, checkpoint_path: Any, weights_only: bool | None = None) -> dict[str, Any]:
        """All processes read the one file as they need it, rather than a copy each."""
        return torch.load(Path(checkpoint_path), map_location="cpu", mmap=True, weights_only=True)

    def optimizer_state(self, optimizer: Optimizer) -> dict[str, Any]:
        """As AdamW alone gives it, in rank 0's memory; the other ranks' holds no moments."""
        from deepspeed.utils import safe_get_full_optimizer_state

        if isinstance(optimizer, LightningOptimizer):
            optimizer = optimizer.optimizer
        given: dict[str, Any] = super().optimizer_state(optimizer)
        ((_, part),) = given["state"].items()
        state: dict[int, dict[str, Tensor]] = {}
        for number, parameter in enumerate(self._learnt):
            moments = {name: safe_get_full_optimizer_state(parameter, name) for name in _MOMENTS}  # all must ask
            if rank() == 0:
                state[number] = {"step": part["step"].clone(), **{name: t.cpu() for name, t in moments.items()}}
        (group,) = given["param_groups"]
        return {"state": state, "param_groups": [{**group, "params": list(range(len(self._learnt)))}]}

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Each process takes its part. (Weights were there before the engine was.)"""
        (optimizer,) = self.optimizers
        (given,) = checkpoint["optimizer_states"]
        (group,) = given["param_groups"]
        (part,) = optimizer.param_groups[0]["params"]
        mine = {"step": given["state"][0]["step"], **{name: torch.zeros_like(part) for name in _MOMENTS}}
        for number, parameter in enumerate(self._learnt):
            where = parameter._hp_mapping  # type: ignore[attr-defined]
            if where is None:  # it is all another's
                continue
            here, there = where.hp_fragment_address, where.lp_fragment_address
            for name in _MOMENTS:
                whole = given["state"][number][name].flatten()
                mine[name][here.start : here.start + here.numel] = whole[there.start : there.start + there.numel]
        state = {"state": {0: mine}, "param_groups": [{**group, "params": [0]}]}
        super().load_optimizer_state_dict({"optimizer_states": [state]})

    def teardown(self) -> None:
        """Lets go of parts and groups, of which deepspeed would remember."""
        import deepspeed

        if self._engine is not None:
            self._engine.destroy()
            self._engine = None
            for optimizer in self.optimizers:
                optimizer.state.clear()
        super().teardown()
        if deepspeed.comm.is_initialized():
            deepspeed.comm.destroy_process_group()
