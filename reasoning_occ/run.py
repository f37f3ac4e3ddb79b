"""`python -m reasoning_occ.run`: compose a job (or a sweep), run it, and end in a table or in one sentence."""

import hashlib
import os
import sys
from pathlib import Path

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from reasoning_occ.config import CONF, validate
from reasoning_occ.errors import UserError, nearest
from reasoning_occ.identity import run_name

MULTIRUN = ("-m", "--multirun")
FAILED: list[str] = []
FOLDERS: list[Path] = []

OmegaConf.register_new_resolver("run_name", lambda *, _root_: run_name(_root_), replace=True)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def job(cfg: DictConfig) -> None:
    """One Hydra job. A failure is told in a sentence; a sweep goes on with its next job."""
    from hydra.core.hydra_config import HydraConfig

    folder = Path(HydraConfig.get().runtime.output_dir)
    FOLDERS.append(folder)
    try:
        validate(cfg)
        from reasoning_occ.experiment import run_job

        run_job(cfg, folder)
    except UserError as error:
        if cfg.debug.traceback:
            raise
        FAILED.append(str(error))
        print(error, file=sys.stderr)


def main() -> None:
    """Run the command line; exits with 1 after an error that was told, 2 for a command that can't be read."""
    command = sys.argv[1:]
    multirun = any(word in MULTIRUN for word in command)
    # anywhere on the line: hydra's parser wants options before or after all overrides
    sys.argv[1:] = sorted(command, key=lambda word: word not in MULTIRUN)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, who tell them in a sentence
    os.environ["REASONING_OCC_SWEEP"] = sweep_name(command)
    try:
        job()
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one was.", file=sys.stderr)
        sys.exit(1)
    except (HydraException, OmegaConfBaseException, UserError) as error:
        if "debug=traceback" in command:
            raise
        print(sentence(error), file=sys.stderr)
        sys.exit(1)
    if multirun and FOLDERS:
        from reasoning_occ.report.__main__ import main as report

        report([str(FOLDERS[0].parent)])
    sys.exit(1 if FAILED else 0)


def sweep_name(command: list[str]) -> str:
    """A sweep's folder, named by what it sweeps over, so that the same command comes back to it."""
    overrides = sorted(word for word in command if not word.startswith("-"))
    swept = "_".join(word for word in overrides if "," in word)
    readable = "".join(c if c.isalnum() or c in "=,._-" else "-" for c in swept)[:60]
    return f"{readable}-{hashlib.sha256(' '.join(overrides).encode()).hexdigest()[:8]}"


def sentence(error: Exception) -> str:
    """What went wrong with the configuration, in a sentence that says what to do."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, UserError):
            return str(cause)
        cause = cause.__cause__
    first = str(error).strip().splitlines()
    text = " ".join(line.strip() for line in first if line.strip())
    words = text.split("'")
    if "Could not override" in text and len(words) > 1:
        return f"'{words[1]}' is no key of the configuration; near: {nearest(words[1], known_keys())}."
    return f"{text} See `python -m reasoning_occ.run --help`."


def known_keys() -> list[str]:
    """Every key of the default configuration, dotted."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config")

    def walk(node: DictConfig, prefix: str = "") -> list[str]:
        keys: list[str] = []
        for key in node:
            keys.append(f"{prefix}{key}")
            value = node._get_node(str(key))
            if isinstance(value, DictConfig) and not value._is_none() and not value._is_missing():
                keys += walk(value, f"{prefix}{key}.")
        return keys

    return walk(cfg)


if __name__ == "__main__":
    main()
