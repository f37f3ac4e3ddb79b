"""What the tab *Try it* does with a career; no gradio in here."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reasoning_occ.app import drafts, showing
from reasoning_occ.app.drafts import Draft
from reasoning_occ.app.render import render
from reasoning_occ.errors import UserError
from reasoning_occ.language.render import lines
from reasoning_occ.recommend import Choice, Recommended
from reasoning_occ.recommend.reading import Understood
from reasoning_occ.recommend.what_if import edited, moved

if TYPE_CHECKING:
    from reasoning_occ.app.opened import Opened

SHOWN = 10
"""Titles."""


class Desk:
    """Reads careers, ranks what comes next, and compares with an edit."""

    def __init__(self, run: "Opened") -> None:
        self._run = run
        self._taxonomy = run.recommender.taxonomy

    def looked_at(self, draft: Draft, left: Sequence[str] = ()) -> str:
        """A career on its way, as it is understood so far. left: sentences on what was left out when it was read."""
        jobs, learned = (
            [one[key] for one in draft[of]] for key, of in (("occupation", "jobs"), ("title", "education"))
        )
        if not jobs:
            return render("hint.html.j2", jobs=jobs, learned=learned, left=left, wrong="")
        try:
            return showing.history(self._run.recommender.understand(draft), self._taxonomy, left)
        except UserError as error:  # it can still become a career: the lines stay, with what is wrong with them
            return render("hint.html.j2", jobs=jobs, learned=learned, left=left, wrong=str(error).rstrip("."))

    def answer(self, draft: Draft, born: str | None, left: Sequence[str] = ()) -> tuple[str, Understood, Recommended]:
        """What comes next, as HTML, and what it was made from. left: as in `looked_at`.

        Raises:
            UserError: the career has no job, or none that is near a title.
        """
        if not draft["jobs"]:
            raise UserError("The career has no job yet; add at least the present one.")
        person = self._run.recommender.understand(drafts.with_birth(draft, born))
        said = self._ranked(person)
        return showing.answer(said, SHOWN, self._run.writes, self._run.drawn, left), person, said

    def moves(self, person: Understood | None, said: Recommended | None, edits: list[str]) -> str:
        """What edits move, and how the edited history was understood, as HTML.

        Raises:
            UserError: there is nothing to compare with, no edit, or one that can't be made.
        """
        if person is None or said is None:
            raise UserError("Ask what comes next first; then an edit can be compared with it.")
        if not edits:
            raise UserError("Choose a line to leave out, or fill in something to add.")
        after = self._ranked(edited(person, edits, self._run.recommender.reading))
        found = moved(*(replace(one, ranked=one.ranked[:SHOWN], given=one.ranked[SHOWN:]) for one in (said, after)))
        return showing.moves([_worded(edit, said) for edit in edits], found, after)

    def jobs(self, person: Understood | None) -> list[str]:
        """The numbers of the lines that are jobs."""
        shown = [] if person is None else lines(person.history, self._taxonomy)
        return [str(number) for number, line in enumerate(shown, start=1) if line.job is not None]

    def _ranked(self, person: Understood) -> Recommended:
        return next(self._run.recommender.recommend_all([person], Choice(k=len(self._taxonomy))))


def edits(
    dropped: list[str] | None,
    title: str | None,
    start: str | None,
    learned: str | None,
    finished: str | None,
    jobs: Collection[str] = (),
) -> list[str]:
    """The form of *What if* in the words of `what_if.edited`.

    A job without a date takes the place of the one job that is left out.

    Args:
        dropped: numbers of lines to leave out.
        title, start: of a job to add.
        learned, finished: of an education to add.
        jobs: numbers of the lines that are jobs.

    Raises:
        UserError: a date is missing or can't be read.
    """
    job = _one_line(title)
    replaced = [number for number in dropped or () if number in jobs] if job and not (start or "").strip() else []
    if len(replaced) == 1:
        found = [f"change {number} {job}" if number in replaced else f"drop {number}" for number in dropped or ()]
        job = ""
    else:
        found = [f"drop {number}" for number in dropped or ()]
    if job:
        found.append(f"add {drafts.dated(start, 'From')} {job}")
    if education := _one_line(learned):
        found.append(f"add education {drafts.dated(finished, 'Finished')} {education}")
    return found


def _one_line(words: str | None) -> str:
    return " ".join((words or "").split())[: drafts.LONGEST]


def _worded(edit: str, said: Recommended) -> str:
    """An edit as people read it."""
    kind, _, rest = edit.partition(" ")
    if kind == "add":
        return f"with {rest}"
    number, _, title = rest.partition(" ")
    was = said.history[int(number) - 1].text
    return f"without “{was}”" if kind == "drop" else f"with {title} in place of “{was}”"
