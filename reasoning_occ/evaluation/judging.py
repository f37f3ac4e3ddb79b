"""Having many reasons judged under a bar."""

from collections.abc import Sequence
from typing import Protocol

from reasoning_occ.progress import bar
from reasoning_occ.reasons.types import Case, Told, Verdict


class Judges(Protocol):
    """The part of a judge that is needed here."""

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """Three scores for each reason."""
        ...


def judged(judge: Judges, cases: Sequence[Case], what: str, at_once: int) -> list[Verdict]:
    """A judge's verdicts, in the order of `cases`, under a bar with what is done, the judge's own note and time left.

    Args:
        judge: fitted.
        cases: the reasons, and what they are judged by.
        what: is being judged, in a few words.
        at_once: reasons that the judge is handed together: few, so that the bar moves, but as many as a batch of its
            takes.

    Raises:
        BudgetReached, UserError: as the judge.
    """
    verdicts: list[Verdict] = []
    with bar() as display:
        task = display.add_task(what, total=len(cases), note="")

        def told(words: str) -> None:
            display.update(task, note=words)

        for start in range(0, len(cases), at_once):
            verdicts += judge.judge_all(cases[start : start + at_once], told)
            display.advance(task, len(verdicts) - start)
    return verdicts
