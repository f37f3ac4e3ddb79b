"""A language model as it came, which ranks titles after history and reason without having learnt from careers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reasoning_occ.careers.types import Transition
from reasoning_occ.recommenders.llm import LanguageModel


class Untrained(LanguageModel):
    """Reads `<think>` reason `</think><answer>` and ranks what may follow. Takes the arguments of `LanguageModel`."""

    name = "untrained"
    ranks = "reason"
    adapters = ()

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Nothing is learnt."""
        self.folder = folder

    def _read(self) -> Any:
        backbone = self.load()
        self._speak(backbone)
        return backbone.model
