"""One job of Hydra, in this process or in a launcher's, which finds both the job and its folder's name here."""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from reasoning_occ.check import check, one_recommender
from reasoning_occ.errors import UserError
from reasoning_occ.identity import run_name
from reasoning_occ.machine import own_gpus
from reasoning_occ.validation import validate

UNEXPECTED = "The whole story is in {}/run.log, or comes with debug=traceback."
log = logging.getLogger(__name__)
FAILED: list[str] = []
"""What stopped jobs of this process. Other processes tell it in the status.json of their jobs."""


def folder_name(*, _root_: DictConfig) -> str:
    """The resolver of a run's folder: a job that can't work is told so before it has a folder or downloads anything."""
    from hydra.types import RunMode

    ours = OmegaConf.masked_copy(_root_, [str(key) for key in _root_ if key != "hydra"])
    if OmegaConf.select(_root_, "hydra.mode") != RunMode.MULTIRUN:
        one_recommender(_root_.hydra.overrides.task)
        check(ours)
    elif not _valid(ours):  # the others go on; job() tells what is wrong
        OmegaConf.update(ours, "onet.download", False, force_add=True)
    return run_name(ours, OmegaConf.select(_root_, "hydra.runtime.choices.row"))


def _valid(cfg: DictConfig) -> bool:
    try:
        validate(cfg)
    except (UserError, OmegaConfBaseException):
        return False
    return True


OmegaConf.register_new_resolver("run_name", folder_name, replace=True)


def job(cfg: DictConfig) -> None:
    """One Hydra job. A failure is told in a sentence; a sweep goes on with its next job."""
    from hydra.core.hydra_config import HydraConfig

    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        one_recommender(HydraConfig.get().overrides.task)
        if cfg.get("baseline") is None and "joblib" in str(HydraConfig.get().launcher._target_):
            devices = OmegaConf.select(cfg, "trainer.devices")
            own_gpus(devices if isinstance(devices, int) else 1)  # ray and slurm give each job its own themselves
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
