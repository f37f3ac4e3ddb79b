"""Two models trained apart, a reason generator and an occupation predictor: adapters on one frozen backbone."""

from collections.abc import Sequence

from reasoning_occ.careers.types import Transition
from reasoning_occ.language.example import Example
from reasoning_occ.recommenders.learning import Own, Reasons
from reasoning_occ.recommenders.llm import Adapter
from reasoning_occ.recommenders.reasoned import Reasoned


class TwoModel(Reasoned):
    """The generator learns history to reason, the predictor history and reason to title; used in turn.

    Both are as large as the one adapter of other methods, so the pair has twice its parameters.
    """

    name = "two_model"
    ranks, writes = "title_given_reason", "reason_only"
    adapters = (Adapter("generator", ("reason_only",)), Adapter("predictor", ("title_given_reason",)))

    def examples(self, adapter: str, transitions: Sequence[Transition], reasons: Reasons, own: Own) -> list[Example]:
        """Of the generator: transitions that have an oracle reason. Of the predictor: all."""
        if adapter == "generator":
            writer = self.language("reason_only")
            return [writer.example(t, reasons[t.key]) for t in transitions if t.key in reasons]
        reader = self.language("title_given_reason")
        return [reader.example(t, own.get(t.key, reasons.get(t.key))) for t in transitions]
