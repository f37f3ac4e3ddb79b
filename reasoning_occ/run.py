"""`python -m reasoning_occ.run`: compose a job (or a sweep), run it, and end in a table or in one sentence."""

import os
import sys
from pathlib import Path

from omegaconf.errors import OmegaConfBaseException

from reasoning_occ import help
from reasoning_occ.complaint import sentence
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.job import FAILED, job
from reasoning_occ.sweep import BEGUN, exit_code, named

MULTIRUN = ("-m", "--multirun")
STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""


def main() -> None:
    """Run the command line.

    Exits with 0; with 1 after an error that was told; after a sweep with the number of its jobs that are not done; with
    2 for a command that can't be read; with 130 after Ctrl-C.
    """
    command = sys.argv[1:]
    if any(word in help.WORDS for word in command):
        print(help.page())
        return
    import hydra
    from hydra.errors import HydraException

    multirun = any(word in MULTIRUN for word in command)
    # anywhere on the line: hydra's parser wants options before or after all overrides
    words = sorted(command, key=lambda word: word not in MULTIRUN)
    sys.argv[1:] = named(words) if multirun else words
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, who tell them in a sentence
    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)()
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one was.", file=sys.stderr)
        sys.exit(STOPPED)
    except Exception as error:
        known = isinstance(error, HydraException | OmegaConfBaseException | UserError | OSError | ValueError)
        # what breaks a launcher, such as a worker killed for its memory, leaves a sweep that has begun to be told
        if "debug=traceback" in command or not (known or BEGUN):
            raise
        print(sentence(error), file=sys.stderr)
        sys.exit(end(BEGUN[0]) or 1 if BEGUN else 1)
    sys.exit(end(BEGUN[0]) if BEGUN else int(bool(FAILED)))


def end(sweep: Path) -> int:
    """Show a sweep's table and how far its jobs are; the number of those that are not done, as an exit code."""
    from reasoning_occ.report.__main__ import main as report

    # 1 is a table that can't be made, and also that jobs are left, which counts them
    unshown = report([str(sweep)])
    return exit_code(sweep) or unshown


if __name__ == "__main__":
    main()
