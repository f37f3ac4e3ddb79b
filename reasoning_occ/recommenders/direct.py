"""History to title, with no reason between: the paper's ablation."""

from typing import Any

from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.llm import Adapter, LanguageModel


def direct(ask: bool, **given: Any) -> LanguageModel:
    """`Direct`, or `Unasked` where the prompt is to end with the history.

    Args:
        ask: whether it asks for the title.
        given: as `LanguageModel`.

    Raises:
        UserError: `ask` is neither true nor false.
    """
    if not isinstance(ask, bool):
        raise UserError(f"method.ask: expected true or false; got {ask}.")
    return Direct(**given) if ask else Unasked(**given)


class Direct(LanguageModel):
    """Learns `<answer>` title `</answer>` after the history."""

    name = "direct"


class Unasked(LanguageModel):
    """Learns a ranking head on the state where the history ends.

    With no ask after each of them, all of a person's histories are beginnings of the longest: one sequence, in which a
    sequence model, too, would be asked after each job.
    """

    name = "direct, unasked"
    ranks = "nothing"
    adapters = (Adapter("", ("nothing",)),)
