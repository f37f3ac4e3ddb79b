"""Titles by the Message Batches API."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.anthropic import KEY
from reasoning_occ.reasons.calls.providers.anthropic_batches import AnthropicBatches
from reasoning_occ.recommenders.answers import Answers


class AnthropicBatchAnswers(Answers):
    """Asks by batches of calls; see `Answers`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        list_titles, least_similarity: as in `Answers`.
        interval: seconds between two looks at a batch.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.batches` and `Answers`.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        desk: Desk,
        *,
        list_titles: int,
        least_similarity: float,
        interval: float,
        **terms: Any,
    ) -> None:
        chosen = Terms(**terms)
        asker = desk.batches(AnthropicBatches(chosen.base_url, chosen.timeout), chosen, KEY, interval)
        super().__init__(taxonomy, asker, chosen, desk, list_titles=list_titles, least_similarity=least_similarity)
        self.at_once = chosen.at_once  # every round waits for its batch, so as few rounds as can be
