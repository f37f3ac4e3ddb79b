"""A teacher asked through chat completions."""

from typing import Any

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.openai import OpenAI, key
from reasoning_occ.reasons.teachers.llm import LLMTeacher


class OpenAITeacher(LLMTeacher):
    """Writes by any server of chat completions; see `LLMTeacher`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        candidates: how many for a transition.
        words: at most in a reason.
        limit: the server's name for the most tokens of an answer.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.asker`.
    """

    def __init__(
        self, taxonomy: Taxonomy, desk: Desk, *, candidates: int, words: int, limit: str, **terms: Any
    ) -> None:
        chosen = Terms(**terms)
        provider = OpenAI(chosen.base_url, chosen.timeout, limit)
        asker = desk.asker(provider, chosen, key(chosen.base_url))
        super().__init__(taxonomy, asker, chosen, candidates=candidates, words=words, send=desk.send)
