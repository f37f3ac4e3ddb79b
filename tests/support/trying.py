"""Trying what README and docs tell a reader to type.

A command is executed in a folder that has what the pages speak of; a job with few people and a tiny random model
(`trying_jobs`). Where a language model elsewhere or W&B is asked, a server on loopback answers. What can't be tried
stands in `LISTED`, with its reason. Of `make bench` only the options are read (15 to 40 minutes), of a command that a
sentence names without words only the help; that an extra exists is read in pyproject.toml.
"""

import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn
from unittest.mock import patch
from urllib.request import urlopen

import page_command
import trying_jobs
import wandb_server
from official_files import official
from provider_server import Fake, running
from snippets import ROOT, words
from trying_jobs import Refused

LISTED = {
    "git clone": "a network and the repository's address; tests/docs/test_three_commands.py clones a folder",
    "cd": "a shell's own",
    "make test": "this is part of it",
    "make docs": "tests/docs/test_site.py builds them",
    "wandb sweep experiments/sweeps/learning.yaml": "an account; tests/experiments reads it as the agent does",
    "wandb agent": "an account there",
    "pip install --no-deps hydra-ray-launcher ray": "240 MB; tests/run/test_sweeps.py where it is installed",
    "pip install msgpack": "belongs to the line before",
}
"""Beginnings of commands that are not tried, with the reason."""
_SLOW = ("linear", "gru4rec", "sasrec", "bert4rec", "nemo", "career", "hierarchical_attention")
SMALLER = {
    "experiments.tune_baselines": ("data.people=200", *(f"~tuning.{name}" for name in _SLOW)),
    "experiments.claims": ("--against", "joint"),  # the sweep that stands for its jobs has no gru4rec
}
"""What makes a command that takes long a short one."""


ALONE = ("reasoning_occ", "reasoning_occ.language.show", "experiments.bench.attention_check")
"""Commands that do their work without words."""


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
            return trying_jobs.job(options)
        case ["python", "-m", module]:
            return _named(module)
        case ["python", "-m", module, *options]:
            return _WAYS.get(module, _executed)(module, options)
        case ["python", script, *options] if script.startswith("experiments/"):
            return _executed(script.removesuffix(".py").replace("/", "."), options)
    raise Refused(f"nobody knows how to try '{spoken}': give it a way in tests/support/trying.py")


def _make(target: str, arguments: list[str]) -> str:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    if not re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE):
        raise Refused(f"the Makefile has no target '{target}'")
    given = dict(word.split("=", 1) for word in arguments)
    if given.keys() - {"ARGS"}:
        raise Refused(f"make {target} takes ARGS=..., not {', '.join(given)}")
    options = shlex.split(given.get("ARGS", ""))
    return trying_jobs.job(options) if target == "run" else _read("experiments.bench", options)


def _installed(what: str) -> str:
    name, _, extra = what.rstrip("]").partition("[")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if name != "." or extra not in extras:
        raise Refused(f"pyproject.toml has no extra '{extra}'")
    return "there is such an extra"


def _named(module: str) -> str:
    """A command that needs no words, or that a sentence only names."""
    if module == "reasoning_occ.app":
        return _page(module, [])
    return _executed(module, []) if module in ALONE else _read(module, [])


def _executed(module: str, options: list[str]) -> str:
    if options[-2:] == ["--engine", "ray"] and find_spec("ray") is None:
        return _read(module, options)
    code = _main(module, [*options, *SMALLER.get(module, ())])
    if code:
        raise Refused(f"{module} {' '.join(options)} ended with {code}")
    return "executed"


def _planned(module: str, options: list[str]) -> str:
    """What would be asked, counted by a server on loopback."""
    with running(Fake()) as fake:
        here = [f"{word.partition('=')[0]}.base_url={fake.url}" for word in options if word.endswith("=anthropic")]
        return _executed(module, [*options, *here])


def _crosswalk(module: str, options: list[str]) -> str:
    """From small files in the official layout."""
    here = official(Path.cwd())
    files = dict(zip(here[::2], here[1::2], strict=True))
    if "FILE" not in options:
        return _executed(module, options)
    names = options[::2]
    return _executed(module, [word for name in names for word in (name, files[name])])


def _page(module: str, options: list[str]) -> str:
    """The page, opened."""
    if find_spec("gradio") is None:
        return _read(module, options)
    try:
        with TemporaryDirectory() as scratch, page_command.command(scratch, *options) as page:
            assert urlopen(page.address, timeout=60).status == 200
    except AssertionError as error:
        raise Refused(f"{module} {' '.join(options)}: {error}") from error
    return "opened"


def _dashboard(module: str, options: list[str]) -> str:
    """Saved on a server on loopback, or printed."""
    if "--print" in options or find_spec("wandb_workspaces") is None:
        return _executed(module, options) if "--print" in options else _read(module, options)
    entity, _, project = options[0].partition("/")
    with TemporaryDirectory() as home, wandb_server.serving(wandb_server.Fake((project,), entity)) as fake:
        login = {"WANDB_MODE": "online", "WANDB_API_KEY": wandb_server.KEY, "WANDB_BASE_URL": fake.url, "HOME": home}
        done = subprocess.run(
            [sys.executable, "-m", module, *options], env=os.environ | login, capture_output=True, text=True,
            timeout=200, check=False,
        )  # fmt: skip
    if done.returncode:
        raise Refused(f"{module} {' '.join(options)} ended with {done.returncode}: {done.stderr}")
    return "saved on a server"


_WAYS: dict[str, Callable[[str, list[str]], str]] = {
    "reasoning_occ.plan": _planned,
    "reasoning_occ.app": _page,
    "reasoning_occ.crosswalk": _crosswalk,
    "reasoning_occ.dashboard": _dashboard,
}


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
