"""A sweep: its name, the list of its jobs (sweep.json, before the first one starts), and what its exit code says."""

import hashlib
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from reasoning_occ.config import CONF, SWEEP
from reasoning_occ.files import checksum, write_json
from reasoning_occ.identity import code_version
from reasoning_occ.report.jobs import SWEEP_FILE
from reasoning_occ.report.sweep import states

MOST = 100
"""The largest exit code of a sweep: shells keep those from 125 on for themselves."""

BEGUN: list[Path] = []
"""Folders of the sweeps that this process began."""


def sweep_name(command: list[str]) -> str:
    """A sweep's folder, named by what it sweeps over, so that the same command comes back to it.

    Another version of code or configuration gets another. Data and weights are no part of it: jobs of other content
    lie in the same folder, and a table takes those that sweep.json lists, which the last start wrote. How its jobs
    are launched changes nothing.
    """
    overrides = sorted(word for word in command if not word.startswith("-") and "hydra/launcher" not in word)
    overrides = [word for word in overrides if not word.lstrip("+~").startswith("hydra.launcher.")]
    swept = "_".join(word for word in overrides if "," in word or word.startswith("experiment="))
    readable = "".join(c if c.isalnum() or c in "=,._-" else "-" for c in swept)[:60]
    shaping = " ".join([*overrides, code_version(), checksum(CONF)])
    return f"{readable}-{hashlib.sha256(shaping.encode()).hexdigest()[:8]}"


def named(command: list[str]) -> list[str]:
    """The command line with the sweep's name for Hydra, which hands it on to every process of a launcher."""
    word = f"++hydra.job.env_set.{SWEEP}='{sweep_name(command)}'"
    # beside another override: hydra's parser wants options before or after all of them
    place = next((i for i, w in enumerate(command) if "=" in w and not w.startswith("-")), len(command))
    return [*command[:place], word, *command[place:]]


class JobList(Callback):
    """Writes sweep.json when a sweep starts: each job's number, overrides and folder."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Hydra calls this before the first job. What can't be composed Hydra itself tells a moment later."""
        from hydra.errors import HydraException
        from omegaconf.errors import OmegaConfBaseException

        folder = Path(config.hydra.sweep.dir)
        try:
            jobs = listed(config)
        except (HydraException, OmegaConfBaseException):
            return
        write_json(folder / SWEEP_FILE, {"jobs": jobs})
        BEGUN.append(folder)


def listed(config: DictConfig) -> list[dict[str, Any]]:
    """The jobs of a sweep as Hydra's own sweeper will number them, each with its folder below that of the sweep."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.core.override_parser.overrides_parser import OverridesParser

    loader = GlobalHydra.instance().config_loader()
    words: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    swept = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    parsed = OverridesParser.create(config_loader=loader).parse_overrides([*swept, *words])
    (batch,) = BasicSweeper.split_arguments(parsed, None)
    jobs = []
    before = HydraConfig.instance().cfg
    for number, overrides in enumerate(batch):
        composed = loader.load_sweep_config(config, overrides)
        HydraConfig.instance().set_config(composed)  # what `${hydra:...}` reads
        jobs.append({"number": number, "overrides": overrides, "folder": str(composed.hydra.sweep.subdir)})
    HydraConfig.instance().cfg = before
    return jobs


def exit_code(folder: Path) -> int:
    """How many jobs of a sweep are not done, at most `MOST`: by what lies on disk, whichever process ran them."""
    return min(sum(job.state != "done" for job in states(folder)), MOST)
