"""A teacher asked through the Message Batches API."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.anthropic import KEY
from reasoning_occ.reasons.calls.providers.anthropic_batches import AnthropicBatches
from reasoning_occ.reasons.teachers.llm import LLMTeacher


class AnthropicBatchTeacher(LLMTeacher):
    """Writes by batches of calls; see `LLMTeacher`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        candidates: how many for a transition.
        words: at most in a reason.
        interval: seconds between two looks at a batch.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.batches`.
    """

    def __init__(
        self, taxonomy: Taxonomy, desk: Desk, *, candidates: int, words: int, interval: float, **terms: Any
    ) -> None:
        chosen = Terms(**terms)
        asker = desk.batches(AnthropicBatches(chosen.base_url, chosen.timeout), chosen, KEY, interval)
        super().__init__(taxonomy, asker, chosen, candidates=candidates, words=words, send=desk.send)
        self.at_once = chosen.at_once  # every round of transitions waits for its batches, so as few rounds as can be
