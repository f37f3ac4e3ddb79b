"""Ranking titles with a language model: by the probability of their text, or by a learnt head."""

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int

from reasoning_occ.careers.types import Career
from reasoning_occ.language.prompt import Language

if TYPE_CHECKING:
    from reasoning_occ.models.title_head import TitleHead

log = logging.getLogger(__name__)

Allowed = Sequence[Bool[np.ndarray, " occupations"]]
Rankings = Iterator[Float[np.ndarray, " occupations"]]
"""As `inference.rank.rank_many` yields them."""


def by_text(
    model: Any,
    language: Language,
    contexts: Sequence[Sequence[int]],
    may: Allowed,
    batch: int,
    label: str | None,
    *,
    pmi: bool,
) -> Rankings:
    """Rank titles by the exact probability of their text.

    Args:
        model: a causal language model.
        language: gives the titles' ids.
        contexts: up to where a title begins.
        may: which titles may follow, for each context.
        batch: contexts that go through the model together.
        label: what a progress bar says; `None` for no bar.
        pmi: whether what a title has without a career is taken off.
    """
    from reasoning_occ.inference.rank import rank_many
    from reasoning_occ.inference.trie import Trie

    # the first closing id is what ends a title that begins like a longer one
    codes = language.taxonomy.codes
    trie = Trie.build([[*language.title_ids(code), language.closing_ids[0]] for code in codes])
    prior = language.prior_prefix_ids().tolist() if pmi else None
    return rank_many(model, contexts, trie, may, batch=batch, label=label, prior=prior)


def by_head(
    model: Any,
    titles: "TitleHead",
    contexts: Sequence[Sequence[int]],
    may: Allowed,
    before: Sequence[Int[np.ndarray, " places"]],
    batch: int,
    label: str | None,
) -> Rankings:
    """Rank titles by a learnt head; arguments as in `by_text`, and in `before` the titles held before each context."""
    from reasoning_occ.inference.head import rank_by_head

    return rank_by_head(model, titles.to(model.device), contexts, may, before, batch=batch, label=label)


def fitting(language: Language, histories: Sequence[Career], reasons: Sequence[str | None]) -> list[str | None]:
    """The reasons, cut where the window has no room for all of one and an answer; how many is logged."""
    kept = [language.fitting(history, reason) for history, reason in zip(histories, reasons, strict=True)]
    cut = sum(mine != given for mine, given in zip(kept, reasons, strict=True))
    if cut:
        log.warning("%d of %d reasons were longer than the window and lose their end.", cut, len(reasons))
    return kept


def report_cuts(language: Language, histories: Sequence[Career], whose: str) -> None:
    """Say how many histories are longer than the window, and so lose their oldest lines."""
    cut = sum(language.first_line(history) > 0 for history in histories)
    if cut:
        log.warning(
            "%d of %d %s histories are longer than the window and lose their oldest lines.", cut, len(histories), whose
        )
