"""Which reasons are scored, and what the tab *Judge* shows of one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reasoning_occ.app import labels
from reasoning_occ.app.labels import Scores
from reasoning_occ.app.render import render
from reasoning_occ.evaluation.audit.humans import key
from reasoning_occ.evaluation.audit.sample import Asked
from reasoning_occ.language.render import events
from reasoning_occ.reasons.types import CRITERIA, Criterion

if TYPE_CHECKING:
    from reasoning_occ.audit.subject import Subject

ABOUT: dict[Criterion, str] = {
    "factuality": "Does the history bear out what the reason says?",
    "coherence": "Does the text hang together by itself?",
    "utility": "Does it help to see why the next occupation came?",
}
"""What a criterion asks; each is scored from 1 (not at all) to 5."""


class Reasons:
    """The reasons of an audit's sample, one for each transition drawn. Numbers count from 1."""

    def __init__(self, subject: "Subject", run: Path) -> None:
        self._subject, self._run = subject, run
        self.sample: Sequence[Asked] = subject.sample.single

    def chosen(self, name: str | None, unscored: bool) -> list[Asked]:
        """All reasons, or those that a person has not scored yet.

        Raises:
            UserError: the person's file can't be read, or the name makes no file name where it is needed.
        """
        if not unscored:
            return list(self.sample)
        known = labels.read(labels.file_of(self._run, name))
        return [one for one in self.sample if not _given(known.get(key(one), {}))]

    def known(self, one: Asked, name: str | None) -> Scores:
        """What a person has given a reason; nothing without a name.

        Raises:
            UserError: as `chosen`.
        """
        nothing: dict[Criterion, int | None] = dict.fromkeys(CRITERIA)
        if not (name or "").strip():
            return nothing
        return labels.read(labels.file_of(self._run, name)).get(key(one), nothing)

    def save(self, one: Asked, name: str | None, scores: Scores) -> str:
        """Keep a person's scores of a reason; tells where they are.

        Raises:
            UserError: as `labels.save` and `labels.file_of`.
        """
        path = labels.file_of(self._run, name)
        done = labels.save(path, self.sample, self._subject.taxonomy, one, scores)
        told = f"python -m reasoning_occ.audit {self._run} --labels {path}"
        return f"Saved: {done:,} of {len(self.sample):,} reasons have your scores. To use them: {told}"

    def card(self, one: Asked) -> str:
        """A reason with its history and what came next, and nothing of the judge, as HTML."""
        history = events(one.transition.history, self._subject.taxonomy)
        title = self._subject.taxonomy.title(one.transition.target)
        return render("reason.html.j2", history=history, reason=one.candidate.text, title=title)

    def verdict(self, one: Asked, seen: bool, scores: Scores) -> str:
        """The judge's scores and justifications beside a person's, as HTML; `seen`: before that person has scored."""
        shown = seen or _given(scores)
        return render(
            "verdict.html.j2",
            shown=shown,
            judge=self._subject.judge_name,
            verdict=one.verdict,
            chosen=one.chosen,
            scores=scores,
            criteria=CRITERIA,
        )


def _given(scores: Scores) -> bool:
    return any(score is not None for score in scores.values())
