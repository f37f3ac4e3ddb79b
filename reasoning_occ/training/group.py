"""Several processes that train one model together, each with a whole copy of it on a device of its own.

The first process, rank 0, is the one that was there: it logs, shows the bar and writes checkpoints. The others are
started for the training alone and never see the command line, so what came before a training is not done again.
Each takes its share of a step's rows; token counts and gradients are summed over all, and then all take the same step.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import ClusterEnvironment
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, distributed, nn

from reasoning_occ.errors import UserError
from reasoning_occ.training.checkpoints import said_when_full

TCPStore = distributed.TCPStore  # pyright: ignore[reportPrivateImportUsage] (documented all the same)

ADDRESS = "127.0.0.1"
TOGETHER = 2**24
"""Numbers of gradients summed in one go: 64 MiB. Changes no result."""


@dataclass(frozen=True, slots=True)
class Group:
    """A process's place among those that train together: its rank of so many, and the port where they meet."""

    rank: int
    size: int
    port: int


class Place(ClusterEnvironment):
    """Tells Lightning of a group whose processes are there already."""

    def __init__(self, group: Group) -> None:
        self._group = group

    @property
    def creates_processes_externally(self) -> bool:
        """Lightning starts none."""
        return True

    @property
    def main_address(self) -> str:
        """All on this machine."""
        return ADDRESS

    @property
    def main_port(self) -> int:
        """Where the process of rank 0 listens."""
        return self._group.port

    @staticmethod
    def detect() -> bool:
        """Never chosen unless given."""
        return False

    def world_size(self) -> int:
        """How many processes."""
        return self._group.size

    def set_world_size(self, size: int) -> None:
        """Fixed."""

    def global_rank(self) -> int:
        """Which of them this is."""
        return self._group.rank

    def set_global_rank(self, rank: int) -> None:
        """Fixed."""

    def local_rank(self) -> int:
        """Which of this machine's devices is its own."""
        return self._group.rank

    def node_rank(self) -> int:
        """There is one machine."""
        return 0


class Summing(DDPStrategy):
    """Lightning's DDP without torch's wrapper, which would average gradients at every backward pass and wait for ranks
    that have no row; `sum_gradients` sums them once a step."""

    def setup_distributed(self) -> None:
        """Meet where `together` listens; Lightning would let rank 0 open the port only now, when it may be taken."""
        place, backend, device = self.cluster_environment, self._get_process_group_backend(), self.root_device
        assert place is not None
        store = TCPStore(place.main_address, place.main_port, wait_for_workers=False)
        where = {"store": store, "rank": place.global_rank(), "world_size": place.world_size()}
        own = None if device.type == "cpu" else device
        distributed.init_process_group(backend, **where, timeout=self._timeout, device_id=own)
        super().setup_distributed()

    def configure_ddp(self) -> None:
        """Nothing is wrapped."""


def summed(values: Tensor) -> Tensor:
    """Their sums over all processes of the group, in place; without a group as they are."""
    if distributed.is_initialized():
        distributed.all_reduce(values)
    return values


def rank() -> int:
    """This process's number in its group; 0 without one."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def told(value: Any) -> Any:
    """What rank 0 says of it."""
    if not distributed.is_initialized():
        return value
    held = [value]
    distributed.broadcast_object_list(held, src=0)
    return held[0]


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """The gradient of each parameter becomes the sum over all processes; a process that had no row adds nothing."""
    if not distributed.is_initialized():
        return
    for bucket in _buckets(parameters):
        for parameter in bucket:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in bucket if parameter.grad is not None]
        flat = summed(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))


def _buckets(parameters: Iterable[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    bucket: list[nn.Parameter] = []
    for parameter in parameters:
        if bucket and sum(p.numel() for p in bucket) + parameter.numel() > TOGETHER:
            yield bucket
            bucket = []
        bucket.append(parameter)
    if bucket:
        yield bucket


def check_devices(size: int) -> None:
    """Refuse a training whose devices would have to share GPUs or, where there are none, cores.

    Raises:
        UserError: this machine has fewer than `size`.
    """
    gpus, cores = torch.cuda.device_count(), os.cpu_count() or 1
    if 1 < size > (gpus or cores):
        have = f"{gpus} GPUs" if gpus else f"no GPU and {cores} cores"
        raise UserError(f"trainer.devices={size}: this machine has {have}. Give fewer, or leave it out for one.")


@contextmanager
def together(job: Any, size: int, folder: Path) -> Iterator[Group | None]:
    """Within it, `size - 1` more processes train by `fit.help_train`; yields this one's place; None: it is alone.

    Args:
        job: handed to each as a file in `folder`, weights included, so that they share what they don't change.
        size: how many in all.
        folder: also for what they have to say.

    Raises:
        UserError: a process could not be started, or stopped; says its last words.
    """
    if size == 1:
        yield None
        return
    check_devices(size)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / ".together.pt"
    # open from now on, at a free port; the others find each other through it
    door = TCPStore(ADDRESS, 0, is_master=True, wait_for_workers=False)
    threads = torch.get_num_threads()
    with ExitStack() as leaving:
        leaving.callback(torch.set_num_threads, threads)
        leaving.callback(_part)
        leaving.callback(file.unlink, missing_ok=True)
        with said_when_full(file):
            torch.save(job, file)
        helpers = [leaving.enter_context(_helper(file, Group(n, size, door.port))) for n in range(1, size)]
        for number, helper in enumerate(helpers, start=1):
            assert helper.stdout is not None
            if helper.stdout.readline() != b"ready\n":
                raise UserError(_last_words(folder, number, helper.wait()))
        torch.set_num_threads(max(1, threads // size))
        try:
            yield Group(0, size, door.port)
        except RuntimeError as error:  # how a rank that is gone is noticed
            for number, helper in enumerate(helpers, start=1):
                with suppress(subprocess.TimeoutExpired):
                    if code := helper.wait(timeout=5):
                        raise UserError(_last_words(folder, number, code)) from error
            raise
        _part()  # as the others do now: on GPUs none can before all do
        for number, helper in enumerate(helpers, start=1):
            if code := helper.wait():
                raise UserError(_last_words(folder, number, code))
            _log(folder, number).unlink(missing_ok=True)


@contextmanager
def _helper(file: Path, group: Group) -> Iterator[subprocess.Popen[bytes]]:
    words = [
        sys.executable,
        "-m",
        "reasoning_occ.training.helper",
        str(file),
        *map(str, (group.rank, group.size, group.port)),
    ]
    threads = max(1, torch.get_num_threads() // group.size)
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": str(threads)}
    with open(_log(file.parent, group.rank), "wb") as log:
        # a session of its own: Ctrl-C is for rank 0, which tells the others when to stop
        process = subprocess.Popen(
            words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _part() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


def _log(folder: Path, number: int) -> Path:
    return folder / f"rank-{number}.log"


def _last_words(folder: Path, number: int, code: int) -> str:
    lines: Sequence[str] = _log(folder, number).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it said nothing"
    if code == -signal.SIGKILL:
        last = "it was killed: by somebody, or because there was no memory left"
    return (
        f"trainer.devices: process {number} of the training stopped ({last}). "
        f"The whole story is in {_log(folder, number)}; the same command goes on from the last checkpoint."
    )
