"""Prompts: files in `prompts/`, in which a field without a value, or a value without a field, is an error."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "prompts"
_FIELD = re.compile(r"\{\{(\w+)\}\}")
_PARTS = re.compile(r"# system\n(?P<system>.+?)\n# user\n(?P<user>.+)", re.DOTALL)
# only what opens like a tag or a special token is broken: "< 5 years" stays as it is
_TAG = re.compile(r"[<\uff1c](?=[|\uff5c/!\w])|\[(?=/?[A-Z]+\])")
# so that a text repeated by a judge is never read as its verdict
_BRACES = str.maketrans("{}", "()")
LONGEST = 20_000
"""Characters of one data block; a history of real life has a few thousand."""


class Rendered(NamedTuple):
    """A prompt ready to be sent."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with fields, written `{{name}}`."""

    name: str
    system: str
    user: str

    @property
    def fields(self) -> frozenset[str]:
        """Names of all fields."""
        return frozenset(_FIELD.findall(self.system + self.user))

    def render(self, **values: str) -> Rendered:
        """Fill every field.

        Raises:
            ValueError: a field has no value, or a value no field.
        """
        if self.fields != set(values):
            missing, unused = sorted(self.fields - set(values)), sorted(set(values) - self.fields)
            raise ValueError(f"prompt {self.name}: no value for {missing}, no field for {unused}")

        # in one pass, so that braces inside a value are never taken for a field
        def fill(text: str) -> str:
            return _FIELD.sub(lambda field: values[field.group(1)], text).strip()

        return Rendered(fill(self.system), fill(self.user))


@cache
def template(name: str) -> Template:
    """The prompt of a file `prompts/NAME.md`.

    Raises:
        ValueError: the file does not have its two parts.
    """
    found = _PARTS.fullmatch((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"prompts/{name}.md: expected '# system' and '# user'")
    return Template(name, found["system"], found["user"])


def data(text: str) -> str:
    """Text of a career or a reason as data: nothing in it can end its block, hide, or reorder what stands around it.

    Control, format and private characters go (line ends stay), tags and marks such as [INST] are broken, braces become
    parentheses, and what is longer than `LONGEST` is cut, visibly.
    """
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    broken = _TAG.sub(lambda mark: f"{mark.group()} ", kept).translate(_BRACES)
    return broken if len(broken) <= LONGEST else f"{broken[:LONGEST]} [cut: {len(broken) - LONGEST} characters more]"
