"""A language model as it came, which ranks titles without having learnt from careers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.learning import Reasons
from reasoning_occ.recommenders.llm import LanguageModel
from reasoning_occ.recommenders.reasoned import Reasoned

Form = Literal["direct", "reason_then_answer"]


def zero_shot(form: Form, **given: Any) -> LanguageModel:
    """`ZeroShot`, or `ZeroShotReasoned` where a reason comes before the answer.

    Args:
        form: which.
        given: as `LanguageModel`.

    Raises:
        UserError: another form.
    """
    if form == "direct":
        return ZeroShot(**given)
    if form == "reason_then_answer":
        return ZeroShotReasoned(**given)
    raise UserError(f"zero_shot, form: expected direct or reason_then_answer; got '{form}'.")


class Untrained(LanguageModel):
    """The model as it was loaded takes the place of one that has learnt."""

    adapters = ()

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Nothing is learnt; the model is read.

        Raises:
            UserError: the window is too small.
        """
        self.folder = folder
        backbone = self.load()
        self._prepare(backbone, ())
        self._model = backbone.model

    def _read(self) -> Any:
        """There need be no `fit()` before a ranking."""
        backbone = self.load()
        self._speak(backbone)
        return backbone.model


class ZeroShot(Untrained):
    """Ranks titles right after the career."""

    name = "zero_shot direct"


class ZeroShotReasoned(Untrained, Reasoned):
    """Writes a reason, which mostly ends where `inference.max_reason_tokens` cuts it, for nobody taught the model to
    close it; then ranks titles after it. What is read in its place is chosen as for trained methods; see `Reasoned`.
    """

    name = "zero_shot reason_then_answer"
    ranks = writes = "reason"

    def __init__(self, **given: Any) -> None:
        super().__init__(oracle=_nothing, **given)


def _nothing(train: Sequence[Transition], valid: Sequence[Transition]) -> tuple[Reasons, Reasons]:
    return {}, {}
