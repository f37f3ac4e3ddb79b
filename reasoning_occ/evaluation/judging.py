"""Having many reasons judged under a bar."""

from collections.abc import Sequence
from typing import Protocol

from reasoning_occ.progress import bar
from reasoning_occ.reasons.types import Case, Told, Verdict

_AT_ONCE = 64
"""Reasons that a judge is handed together, so that the bar moves; more where it wants more."""


class Judges(Protocol):
    """The part of a judge that is needed here; see `reasons.types.Judge`."""

    at_once: int

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """Three scores for each reason."""
        ...


def judged(judge: Judges, cases: Sequence[Case], what: str) -> list[Verdict]:
    """A judge's verdicts, in the order of `cases`, under a bar with what is done, the judge's own note and time left.

    Args:
        judge: fitted.
        cases: the reasons, and what they are judged by.
        what: is being judged, in a few words.

    Raises:
        BudgetReached, UserError: as the judge.
    """
    verdicts: list[Verdict] = []
    size = max(_AT_ONCE, judge.at_once)
    with bar() as display:
        task = display.add_task(what, total=len(cases), note="")

        def told(words: str) -> None:
            display.update(task, note=words)

        for start in range(0, len(cases), size):
            verdicts += judge.judge_all(cases[start : start + size], told)
            display.advance(task, len(verdicts) - start)
    return verdicts
