"""The site is built without a warning, needs nothing of another site, and shows formulas."""

import os
import re
import subprocess
import sys

import links
import pytest
import reference
import snippets

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for name in ("mkdocs", "material", "mkdocstrings", "latex2mathml"):
        pytest.importorskip(name, reason="needs pip install 'reasoning-occ[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=snippets.ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr and "ERROR" not in done.stderr
    return folder


def test_every_page_is_there(site):
    pages = {page.relative_to(snippets.ROOT / "docs").as_posix() for page in snippets.PAGES[1:]}
    for page in pages | set(links.COPIED) | set(reference.pages()):
        html = (site / page).with_suffix(".html").read_text(encoding="utf-8")
        assert "<h1" in html, page
        assert "```" not in html and "$`" not in html, f"{page}: Markdown that was not read"
    assert not list(site.rglob("*.py"))


def test_nothing_is_loaded_from_elsewhere(site):
    for file in site.rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        loaded = re.findall(
            r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*?(?:src|href)=\"?(?:https?:)?//[^\"> ]+", html
        )
        assert not loaded, file
    for file in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", file.read_text(encoding="utf-8")), file


def test_formulas_are_drawn_by_the_browser(site):
    html = (site / "method.html").read_text(encoding="utf-8")
    source = (snippets.ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    assert html.count('display="block"') == source.count("```math")
    assert html.count('display="inline"') == source.count("$`")
    assert not re.findall(
        r"</p>\s*<span><math|<math[^>]*display=\"inline\"[^>]*>(?:(?!</math>).)*</p>", html, re.DOTALL
    )


def test_docstrings_are_on_their_pages(site):
    html = (site / "reference" / "training.html").read_text(encoding="utf-8")
    assert "reasoning_occ.training.loss.segment_losses" in html and "cross-entropy" in html
