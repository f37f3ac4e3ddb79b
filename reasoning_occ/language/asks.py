"""What a prompt asks for, and the words and marks that say so. Imports nothing, for commands that answer at once."""

from typing import Literal

Asks = Literal["reason", "title", "reason_only", "title_given_reason", "title_reason", "nothing"]
"""What a prompt asks for.

reason: a reason, then the title. title: the title alone. reason_only: the reason alone. title_given_reason: the title,
after a reason that stands in the prompt. title_reason: the title, then a reason. nothing: the prompt ends with the
history, and a ranking head reads the state there.
"""
Ranking = Literal["tokens", "head", "copying_head"]

# the same for every method, so that their prompts share all but the ask
TASK = (
    "You read a person's career, oldest event first: schooling, and each new occupation as it began. "
    "Predict the next occupation; it differs from the present one."
)
ASK: dict[Asks, str] = {
    "reason": "Give a short reason, then the next occupation.",
    "title": "Give the next occupation.",
    "reason_only": "Give a short reason for what comes next.",
    "title_given_reason": "Give the next occupation.",
    "title_reason": "Give the next occupation, then a short reason.",
}
NO_REASON: tuple[Asks, ...] = ("title", "nothing")
"""Where no reason is read or written."""
SAID = "Reason:"
"""What stands before a reason in a prompt."""

# a space goes before the reason and the title: "Sales" then has the same ids as in the career's lines
OPEN_REASON, CLOSE_REASON, OPEN_ANSWER, CLOSE_ANSWER = "<think>", "</think>", "<answer>", "</answer>"


def reason_room(max_tokens: int) -> int:
    """Tokens that a window keeps for a reason, after any history: a quarter."""
    return max_tokens // 4
