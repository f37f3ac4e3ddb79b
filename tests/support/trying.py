"""Trying what README and docs tell a reader to type.

A command is executed in a folder that has what the pages speak of, a job with few people and a tiny random model; where
a language model elsewhere is asked, a server on loopback answers. A job that needs official files or several devices is
composed and held to every check that comes before its first second of work; the rest is read by its own parser of
options. What can't be tried at all stands in `LISTED`, with its reason.
"""

import json
import re
import runpy
import shlex
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from provider_server import Fake, running
from snippets import ROOT, words

LISTED = {
    "git clone": "a network and the repository's address",
    "cd": "a shell's own",
    "wandb sweep experiments/sweeps/learning.yaml": "an account; tests/experiments reads it as the agent does",
    "wandb agent": "an account there",
    "python experiments/planted_errors.py": "all of the survey, minutes; tests/reasons/test_planting.py",
    "python experiments/direction_trust.py": "all of the survey, a minute; takes no options",
    "pip install --no-deps hydra-ray-launcher ray": "240 MB; tests/run/test_sweeps.py where it is installed",
    "pip install msgpack": "belongs to the line before",
}
"""Beginnings of commands that are not tried, with the reason."""
READ = {
    "reasoning_occ.crosswalk": "official files; tests/run/test_crosswalk.py has small ones",
    "reasoning_occ.dashboard": "an account of W&B (with --print it is executed); tests/report has a server",
}
"""Commands of which only the options are read, with what they would need; so are those of experiments/ that are not in
`CHEAP`: they read sweeps of other data, or take long."""
CHEAP = (
    "experiments.methods",
    "experiments.reason_quality",
    "experiments.claims.within_person",
    "experiments.reason_use",
)
HERE = ("nls", "json", "json_resume", "table")
"""Data of which the reader's folder has some."""
SMALL = ("evaluation.resamples=10", "inference.samples=2", "trainer.max_steps=2", "oracle.max_unscored=1")
"""What a random model writes nobody can score."""


class Refused(Exception):
    """A command that a reader could not type: says why."""


class _Understood(Exception):
    """A parser took the options; nothing was done."""


def tried(text: str) -> str:
    """Try a command in the present folder, which has what pages speak of, and say how.

    Raises:
        Refused: a reader could not type it.
    """
    given = words(text)
    spoken = " ".join(given)
    for beginning in LISTED:
        if spoken == beginning or spoken.startswith(f"{beginning} "):
            return "listed"
    match given:
        case ["make", target, *arguments]:
            return _make(target, arguments)
        case ["pip", "install", "-e", what]:
            return _installed(what)
        case ["python", "-m", "reasoning_occ.run", *options] if not {"-h", "--help"} & set(options):
            return _job(options)
        case ["python", "-m", "reasoning_occ.plan", *options]:
            _read("reasoning_occ.plan", options)
            return _job([word for word in options if not word.startswith("-")], run=False)
        case ["python", "-m", "reasoning_occ.app", *options]:
            return _page(options)
        case ["python", "-m", module, *options]:
            only_read = _experiment(module, options) or (module in READ and "--print" not in options)
            only_read |= options[-2:] == ["--engine", "ray"]  # 240 MB; tests/recommend where it is installed
            return _read(module, options) if only_read else _executed(module, options)
        case ["python", script, *options] if script.startswith("experiments/"):
            module = script.removesuffix(".py").replace("/", ".")
            return _read(module, options) if _experiment(module, options) else _executed(module, options)
    raise Refused(f"nobody knows how to try '{spoken}': give it a way in tests/support/snippets.py")


def _experiment(module: str, options: list[str]) -> bool:
    """Whether it is a command of experiments/ that is only named, or takes long."""
    return module.startswith("experiments.") and (not options or module not in CHEAP)


def _make(target: str, arguments: list[str]) -> str:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    if not re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE):
        raise Refused(f"the Makefile has no target '{target}'")
    given = dict(word.split("=", 1) for word in arguments)
    if given.keys() - {"ARGS"}:
        raise Refused(f"make {target} takes ARGS=..., not {', '.join(given)}")
    options = shlex.split(given.get("ARGS", ""))
    return _job(options) if target == "run" else _read("experiments.bench", options)


def _installed(what: str) -> str:
    name, _, extra = what.rstrip("]").partition("[")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if name != "." or extra not in extras:
        raise Refused(f"pyproject.toml has no extra '{extra}'")
    return "there is such an extra"


def _job(options: list[str], run: bool = True) -> str:
    """Compose every job of a command line of `run` and hold it to the checks before its start; run what is cheap."""
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
        done = {_composed(overrides, run and not read.cfg) for overrides in each}
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


def _composed(overrides: list[str], run: bool) -> str:
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
        debug = [] if any(word.startswith("debug=") for word in overrides) else ["debug=tiny"]
        people = ["data.people=60"] if cfg.data.name == "nls" else []
        layers = ["trainer.lora.last_layers=null"] if cfg.trainer.get("lora") else []  # a tiny model has two
        small = compose("config", [*overrides, *debug, *people, *layers, *SMALL])
        if not _asked(cfg):
            _run(small)
            return "run"
        with running(Fake(say=_say)) as fake:
            _ask_here(small, fake.url)
            _run(small)
        return "run with a server"


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


def _can_run(cfg: Any) -> bool:
    """Whether all that a job needs is on this machine: data, files, devices."""
    files = cfg.data.get("taxonomy") in (None, "nls", "own")
    return cfg.data.name in HERE and files and cfg.trainer.devices == 1 and cfg.logger.kind == "csv"


def _run(cfg: Any) -> None:
    from omegaconf import OmegaConf

    from reasoning_occ.experiment import run_job

    folder = Path("tried") / str(len(list(Path("tried").glob("*"))))
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
    run_job(cfg, folder)
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def _executed(module: str, options: list[str]) -> str:
    code = _main(module, options)
    if code:
        raise Refused(f"{module} {' '.join(options)} ended with {code}")
    return "executed"


def _read(module: str, options: list[str]) -> str:
    """Give options to a command's own parser and stop there. A command that is only named must have its help."""
    with ExitStack() as patched:
        for name in ("parse_args", "parse_intermixed_args", "parse_known_args"):
            patched.enter_context(patch.object(ArgumentParser, name, _only(name, patched)))
        try:
            code = _main(module, options or ["--help"])
        except _Understood:
            return "options read"
    if not options and code == 0:
        return "named"
    raise Refused(f"{module} {' '.join(options)} ended with {code}")


def _only(name: str, patched: ExitStack) -> Callable[..., NoReturn]:
    """A parser's method as it is, after which nothing comes."""
    method = getattr(ArgumentParser, name)

    def parse(self: ArgumentParser, args: Any = None, namespace: Any = None) -> NoReturn:
        patched.close()  # the methods call each other
        method(self, args, namespace)
        raise _Understood

    return parse


def _page(options: list[str]) -> str:
    """The words of the page's command, without the page."""
    try:
        from reasoning_occ.app.__main__ import read

        read(options)
    except (ImportError, SystemExit) as error:
        raise Refused(f"reasoning_occ.app {' '.join(options)}: {error}") from error
    return "options read"


def _main(module: str, options: list[str]) -> Any:
    """What `python -m MODULE` exits with, run in this process."""
    try:
        with patch.object(sys, "argv", [module, *options]):
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code
    except ImportError as error:
        raise Refused(f"there is no {module} ({error})") from error
    return 0
