"""What mkdocs is told besides mkdocs.yml: pages made from what is written elsewhere, links into the code, formulas.

The front page is README.md, measurements are the pages in experiments/, the reference is read from conf/, docstrings
and --help. So nothing stands in two places.
"""

import re
from pathlib import Path
from typing import Any

import links
import reference

ROOT = Path(__file__).resolve().parents[1]
_FENCED_FORMULA = re.compile(r"^```math\n(.+?)\n```$", re.MULTILINE | re.DOTALL)
_INLINE_FORMULA = re.compile(r"\$`([^`]+)`\$")


def on_config(config: Any) -> Any:
    """Add the sections whose pages are made here to the navigation."""
    pages = [{reference.title(page): page} for page in reference.pages()]
    measured = [{title: page} for page, (_, title) in links.COPIED.items() if page.startswith("experiments/")]
    config.nav[-1]["Measured"].extend(measured)
    config.nav.append({"Reference": pages})
    config.nav.append({"Project": [{"Contributing": "contributing.md"}, {"Changes": "changelog.md"}]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made, and the pictures of pages that are copied."""
    from mkdocs.structure.files import File

    for page, (source, _) in links.COPIED.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for page, source in links.PICTURES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    for page, make in reference.pages().items():
        files.append(File.generated(config, page, content=make()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links as they hold in the repository become links of the site; LaTeX becomes MathML, which browsers draw."""
    source = page.file.src_uri
    if source not in reference.pages():
        markdown = links.for_site(markdown, source)
    markdown = _FENCED_FORMULA.sub(lambda found: f"\n{_formula(found[1], 'block')}\n", markdown)
    # within a span: Markdown takes a line that begins with a formula for a block of its own
    return _INLINE_FORMULA.sub(lambda found: f"<span>{_formula(found[1], 'inline')}</span>", markdown)


def _formula(latex: str, display: str) -> str:
    from latex2mathml.converter import convert

    return convert(latex, display=display).replace("\n", "")
