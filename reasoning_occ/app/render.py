"""Fills this room's templates and the report's. All text is escaped: what stands in careers is data, never markup."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.report.sentences import interval, value

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent


def render(template: str, **context: Any) -> str:
    """A template with its names filled in; an unknown name is an error, not an empty place."""
    return _environment().get_template(template).render(**context)


def message(text: str, kind: str = "told") -> str:
    """A line that a screen reader says at once. kind: told, or wrong for what the user can mend."""
    return render("message.html.j2", text=text, kind=kind)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folders = [HERE / "templates", HERE.parent / "report"]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"value": value, "interval": interval}
    environment.filters |= {"percent": _percent}
    return environment


def _percent(share: float | None) -> str:
    """A probability as people read it: two digits that say something."""
    if share is None:
        return "-"
    return f"{100 * share:.1f}%" if share >= 0.001 else "<0.1%" if share else "0%"
