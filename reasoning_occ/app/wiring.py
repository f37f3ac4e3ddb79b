"""What the tabs' handlers share: errors become a sentence on the page, and nothing else of them gets there."""

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

from reasoning_occ.app.render import message
from reasoning_occ.errors import UserError

MODEL = "model"
"""Handlers of this name wait for one another: a model answers one question at a time."""


def told(outputs: int) -> Callable[[Callable[..., Any]], Callable[..., tuple[Any, ...]]]:
    """For handlers that give a message (HTML) first, then `outputs` other values: after a mistake of the user's the
    message says it and the others stay as they are."""

    def wrap(handler: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
        @wraps(handler)
        def handled(*given: Any) -> tuple[Any, ...]:
            import gradio as gr

            try:
                return handler(*given)
            except UserError as error:
                wrong = str(error).removeprefix("--what-if: ")
            except Exception:  # whatever it is, the page shows none of it
                traceback.print_exc(file=sys.stderr)
                wrong = (
                    "That did not work, through a mistake of this page's. The terminal it was started from says more."
                )
            return (message(wrong, "wrong"), *(gr.skip() for _ in range(outputs)))

        return handled

    return wrap


def html(value: str, elem_id: str | None = None, js_on_load: str | None = None) -> Any:
    """A place for what this room's templates made; `js_on_load` is run once in the browser."""
    import gradio as gr

    return gr.HTML(value, elem_id=elem_id, elem_classes="occ", js_on_load=js_on_load, apply_default_css=False)
