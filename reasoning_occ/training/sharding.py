"""A model shared out over a group's processes: each holds a part of every weight, its gradient and its moments.

torch's `fully_shard` gathers a layer's weights when the layer is computed, lets them go after, and leaves each process
its part of the gradient's sum. So weights, gradients and optimiser state may be larger than one device; what is learnt
is the same. All processes must go through the model equally often, or one would wait for the others for ever.
"""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer

from reasoning_occ.errors import UserError
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.training.group import Summing, rank

_NEEDED = ("set_gradient_divide_factor", "set_force_sum_reduction_for_comms")


def check_torch() -> None:
    """Refuse a torch whose sharding can't sum gradients.

    Raises:
        UserError: names the version.
    """
    if not all(hasattr(FSDPModule, name) for name in _NEEDED):
        raise UserError(
            f"trainer.sharding=full: torch {torch.__version__} can't sum the gradients of a model that is shared out; "
            "install a newer one (2.13 can), or use trainer=ddp."
        )


def twin(model: nn.Module, titles: TitleHead | None) -> tuple[nn.Module, TitleHead | None]:
    """The same modules with parameters of their own that stand on the same memory.

    A module that was shared out is of no other use, so the twin is shared out, and what it learns is brought back.
    """
    parameters = [*model.parameters(), *(titles.parameters() if titles else ())]
    memo = {id(p): nn.Parameter(p.detach(), requires_grad=p.requires_grad) for p in parameters}
    return copy.deepcopy((model, titles), cast(dict[int, Any], memo))


def share_out(module: nn.Module, layers: Sequence[nn.Module], way_in: str, device: torch.device, bf16: bool) -> None:
    """Leave each process of the group its part of every parameter, on its device; gradients are summed, not averaged.

    Args:
        module: a method of it computes the loss; changed in place.
        layers: of `module`, each gathered on its own. All else (embeddings, the head) is gathered once a pass.
        way_in: the name of that method. Within it alone there are whole weights.
        device: of this process; its weights come from wherever they are.
        bf16: gather a layer's weights in bf16, in which they are multiplied anyway; parts and sums stay as they are.
    """
    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    halved = MixedPrecisionPolicy(torch.bfloat16, torch.float32, cast_forward_inputs=False)
    for layer in layers:
        fully_shard(layer, mesh=mesh, mp_policy=halved if bf16 else MixedPrecisionPolicy())
    fully_shard(module, mesh=mesh)
    for part in module.modules():
        if isinstance(part, FSDPModule):
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)  # else a division by 1, which gloo has not
    register_fsdp_forward_method(module, way_in)


def shared_out(module: nn.Module) -> bool:
    """Whether `share_out` had it."""
    return isinstance(module, FSDPModule)


def let_go(module: nn.Module) -> None:
    """After a pass without a gradient: the whole weights that wait for one."""
    if isinstance(module, FSDPModule):
        module.reshard()


def whole(tensor: Tensor) -> Tensor:
    """Put together from all processes, each of which must ask; one that is not shared out as it is."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def gathered(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each of them `whole`, in rank 0's memory and not on its device; the other ranks keep none that is shared out."""
    found = {}
    for name, tensor in tensors.items():
        value = whole(tensor)
        if not isinstance(tensor, DTensor):
            found[name] = value
        elif rank() == 0:
            found[name] = value.cpu()
    return found


def part_of(tensor: Tensor, like: Tensor) -> Tensor:
    """This process's part of a whole tensor, cut as `like` is; the tensor itself where `like` is not shared out."""
    if not isinstance(like, DTensor):
        return tensor
    parts = tensor.chunk(like.device_mesh.size())
    mine = parts[rank()] if rank() < len(parts) else tensor[:0]
    mine = mine.to(like.device, copy=True)  # a view would keep the whole alive
    shape = {"shape": tensor.shape, "stride": like.stride()}
    return DTensor.from_local(mine, like.device_mesh, like.placements, run_check=False, **shape)


class Sharing(Summing):
    """Lightning's part: when the model is shared out, and that checkpoints hold whole tensors, as without sharding."""

    @property
    def restore_checkpoint_after_setup(self) -> bool:
        """Parts are read into, not whole weights."""
        return True

    def model_to_device(self) -> None:
        """Layer by layer, so that no device ever holds all."""
        cast(Any, self.lightning_module).share_out(self.root_device)
        super().model_to_device()  # tells the module where it is

    def load_checkpoint(self, checkpoint_path: Any, weights_only: bool | None = None) -> dict[str, Any]:
        """All processes read the one file as they need it, rather than a copy each."""
        return torch.load(Path(checkpoint_path), map_location="cpu", mmap=True, weights_only=True)

    def optimizer_state(self, optimizer: Optimizer) -> dict[str, Any]:
        """Put together as `gathered` does."""
        state: dict[str, Any] = super().optimizer_state(optimizer)
        return {**state, "state": {number: gathered(of_one) for number, of_one in state["state"].items()}}

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Each process takes its part."""
        states = [
            {**state, "state": _parts(state["state"], optimizer)}
            for optimizer, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True)
        ]
        super().load_optimizer_state_dict({"optimizer_states": states})

    @torch.no_grad()
    def teardown(self) -> None:
        """Empties the parts. Lightning would move them to the CPU, where they are of no use."""
        for optimizer in self.optimizers:
            optimizer.state.clear()
        for parameter in self.lightning_module.parameters() if self.lightning_module else ():
            if isinstance(parameter, DTensor):  # others are of a training that never began
                # who still refers to them then holds no memory (ranking wants it), nor an address of none
                part = parameter._local_tensor  # to_local gives another face of it
                memory = part.untyped_storage()
                part.set_()  # type: ignore[call-overload]
                memory.resize_(0)
        assert self.cluster_environment is not None and self.accelerator is not None
        self.cluster_environment.teardown()
        self.precision_plugin.teardown()
        self.accelerator.teardown()
        self.checkpoint_io.teardown()


def _parts(state: Mapping[int, Mapping[str, Tensor]], optimizer: Optimizer) -> dict[int, dict[str, Tensor]]:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    return {
        # a moment is as large as its parameter; the number of steps is one number
        number: {name: part_of(t, parameters[number]) if t.ndim else t for name, t in of_one.items()}
        for number, of_one in state.items()
    }
