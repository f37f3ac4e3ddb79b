"""A language model as it came, which ranks titles without having learnt from careers."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.prompt import Language
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.joint import Joint, Reasons
from reasoning_occ.recommenders.llm import LanguageModel

Form = Literal["direct", "reason_then_answer"]


class ZeroShot(Joint):
    """Reads what the trained methods read, and ranks every title as they do.

    "direct" ranks right after the career; "reason_then_answer" first has the model write a reason, which mostly ends
    where `inference.max_reason_tokens` cuts it: nobody taught the model to close it.

    Args:
        form: what stands before the answer.
        kwargs: as `LanguageModel`.

    Raises:
        UserError: another form.
    """

    def __init__(self, form: Form, **kwargs: Any) -> None:
        if form not in get_args(Form):
            raise UserError(f"zero_shot, form: expected {' or '.join(get_args(Form))}; got '{form}'.")
        super().__init__(oracle=_nothing, **kwargs)
        self.form: Form = form
        self.name = f"zero_shot {form}"
        self.asks = "title" if form == "direct" else "reason"

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Nothing is learnt; the model is read.

        Raises:
            UserError: the window is too small.
        """
        self.folder = folder
        loaded = self.load()
        language = self.language(loaded)
        self._check_window(language, loaded)
        self._model, self._language = loaded.model, language

    def ready(self) -> tuple[Any, Language]:
        """The model and its language, read once; there need be no `fit()` before."""
        if self._model is None or self._language is None:
            loaded = self.load()
            self._model, self._language = loaded.model, self.language(loaded)
        return super().ready()

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Rank after each history, or after it and the reason that the model writes first."""
        how = LanguageModel.recommend if self.form == "direct" else Joint.recommend
        yield from how(self, histories)


def _nothing(train: Sequence[Transition], valid: Sequence[Transition]) -> tuple[Reasons, Reasons]:
    return {}, {}
