"""To come."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reasoning_occ.app.opened import Opened


def build(run: "Opened") -> None:
    """To come."""
