"""What a command measured, put where it belongs in a page: between two marks of its own."""

from collections.abc import Iterable
from pathlib import Path

README = Path(__file__).parent / "bench" / "README.md"
"""The page of the benchmarks."""


def put(page: Path, name: str, lines: Iterable[str]) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- end of name -->`; a page that is not there is made.

    Raises:
        ValueError: a page without these marks.
    """
    begin, end = marks(name)
    text = page.read_text(encoding="utf-8") if page.is_file() else f"{begin}\n{end}\n"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"{page}: expected {begin} and {end} once each")
    before, rest = text.split(begin)
    page.write_text("\n".join([f"{before}{begin}", *lines, f"{end}{rest.split(end)[1]}"]), encoding="utf-8")


def marks(name: str) -> tuple[str, str]:
    """The two marks of a name."""
    return f"<!-- {name} -->", f"<!-- end of {name} -->"
