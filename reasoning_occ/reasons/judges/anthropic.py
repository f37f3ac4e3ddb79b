"""A judge asked through the Messages API."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.anthropic import KEY, Anthropic
from reasoning_occ.reasons.judges.llm import LLMJudge


class AnthropicJudge(LLMJudge):
    """Scores by the Messages API, whose answers keep to a schema; see `LLMJudge`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.asker`.
    """

    def __init__(self, taxonomy: Taxonomy, desk: Desk, **terms: Any) -> None:
        chosen = Terms(**terms)
        asker = desk.asker(Anthropic(chosen.base_url, chosen.timeout), chosen, KEY)
        super().__init__(taxonomy, asker, chosen, send=desk.send, repair=False)
