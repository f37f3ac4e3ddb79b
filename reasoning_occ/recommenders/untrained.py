"""A language model as it came, which ranks titles after history and reason without having learnt from careers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reasoning_occ.careers.types import Transition
from reasoning_occ.language.prompt import Language
from reasoning_occ.recommenders.llm import LanguageModel


class Untrained(LanguageModel):
    """Reads `<think>` reason `</think><answer>` and ranks what may follow. Takes the arguments of `LanguageModel`."""

    name = "untrained"
    asks = "reason"

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Nothing is learnt."""

    def ready(self) -> tuple[Any, Language]:
        """The model and its language, read once."""
        from reasoning_occ.models.causal import device

        if self._model is None or self._language is None:
            loaded = self.load()
            model: Any = loaded.model
            self._model, self._language = model.to(device()).eval(), self.language(loaded)
        return self._model, self._language
