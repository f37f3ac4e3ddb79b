"""Fills the HTML templates beside this file. All text is escaped: what stands in careers is data, never markup."""

from pathlib import Path
from typing import Any

from reasoning_occ.report.sentences import interval, value

_HERE = Path(__file__).parent


def render(template: str, **context: Any) -> str:
    """A template with its names filled in; an unknown name is an error, not an empty place."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    # not select_autoescape: it goes by the ending, and .j2 would switch it off
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {
        "value": value,
        "interval": interval,
        "style": Markup((_HERE / "style.css").read_text(encoding="utf-8")),
    }
    return environment.get_template(template).render(**context)
