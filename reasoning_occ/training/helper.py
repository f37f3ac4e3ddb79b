"""A process that helps to train, as `group.py` starts it: `python -m ...training.helper FILE RANK SIZE PORT`."""

import os
import sys
import threading
from pathlib import Path


def main() -> None:
    """Read the job, say so, train along."""
    # whatever else is printed goes to the log: nobody reads a pipe on, and a full one would hold all processes for ever
    first = os.dup(1)
    os.dup2(2, 1)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    import torch

    from reasoning_occ.training.fit import help_train
    from reasoning_occ.training.group import Group

    file, *place = sys.argv[1:]
    # written a moment ago by the process that started this one; weights that nobody changes stay in the file
    job = torch.load(Path(file), mmap=True, weights_only=False)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    os.write(first, b"ready\n")
    os.close(first)
    help_train(job, Group(*map(int, place)))
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    # all is done: the interpreter's own end now and then takes torch's threads away in the wrong order and aborts
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_with_the_first() -> None:
    """Rank 0 holds the other end of stdin, which closes with it, however it ends."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
