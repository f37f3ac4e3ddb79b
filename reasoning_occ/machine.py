"""How a job uses the machine: how many threads, and what becomes of memory between two steps."""

import ctypes
import os

from reasoning_occ.progress import console

# glibc's mallopt: numbers of its parameters and what they are set to, in bytes
_KEPT = {"M_MMAP_THRESHOLD": (-3, 2**30), "M_TRIM_THRESHOLD": (-1, 2**30), "M_TOP_PAD": (-2, 2**28)}


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
