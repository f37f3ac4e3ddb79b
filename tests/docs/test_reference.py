"""The reference says all that conf/ says: every choice, every key with its value, every word of its comments."""

import re
from functools import cache

import pytest
import reference
from omegaconf import OmegaConf

from reasoning_occ import help
from reasoning_occ.config import CONF

FILES = [CONF / "config.yaml", *(file for file in sorted(CONF.rglob("*.yaml")) if file.parent != CONF)]


@cache
def group(name) -> str:
    return reference.group(name)


def page(file) -> str:
    """The part of the reference about a file."""
    if file.parent == CONF:
        return reference.configuration()
    whole = group(file.parent.name)
    return re.search(rf"^## {file.stem} .*?(?=^## |\Z)", whole, re.MULTILINE | re.DOTALL)[0]


def leaves(values, prefix):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}={file.stem}")
def test_every_key_is_there_with_its_comment(file):
    told = page(file)
    shown = re.findall(r"^\| `([^`]+)` \|", told, re.MULTILINE)
    whole = OmegaConf.to_container(OmegaConf.load(file))
    values = {key: value for key, value in whole.items() if key != "defaults"} if isinstance(whole, dict) else {}
    filled = "_global_" if file.parent == CONF else help.filled(file.parent.name, file.stem)
    prefix = "" if filled == "_global_" else f"{filled}."
    for leaf in leaves(values, prefix):  # a mapping on one line is one row
        assert any(leaf == row or leaf.startswith(f"{row}.") for row in shown), leaf
    text = file.read_text(encoding="utf-8")
    comments = [line for line in re.findall(r"(?:^|\s)# ?(.*)$", text, re.MULTILINE) if "@package" not in line]
    said = re.sub(r"\\(?=[*_|\[\]])|&\w+;|[<>&]", "", told)
    missing = {word for line in comments for word in line.split() if re.sub(r"[<>&]", "", word) not in said}
    assert not missing


def test_every_choice_is_on_the_page_of_groups():
    told = reference.configuration()
    for file in FILES[1:]:
        assert f"[`{file.stem}`](conf-{file.parent.name}.md#{file.stem})" in told


def test_a_comment_goes_with_its_key():
    text = (
        "a: 1        # one\n            # and more\nb:          # a block\n  # of c\n  c: {d: 2}\n  e: x: y   # last\n"
    )
    assert reference.keys(text) == [
        ("a", "1", "one and more"),
        ("b", "", "a block"),
        ("b.c", "{d: 2}", "of c"),
        ("b.e", "x: y", "last"),
    ]


def test_words_stay_words_and_code_stays_code():
    assert reference.escaped("a <b> title_* `x_* | y` [z]") == r"a &lt;b&gt; title\_\* `x_* \| y` \[z\]"


def test_commands_tell_their_options():
    told = reference.commands()
    for word in ("--what-if", "--label-template", "--no-count", "--write-expected", "reasoning_occ.run"):
        assert word in told
