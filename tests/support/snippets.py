"""What README and docs tell a reader to type: fenced blocks of their pages, and commands in blocks and sentences."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LANGUAGES = ("bash", "python", "json", "math", "text")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s+# .*$")
_TYPED = re.compile(r"`((?:\.venv/bin/)?python |make |\.\.\. |-m |wandb |pip )([^`]+)`")


class Snippet(NamedTuple):
    """A fenced block."""

    page: str
    line: int
    language: str
    text: str


class Command(NamedTuple):
    """What is typed, on one line, in a block or within a sentence or table."""

    page: str
    line: int
    text: str


def blocks(page: Path) -> Iterator[Snippet]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Snippet(_name(page), text[: found.start()].count("\n") + 1, found[1], found[2])


def commands(page: Path) -> Iterator[Command]:
    """What a page says to type: each line of its bash blocks, and code in its sentences and tables that begins so."""
    for block in blocks(page):
        if block.language == "bash":
            for line in block.text.replace("\\\n", " ").splitlines():
                for part in _COMMENT.sub("", line).split(" && "):
                    yield Command(block.page, block.line, part.strip())
    text = page.read_text(encoding="utf-8")
    prose = _FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in _TYPED.finditer(prose):
        line = prose[: found.start()].count("\n") + 1
        yield Command(_name(page), line, " ".join((found[1] + found[2]).split()))


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def words(text: str) -> list[str]:
    """A command's words as a shell gives them; `... method=direct` goes on a `python -m reasoning_occ.run`."""
    plain = text.removeprefix(".venv/bin/")
    if plain.startswith("... "):
        plain = f"python -m reasoning_occ.run {plain.removeprefix('... ')}"
    elif plain.startswith("-m "):
        plain = f"python -m reasoning_occ.run {plain}"
    return shlex.split(plain, comments=True)
