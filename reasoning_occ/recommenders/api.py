"""Titles by the Messages API."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.anthropic import KEY, Anthropic
from reasoning_occ.recommenders.answers import Answers


class AnthropicAnswers(Answers):
    """Asks by the Messages API, whose answers keep to a schema; see `Answers`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        list_titles, least_similarity: as in `Answers`.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.asker` and `Answers`.
    """

    def __init__(
        self, taxonomy: Taxonomy, desk: Desk, *, list_titles: int, least_similarity: float, **terms: Any
    ) -> None:
        chosen = Terms(**terms)
        asker = desk.asker(Anthropic(chosen.base_url, chosen.timeout), chosen, KEY)
        super().__init__(taxonomy, asker, chosen, desk, list_titles=list_titles, least_similarity=least_similarity)
