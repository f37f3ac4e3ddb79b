"""Jobs that README and docs tell a reader to run: composed, checked, and run with few people and a tiny random model.

A job of official files runs where `REASONING_OCC_DATA` says where they lie, one of several devices in processes on the
CPU, and one that asks a model elsewhere asks a server on loopback. Of a sweep one seed is run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from provider_server import Fake, running

OFFICIAL = os.environ.get("REASONING_OCC_DATA")
"""Where data sets and taxonomies lie, as a reader says it; `None`: nowhere."""
SMALL = ("evaluation.resamples=10", "inference.samples=2", "trainer.max_steps=2", "oracle.max_unscored=1")
"""What a random model writes nobody can score."""


class Refused(Exception):
    """A command that a reader could not type: says why."""


def job(options: list[str]) -> str:
    """Compose every job of a command line of `run`, hold it to the checks before its start, and run it in small.

    Raises:
        Refused: a reader could not type it.
    """
    from hydra._internal.utils import get_args_parser
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from reasoning_occ.complaint import sentence
    from reasoning_occ.errors import UserError

    try:
        flags = sorted(options, key=lambda word: word not in ("-m", "--multirun"))
        read = get_args_parser().parse_args(flags)
    except SystemExit as error:
        raise Refused(f"'{' '.join(options)}': no options of reasoning_occ.run") from error
    try:
        each = list(_sweep(read.overrides)) if read.multirun else [read.overrides]
        seen: set[tuple[str, ...]] = set()
        done = set()
        for overrides in each:
            but_seed = tuple(word for word in overrides if not word.startswith("seed="))
            done.add(_tried(overrides, run=not read.cfg and but_seed not in seen))
            seen.add(but_seed)
    except (HydraException, OmegaConfBaseException, UserError) as error:
        raise Refused(sentence(error)) from error
    return ", ".join(sorted(done))


def _sweep(overrides: list[str]) -> Iterator[list[str]]:
    from hydra import compose
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parser = OverridesParser.create()
    fixed = [
        word
        for word, one in zip(overrides, parser.parse_overrides(overrides), strict=True)
        if not one.is_sweep_override()
    ]
    with _configuration():
        whole = compose("config", fixed, return_hydra_config=True)
    swept = [f"{key}={value}" for key, value in (whole.hydra.sweeper.params or {}).items()]
    yield from BasicSweeper.split_arguments(parser.parse_overrides([*swept, *overrides]), None)[0]


def _configuration() -> Any:
    from hydra import initialize_config_dir

    from reasoning_occ.config import CONF

    return initialize_config_dir(str(CONF), version_base="1.3")


def _tried(overrides: list[str], run: bool) -> str:
    from hydra import compose
    from omegaconf import OmegaConf

    from reasoning_occ import job  # noqa: F401  (registers what names runs)
    from reasoning_occ.check import check, one_recommender

    with _configuration():
        cfg = compose("config", overrides)
        one_recommender(overrides)
        OmegaConf.update(cfg, "model.tiny", True)  # weights that pages speak of are not here
        check(cfg)
        if not run or not _can_run(cfg):
            return "composed"
        more = _smaller(cfg, overrides)
        if cfg.trainer.devices > 1:
            return _run_apart([*overrides, *more, "trainer.devices=2"])
        small = compose("config", [*overrides, *more])
        if not _asked(cfg):
            _run(small)
            return "run"
        with running(Fake(say=_say)) as fake:
            _ask_here(small, fake.url)
            _run(small)
        return "run with a server"


def _smaller(cfg: Any, overrides: list[str]) -> Iterator[str]:
    """What makes a job a small one."""
    if not any(word.startswith("debug=") for word in overrides):
        yield "debug=tiny"
    if cfg.data.name in ("nls", "nlsy97"):
        yield "data.people=60"
    if cfg.trainer.get("compile") == "always":
        yield "trainer.compile=never"
    if cfg.trainer.get("lora"):
        yield "trainer.lora.last_layers=null"  # a tiny model has two
    yield from SMALL


def _can_run(cfg: Any) -> bool:
    """Whether all that a job needs is on this machine: data, files, libraries."""
    official = cfg.data.name == "nlsy97" or cfg.data.get("taxonomy") == "onet"
    return (OFFICIAL is not None or not official) and (cfg.trainer.sharding != "zero2" or bool(find_spec("deepspeed")))


def _asked(cfg: Any) -> bool:
    """Whether the job asks a model elsewhere."""
    from reasoning_occ.asking import asks_others
    from reasoning_occ.config import asks, learns_reasons

    return asks(cfg) or (learns_reasons(cfg) and (asks_others(cfg.teacher) or asks_others(cfg.judge)))


def _say(prompt: str) -> str:
    """A reason for a teacher's prompt, a verdict for a judge's, a title for a recommender's."""
    if "Write the reason." in prompt:
        return "They went from one kind of work to another, and may go on to more of it or back."
    return json.dumps({"justification": "Fine.", "errors": [], "score": 4, "title": "Sales, trade"})


def _ask_here(node: Any, url: str) -> None:
    """Let all that asks, ask this server, little and without waiting."""
    from omegaconf import DictConfig

    if not isinstance(node, DictConfig):
        return
    for key in node:
        if key == "base_url":
            node.base_url = f"{url}/v1" if "openai" in str(node.get("_target_", "")).lower() else url
        elif key == "candidates" and "base_url" in node:
            node.candidates = min(2, node.candidates)
        elif key == "interval":
            node.interval = 0.2
        else:
            _ask_here(node._get_node(key), url)


def _run(cfg: Any) -> None:
    from omegaconf import OmegaConf

    from reasoning_occ.experiment import run_job

    folder = _folder()
    (folder / ".hydra").mkdir()
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
    run_job(cfg, folder)
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def _run_apart(words: list[str]) -> str:
    """In processes of its own, on the CPU."""
    folder = _folder()
    done = subprocess.run(
        [sys.executable, "-m", "reasoning_occ.run", *words, f"output={folder.resolve()}", "threads=1"],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""}, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Refused(done.stderr)
    (metrics,) = folder.glob("*/metrics.json")
    assert json.loads(metrics.read_text(encoding="utf-8"))
    return "run on several devices"


def _folder() -> Path:
    """A new one."""
    folder = Path("tried") / str(len(list(Path("tried").glob("*"))))
    folder.mkdir(parents=True)
    return folder
