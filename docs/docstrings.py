"""How the reference reads docstrings: brackets side by side are a formula, not a link."""

from typing import Any

import griffe


class Formulas(griffe.Extension):
    """Keeps Markdown from taking `[x | A x] [W | s B]` for a link to what the second bracket names."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Griffe calls this for each module, class, function and attribute that it has read."""
        if obj.docstring is not None:
            obj.docstring.value = obj.docstring.value.replace("] [", "] \\[")
