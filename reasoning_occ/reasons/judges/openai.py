"""A judge asked through chat completions."""

from typing import Any

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.providers.openai import OpenAI, key
from reasoning_occ.reasons.judges.llm import LLMJudge


class OpenAIJudge(LLMJudge):
    """Scores by any server of chat completions; see `LLMJudge`.

    Args:
        taxonomy: the occupations.
        desk: ledger, budget and what may be sent.
        schema: whether the server keeps to a JSON schema; if not, an unreadable answer is asked for once more.
        limit: the server's name for the most tokens of an answer.
        terms: the fields of `Terms`.

    Raises:
        UserError: as `Desk.asker`, or `schema` is neither true nor false.
    """

    def __init__(self, taxonomy: Taxonomy, desk: Desk, *, schema: bool, limit: str, **terms: Any) -> None:
        if not isinstance(schema, bool):
            raise UserError(f"judge.schema: expected true or false; got {schema!r}.")
        chosen = Terms(**terms)
        provider = OpenAI(chosen.base_url, chosen.timeout, limit)
        asker = desk.asker(provider, chosen, key(chosen.base_url))
        super().__init__(taxonomy, asker, chosen, send=desk.send, repair=not schema)
