"""A teacher asked through the Messages API."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.anthropic import KEY, Anthropic
from reasoning_occ.reasons.teachers.llm import LLMTeacher


class AnthropicTeacher(LLMTeacher):
    """Writes by the Messages API; see `LLMTeacher`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        candidates: how many for a transition.
        words: at most in a reason.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.asker`.
    """

    def __init__(self, taxonomy: Taxonomy, desk: Desk, *, candidates: int, words: int, **terms: Any) -> None:
        chosen = Terms(**terms)
        asker = desk.asker(Anthropic(chosen.base_url, chosen.timeout), chosen, KEY)
        super().__init__(taxonomy, asker, chosen, candidates=candidates, words=words, send=desk.send)
