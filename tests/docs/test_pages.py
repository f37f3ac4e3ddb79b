"""Links between pages and into the repository hold, options named in sentences exist, and the front page stays one."""

import re
from functools import cache
from pathlib import Path

import links
import pytest
import snippets
from omegaconf import OmegaConf

from reasoning_occ import help
from reasoning_occ.config import CONF

ROOT = snippets.ROOT
PAGES = [*snippets.PAGES, *(ROOT / source for source, _ in links.COPIED.values() if source != "README.md")]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"`([a-z][\w./]*)=([^`\s]*)`")
NOT_OPTIONS = {"run", "runs", "port", "reasons", "key", "group"}
"""Words before a `=` in sentences that are none of `reasoning_occ.run`: of another command, or any."""


def text(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as both GitHub and mkdocs make them of plain words."""
    heads = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    source = page.relative_to(ROOT).as_posix()
    for shown, target in links.LINK.findall(text(page)):
        if not links.is_relative(target):
            if target.startswith("#"):
                assert target[1:] in anchors(page), target
            continue
        path, anchor = links.resolved(source, target)
        assert (ROOT / path).exists(), f"{source}: {target}"
        if anchor:
            assert anchor in anchors(ROOT / path), f"{source}: {target}"
        if shown.startswith("!") and page in snippets.PAGES:
            assert len(shown) > 40, f"{source}: {target} needs words for those who can't see it"


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert {page.relative_to(ROOT / "docs").as_posix() for page in snippets.PAGES[1:]} == listed - {"index.md"}


@cache
def known_keys() -> set[str]:
    """Every key that any file of conf/ sets, dotted."""

    def walk(values, prefix):
        for key, value in values.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from walk(value, f"{prefix}{key}.")

    found: set[str] = set()
    for file in CONF.rglob("*.yaml"):
        group = file.parent.name if file.parent != CONF else None
        filled = "_global_" if group is None else help.filled(group, file.stem)
        values = OmegaConf.to_container(OmegaConf.load(file))
        found |= set(walk(values, "" if filled == "_global_" else f"{filled}."))
    return found


@pytest.mark.parametrize("page", snippets.PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_options_named_in_sentences_exist(page):
    keys, groups = known_keys(), {folder.name for folder in CONF.iterdir() if folder.is_dir()}
    for key, value in OPTION.findall(text(page)):
        if key in groups:
            names = {file.stem for file in CONF.glob(f"{key}/*.yaml")}
            # `mistakes_N`: any of several
            assert not value or value.rstrip(".") in names | {"null", "NAME"}, f"{key}={value}"
        elif key not in NOT_OPTIONS and "/" not in key:
            assert key in keys, f"{page.name}: {key}={value}"


def test_the_front_page_is_one():
    lines = snippets.PAGES[0].read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 170
    typed = [command.text for command in snippets.commands(snippets.PAGES[0])]
    assert [text.split()[:2] for text in typed[:4]] == [
        ["git", "clone"], ["cd", "reasoning_occ"], ["make", "run"], [".venv/bin/python", "-m"],
    ]  # fmt: skip
    assert typed[4:6] == ["make run", "make test"]
    assert [line for line in lines if "claims -->" in line] == ["<!-- claims -->", "<!-- end of claims -->"]


def test_links_of_the_repository_become_those_of_the_site():
    written = (
        "[a](how-to/sweeps.md#x) [b](../README.md) [c](../conf/judge/rubric.yaml) [d](../Makefile) ![e](images/p.svg)"
    )
    site = "[a](how-to/sweeps.md#x) [b](index.md) [c](reference/conf-judge.md#rubric) d ![e](images/p.svg)"
    assert links.for_site(written, "results.md") == site
    fenced = "```text\n[r](../../docs/paper.md)\n```"
    copied = links.for_site(f"[r](../../docs/paper.md)\n{fenced}", "experiments/bench.md")
    assert copied == f"[r](../paper.md)\n{fenced}"
