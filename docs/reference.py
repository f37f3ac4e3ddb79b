"""The pages of the reference: every command's --help, every choice and key of conf/, every room's docstrings."""

import contextlib
import html
import io
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from reasoning_occ import help
from reasoning_occ.__main__ import COMMANDS
from reasoning_occ.config import CONF, PACKAGE

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[\w./@]+):(?: +(?P<value>[^#\s].*?))?(?: +# ?(?P<comment>.*))?$")
_BROUGHT = re.compile(r"^ *- (?:override )?/?([\w./@]+)(?:: +([^#\s]+))?(?: +# (.*))?$", re.MULTILINE)
_FLOW = re.compile(r"^defaults: \[(.*)\]$", re.MULTILINE)


class Key(NamedTuple):
    """A key of a file of conf/, dotted, with its value and comment as they are written there."""

    name: str
    value: str
    comment: str


@cache
def pages() -> dict[str, Callable[[], str]]:
    """What makes each page, by its name in the site."""
    rooms = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
    return {
        "reference/commands.md": commands,
        "reference/config.md": configuration,
        **{f"reference/conf-{name}.md": partial(group, name) for name in groups()},
        "reference/jobs.md": partial(room, "Jobs and commands", sorted(PACKAGE.glob("[a-z]*.py"))),
        **{f"reference/{path.name}.md": partial(room, path.name, [path]) for path in rooms},
    }


def title(page: str) -> str:
    """What the navigation calls a page."""
    name = Path(page).stem
    named = {"commands": "Commands", "config": "conf/config.yaml", "jobs": "Jobs and commands"}
    return f"{name.removeprefix('conf-')}=" if name.startswith("conf-") else named.get(name, f"reasoning_occ.{name}")


def groups() -> list[str]:
    """The groups of conf/."""
    return sorted(folder.name for folder in CONF.iterdir() if any(folder.glob("*.yaml")))


def commands() -> str:
    """Every command with its --help."""
    parts = ["# Commands\n\n`python -m reasoning_occ` lists them. Each has `--help`, which is what stands here.\n"]
    for command, line in COMMANDS.items():
        module = command.split()[2]
        parts.append(f"## {module}\n\n{line[0].upper()}{line[1:]}.\n\n````text\n{help_of(module)}\n````\n")
    return "\n".join(parts)


def help_of(module: str) -> str:
    """What `python -m MODULE --help` prints."""
    if module == "reasoning_occ.run":
        return help.EXAMPLES + "\nChoices and keys are on the pages of conf/ here.\n"
    words, environment, told = sys.argv, dict(os.environ), io.StringIO()
    sys.argv = [module, "--help"]
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1"}
    try:
        with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sys.argv = words
        os.environ.clear()
        os.environ.update(environment)
    return told.getvalue().strip()


def configuration() -> str:
    """Every key of config.yaml, and the groups."""
    text = (CONF / "config.yaml").read_text(encoding="utf-8")
    chosen = {one.name: one for one in brought(text)}
    lines = [
        "# Configuration",
        "",
        *opening(text),
        "Every job is these keys, with one file of each group put in. Change any with `key=value` on the command line, "
        "choose a file with `group=name`, and see all of it with `python -m reasoning_occ.run --cfg job`.",
        "",
        "## Groups",
        "",
        "| group | without a word | choices | |",
        "|---|---|---|---|",
    ]
    for name in groups():
        there = ", ".join(f"[`{file.stem}`](conf-{name}.md#{file.stem})" for file in files(name))
        default, comment = chosen[name].value or "none", escaped(chosen[name].comment)
        lines.append(f"| [`{name}=`](conf-{name}.md) | `{default}` | {there} | {comment} |")
    return "\n".join([*lines, "", "## Keys", "", *table(keys(text)), ""])


def group(name: str) -> str:
    """Every choice of a group, with what it sets."""
    default = help.defaults().get(name)
    parts = [f"# {name}=\n", f"Files of `conf/{name}/`. Without a word: `{default or 'none'}`.\n"]
    for file in files(name):
        text = file.read_text(encoding="utf-8")
        filled = help.filled(name, file.stem)
        prefix = "" if filled == "_global_" else f"{filled}."
        parts += [f"## {file.stem} {{ #{file.stem} }}\n", *opening(text), taken(text)]
        rows = [key._replace(name=prefix + key.name) for key in keys(text)]
        parts += ["\n".join(table(rows)) + "\n"] if rows else []
    return "\n".join(parts)


def files(name: str) -> list[Path]:
    """The choices of a group."""
    return sorted((CONF / name).glob("*.yaml"))


def opening(text: str) -> Iterator[str]:
    """A file's opening comment as paragraphs; its indented lines are commands."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            lines.append(line[1:].removeprefix(" "))
    for is_command, part in _runs(lines):
        yield f"```bash\n{part}\n```\n" if is_command else f"{escaped(part)}\n"


def _runs(lines: list[str]) -> Iterator[tuple[bool, str]]:
    from itertools import groupby

    for is_command, part in groupby(lines, lambda line: line.startswith("  ")):
        yield is_command, ("\n" if is_command else " ").join(line.strip() for line in part)


def brought(text: str) -> list[Key]:
    """What a file's list of defaults names: other choices, or files that it begins with."""
    lines = [found.groups(default="") for found in _BROUGHT.finditer(text)]
    named = [Key(name, "" if value == "null" else value, comment) for name, value, comment in lines]
    flow = [Key(name.strip(), "", "") for part in _FLOW.findall(text) for name in part.split(",")]
    return [one for one in [*named, *flow] if one.name != "_self_"]


def taken(text: str) -> str:
    """The same as a sentence."""
    told = [
        f"`{one.name}{'=' * bool(one.value)}{one.value}`" + (f" ({escaped(one.comment)})" if one.comment else "")
        for one in brought(text)
    ]
    return f"Brings {', '.join(told)}.\n" if told else ""


def keys(text: str) -> list[Key]:
    """The keys of a file of conf/ that have values, in its order.

    A comment belongs to the key before it where it goes on below that key's own comment, else to the key after it.
    """
    found: list[Key] = []
    above: list[tuple[int, str]] = []  # indent and name of the keys that the next one may lie under
    waiting: list[str] = []  # comments on the key that comes
    column = -1  # at which the last key's comment began
    for line in text.splitlines():
        bare, indent = line.strip(), len(line) - len(line.lstrip())
        if not bare or bare.startswith("- "):
            waiting = []
        elif bare.startswith("#"):
            said = bare[1:].strip()
            if found and indent == column:
                found[-1] = found[-1]._replace(comment=f"{found[-1].comment} {said}")
            elif indent or above:
                waiting.append(said)
        elif match := _KEY.match(line):
            above = [(i, name) for i, name in above if i < indent] + [(indent, match["key"])]
            comment = " ".join([*waiting, match["comment"] or ""]).strip()
            column = match.start("comment") - 2 if match["comment"] is not None else -1
            waiting = []
            name = ".".join(name for _, name in above)
            if name != "defaults" and (match["value"] or comment):
                found.append(Key(name, match["value"] or "", comment))
    return found


def table(rows: list[Key]) -> list[str]:
    """Keys as a table of Markdown."""
    lines = ["| key | value | |", "|---|---|---|"]
    for key in rows:
        value = f"`{key.value}`".replace("|", "\\|") if key.value else ""
        lines.append(f"| `{key.name}` | {value} | {escaped(key.comment)} |")
    return lines


def escaped(text: str) -> str:
    """Plain words for Markdown: what is between backticks stays code."""
    parts = re.split(r"(`[^`]*`)", text)
    plain = [re.sub(r"([*_|\[\]])", r"\\\1", html.escape(part, quote=False)) for part in parts[::2]]
    code = [part.replace("|", "\\|") for part in parts[1::2]]
    return "".join(piece for pair in zip(plain, [*code, ""], strict=True) for piece in pair)


def room(name: str, paths: list[Path]) -> str:
    """The docstrings of a room, or of several files."""
    dotted = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    parts = [f"::: {module}" for module in dotted if not module.endswith(("__init__", "__main__"))]
    return "\n\n".join([f"# {name}", *parts]) + "\n"
