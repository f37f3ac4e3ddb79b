"""A judge asked through the Message Batches API."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.anthropic import KEY
from reasoning_occ.reasons.calls.providers.anthropic_batches import AnthropicBatches
from reasoning_occ.reasons.judges.llm import LLMJudge
from reasoning_occ.reasons.types import CRITERIA


class AnthropicBatchJudge(LLMJudge):
    """Scores by batches of calls, whose answers keep to a schema; see `LLMJudge`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        interval: seconds between two looks at a batch.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.batches`.
    """

    def __init__(self, taxonomy: Taxonomy, desk: Desk, *, interval: float, **terms: Any) -> None:
        chosen = Terms(**terms)
        asker = desk.batches(AnthropicBatches(chosen.base_url, chosen.timeout), chosen, KEY, interval)
        super().__init__(taxonomy, asker, chosen, send=desk.send, repair=False)
        # every round of reasons waits for its batches, so as few rounds as can be
        self.at_once = max(1, chosen.at_once // len(CRITERIA))
