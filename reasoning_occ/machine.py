"""How a job uses the machine: which Python, how many threads, which GPU, what becomes of memory between two steps."""

import ctypes
import fcntl
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO

from reasoning_occ.progress import console

# glibc's mallopt: numbers of its parameters and what they are set to, in bytes
_KEPT = {"M_MMAP_THRESHOLD": (-3, 2**30), "M_TRIM_THRESHOLD": (-1, 2**30), "M_TOP_PAD": (-2, 2**28)}
_CLAIMED: list[IO[str]] = []  # held until the process ends


def python() -> str:
    """What this Python is called on a command line here: "python" where that is it, else its path."""
    this = Path(sys.executable)
    if (found := shutil.which("python")) is not None and Path(found).parent == this.parent:
        return "python"
    return str(this.relative_to(Path.cwd()) if this.is_relative_to(Path.cwd()) else this)


def own_gpus(count: int = 1) -> None:
    """Let this process, one of several side by side, see `count` GPUs alone: the first that no other such process of
    this user holds, for as long as it lives. Where there are too few for all processes, some share, and say so.

    Must be called before CUDA is begun. Does nothing with no more GPUs than that, nor when called again.
    """
    names = _gpus()
    if _CLAIMED or len(names) <= count:
        return
    mine: list[str] = []
    for name in names:
        if len(mine) == count:
            break
        lock = open(Path(tempfile.gettempdir()) / f"reasoning_occ-{os.getuid()}-gpu-{name}.lock", "w")  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _CLAIMED.append(lock)
        mine.append(name)
    if missing := count - len(mine):
        first, others = os.getpid(), [name for name in names if name not in mine]
        shared = [others[(first + n) % len(others)] for n in range(missing)]
        console.print(f"{len(names)} GPUs have jobs enough; this one shares GPU {','.join(shared)}.")
        mine += shared
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(mine)


def _gpus() -> list[str]:
    """The names of GPUs as CUDA_VISIBLE_DEVICES has them, or would."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name.strip() for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name.strip()]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def prepare(threads: int | None, precision: str) -> None:
    """Set threads and allocator for a training in this process, and say how.

    Args:
        threads: of matrix products; None for as many as torch takes by itself, one a core (or OMP_NUM_THREADS).
        precision: what the job computes in, told with the rest.
    """
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    kept = ", freed memory kept for the next step" if keep_memory() else ""
    count = torch.get_num_threads()
    console.print(f"Computing with {count} thread{'s' * (count > 1)} in {precision}{kept}")


def keep_memory() -> bool:
    """Have glibc keep freed blocks. Left alone it gives large ones back to the kernel and fetches them anew each step.

    Returns:
        Whether it does now: not where the C library is another, nor where the environment sets MALLOC_..., which
        stands.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    done = [mallopt(number, value) == 1 for number, value in _KEPT.values()]
    return all(done)
