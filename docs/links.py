"""Links between pages: in docs/ they are written as they hold in the repository, and the site needs its own."""

import posixpath
import re
from collections.abc import Callable
from pathlib import PurePosixPath

COPIED = {
    "index.md": ("README.md", "Start"),
    "contributing.md": ("CONTRIBUTING.md", "Contributing"),
    "changelog.md": ("CHANGELOG.md", "Changes"),
    "experiments/methods.md": ("experiments/methods/README.md", "Every method on one sample"),
    "experiments/claims.md": ("experiments/claims/README.md", "The paper's claims"),
    "experiments/claim-a.md": ("experiments/claims/a_on_a_par/README.md", "(a) On a par"),
    "experiments/claim-b.md": ("experiments/claims/b_one_model/README.md", "(b) One model"),
    "experiments/claim-c.md": ("experiments/claims/c_reason_quality/README.md", "(c) Quality of reasons"),
    "experiments/claims-log.md": ("experiments/claims/LOG.md", "Every trial"),
    "experiments/bench.md": ("experiments/bench/README.md", "Speed"),
    "experiments/sequence-check.md": ("experiments/bench/sequence_check.md", "Beside RecBole and BERT"),
}
"""A page of the site: the file that it is a copy of, and its title."""
PICTURES = {"experiments/results.svg": "experiments/bench/results.svg"}
"""A picture of the site: the file that it is a copy of."""

LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^()\s]+)\)")
"""A link or picture of Markdown: its text in brackets, and where it leads."""
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_PAGES = {source: page for page, (source, _) in COPIED.items()} | {source: page for page, source in PICTURES.items()}


def is_relative(target: str) -> bool:
    """Whether a link leads to another file of the repository."""
    return not re.match(r"[a-z]+:|#", target)


def repository_path(page: str) -> str:
    """The file of the repository that a page of the site is written in."""
    return COPIED[page][0] if page in COPIED else f"docs/{page}"


def resolved(source: str, target: str) -> tuple[str, str]:
    """The path in the repository to which a link in the file `source` leads, and the anchor in it ("" for none)."""
    path, _, anchor = target.partition("#")
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), path)), anchor


def for_site(markdown: str, page: str) -> str:
    """A page's text with its relative links made those of the site; outside fenced code."""
    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(_replacing(page), part) for part in parts)


def _replacing(page: str) -> "Callable[[re.Match[str]], str]":
    source = repository_path(page)

    def replace(found: re.Match[str]) -> str:
        text, target = found.groups()
        if not is_relative(target):
            return found[0]
        there = site_page(*resolved(source, target))
        if there is None:  # a file of the repository that the site has no page of: its name is told
            return text.lstrip("!")[1:-1]
        return f"{text}({posixpath.relpath(there, posixpath.dirname(page) or '.')})"

    return replace


def site_page(path: str, anchor: str) -> str | None:
    """The site's page (with its anchor) of a path of the repository; `None`: there is none."""
    parts = PurePosixPath(path).parts
    ending = f"#{anchor}" if anchor else ""
    if path in _PAGES:
        return _PAGES[path] + ending
    if parts[0] == "docs":
        return "/".join(parts[1:]) + ending
    if parts[0] == "conf" and len(parts) > 1:
        group = parts[1]
        if group.endswith(".yaml"):
            return "reference/config.md" if group == "config.yaml" else None
        return f"reference/conf-{group}.md" + (f"#{PurePosixPath(path).stem}" if len(parts) > 2 else "")
    if parts[0] == "reasoning_occ" and len(parts) > 2:
        return f"reference/{parts[1]}.md"
    return None
