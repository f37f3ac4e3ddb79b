"""Titles by chat completions."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.openai import OpenAI, key
from reasoning_occ.recommenders.answers import Answers


class OpenAIAnswers(Answers):
    """Asks any server of chat completions; see `Answers`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        list_titles, least_similarity, schema: as in `Answers`.
        limit: the server's name for the most tokens of an answer.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.asker` and `Answers`.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        desk: Desk,
        *,
        list_titles: int,
        least_similarity: float,
        schema: bool,
        limit: str,
        **terms: Any,
    ) -> None:
        chosen = Terms(**terms)
        asker = desk.asker(OpenAI(chosen.base_url, chosen.timeout, limit), chosen, key(chosen.base_url))
        given = {"list_titles": list_titles, "least_similarity": least_similarity, "schema": schema}
        super().__init__(taxonomy, asker, chosen, desk, **given)
