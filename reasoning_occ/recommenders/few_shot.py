"""An untrained language model that is shown, with each career, those of a few training people and what came next."""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.examples import WithExamples
from reasoning_occ.reasons.settings import check_counts
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.nearest import Nearest
from reasoning_occ.recommenders.zero_shot import ZeroShot

if TYPE_CHECKING:
    from reasoning_occ.models.backbone import Backbone

log = logging.getLogger(__name__)


class FewShot(ZeroShot):
    """Ranks titles right after the career, with the nearest training people's careers and answers before it.

    Examples are transitions that the recommender was given to learn from, so never those of validation or test people,
    and never the person's own. `Nearest` says which are near, `WithExamples` how they are shown.

    Args:
        examples: how many, each of another person.
        recency: as in `Nearest`.
        seed: as in `Nearest`.
        kwargs: as `LanguageModel`.

    Raises:
        UserError: no example is asked for.
    """

    name = "few_shot"

    def __init__(self, examples: int, recency: float, seed: int, **kwargs: Any) -> None:
        check_counts("few_shot", examples=examples)
        super().__init__(**kwargs)
        self._examples = examples
        self._recency = recency
        self._seed = seed
        self._nearest: Nearest | None = None

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Remember the training transitions; the model learns nothing from them.

        Raises:
            UserError: there are none, or the window is too small.
        """
        self._nearest = Nearest(train, self._recency, self._seed)
        super().fit(train, valid, folder)

    def _speak(self, backbone: "Backbone") -> None:
        if self._nearest is None:
            raise UserError("few_shot: nobody to show yet; call fit() before recommend().")
        nearest = partial(self._nearest.of, n=self._examples)
        language = WithExamples(backbone.tokenizer, self.taxonomy, self.max_tokens, self.ranks, nearest=nearest)
        self._languages = {self.ranks: language}

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Rank after each history and its examples; says how many examples had no room in the window."""
        _, language = self.ready()
        assert isinstance(language, WithExamples)
        short = [n for history in histories if (n := len(language.shown(history))) < self._examples]
        if short:
            log.warning(
                "%d of %d test people are shown fewer than %d examples, %d at least: the window, or the training part, "
                "holds no more.",
                *(len(short), len(histories), self._examples, min(short)),
            )
        yield from super().recommend(histories)
