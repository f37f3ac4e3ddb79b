"""`python -m reasoning_occ.run`: compose a job (or a sweep), run it, and end in a table or in one sentence."""

import hashlib
import logging
import os
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from reasoning_occ import help
from reasoning_occ.check import check, one_recommender
from reasoning_occ.complaint import sentence
from reasoning_occ.config import CONF, SWEEP
from reasoning_occ.errors import UserError
from reasoning_occ.files import checksum
from reasoning_occ.identity import code_version, run_name

UNEXPECTED = "The whole story is in {}/run.log, or comes with debug=traceback."
MULTIRUN = ("-m", "--multirun")
log = logging.getLogger(__name__)
FAILED: list[str] = []
FOLDERS: list[Path] = []


def folder_name(*, _root_: DictConfig) -> str:
    """The resolver of a run's folder: a job that can't work is told so before there is a folder."""
    if SWEEP not in os.environ:  # in a sweep the other jobs go on; job() checks each
        one_recommender(_root_.hydra.overrides.task)
        check(OmegaConf.masked_copy(_root_, [str(key) for key in _root_ if key != "hydra"]))
    return run_name(_root_)


OmegaConf.register_new_resolver("run_name", folder_name, replace=True)


def job(cfg: DictConfig) -> None:
    """One Hydra job. A failure is told in a sentence; a sweep goes on with its next job."""
    from hydra.core.hydra_config import HydraConfig

    folder = Path(HydraConfig.get().runtime.output_dir)
    FOLDERS.append(folder)
    try:
        one_recommender(HydraConfig.get().overrides.task)
        from reasoning_occ.experiment import run_job

        run_job(cfg, folder)
    except Exception as error:
        if cfg.debug.traceback:
            raise
        log.info("The job failed.", exc_info=error)  # to run.log; the terminal gets the sentence
        known = isinstance(error, UserError)
        told = str(error) if known else f"{type(error).__name__}: {error}. {UNEXPECTED.format(folder)}"
        FAILED.append(told)
        print(told, file=sys.stderr)


def main() -> None:
    """Run the command line; exits with 1 after an error that was told, 2 for a command that can't be read."""
    command = sys.argv[1:]
    if any(word in help.WORDS for word in command):
        print(help.page())
        return
    import hydra
    from hydra.errors import HydraException

    multirun = any(word in MULTIRUN for word in command)
    # anywhere on the line: hydra's parser wants options before or after all overrides
    sys.argv[1:] = sorted(command, key=lambda word: word not in MULTIRUN)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, who tell them in a sentence
    if multirun:
        os.environ[SWEEP] = sweep_name(command)
    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)()
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one was.", file=sys.stderr)
        sys.exit(1)
    except (HydraException, OmegaConfBaseException, UserError, OSError, ValueError) as error:
        if "debug=traceback" in command:
            raise
        print(sentence(error), file=sys.stderr)
        sys.exit(1)
    if multirun and FOLDERS:
        from reasoning_occ.report.__main__ import main as report

        unshown = report([str(FOLDERS[0].parent)])
        sys.exit(1 if FAILED else unshown)
    sys.exit(1 if FAILED else 0)


def sweep_name(command: list[str]) -> str:
    """A sweep's folder, named by what it sweeps over, so that the same command comes back to it.

    Another version of code or configuration gets another, so that a table never mixes the two.
    """
    overrides = sorted(word for word in command if not word.startswith("-"))
    swept = "_".join(word for word in overrides if "," in word)
    readable = "".join(c if c.isalnum() or c in "=,._-" else "-" for c in swept)[:60]
    shaping = " ".join([*overrides, code_version(), checksum(CONF)])
    return f"{readable}-{hashlib.sha256(shaping.encode()).hexdigest()[:8]}"


if __name__ == "__main__":
    main()
