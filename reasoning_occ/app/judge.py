"""The tab *Judge*: oracle reasons with their judge's verdicts, and a form for people's scores."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reasoning_occ.app.render import message, render
from reasoning_occ.app.scoring import ABOUT, Reasons
from reasoning_occ.app.wiring import html, told
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.humans import key
from reasoning_occ.reasons.types import CRITERIA, Criterion

if TYPE_CHECKING:
    from reasoning_occ.app.opened import Opened

CHOICES = [("no score", ""), *((str(score), str(score)) for score in (1, 2, 3, 4, 5))]
_INTRO = (
    "Reasons that the run could learn from, drawn by chance as the audit draws them. A teacher wrote them who knew "
    "what came next, unless teacher.hindsight=false; the judge scored them. Score them yourself to find out whether "
    "the judge can be trusted: its scores stay hidden until you have given yours."
)


class Scoring:
    """Goes through reasons and keeps scores."""

    def __init__(self, reasons: Reasons) -> None:
        self.reasons = reasons

    def page(
        self, name: str | None, unscored: bool, seen: bool, number: float | None, last: str = "", by: int = 0
    ) -> tuple[Any, ...]:
        """Where one is, the reason, the verdict, its number and key, and the three scores given before.

        Args:
            name: of the person who scores.
            unscored: whether only reasons without that person's scores are gone through.
            seen: whether the judge's scores are shown before that person's.
            number: where one was; brought into range.
            last: key of the reason that was shown there.
            by: how many to go on or back.

        Raises:
            UserError: the person's file can't be read, or a name is missing.
        """
        found = self.reasons.chosen(name, unscored)
        if not found:
            return "You have scored them all.", "", "", 1, "", "", "", ""
        if by > 0 and last not in map(key, found):
            by -= 1  # what was shown has been scored, so the next one has its number now
        at = min(max(int(number or 1) + by, 1), len(found))
        one = found[at - 1]
        known = self.reasons.known(one, name)
        where = f"Reason {at:,} of {len(found):,}{' without your score' if unscored else ''}."
        given = ("" if known[criterion] is None else str(known[criterion]) for criterion in CRITERIA)
        return where, self.reasons.card(one), self.reasons.verdict(one, seen, known), at, key(one), *given

    def save(self, name: str | None, seen: bool, last: str, given: Sequence[str | None]) -> tuple[str, str]:
        """Keep scores of the reason that is shown; tells where they are, and the verdict as HTML.

        Raises:
            UserError: as `Reasons.save`, a score is none, or there is no such reason.
        """
        one = next((one for one in self.reasons.sample if key(one) == last), None)
        if one is None:
            raise UserError("There is no reason to score.")
        scores: dict[Criterion, int | None] = {}
        for criterion, score in zip(CRITERIA, given, strict=True):
            if (score or "") not in dict(CHOICES).values():
                raise UserError(f"{criterion}: expected a whole number from 1 to 5, or no score.")
            scores[criterion] = int(score) if score else None
        return self.reasons.save(one, name, scores), self.reasons.verdict(one, seen, scores)


def build(run: "Opened") -> None:
    """Lay the tab out, inside a tab of gradio."""
    import gradio as gr

    if isinstance(run.subject, str):
        html(message(run.subject))
        return
    scoring = Scoring(Reasons(run.subject, run.run))
    where, card, verdict, _, first, *_ = scoring.page("", False, False, 1)
    last = gr.State(first)
    of = gr.State("")  # whose scores the form shows
    html(render("quiet.html.j2", text=_INTRO))
    with gr.Row():
        name = gr.Textbox(
            label="Your name (names your file of scores)", placeholder="anna", max_length=40, min_width=220
        )
        with gr.Column(min_width=220):
            unscored = gr.Checkbox(False, label="Only reasons that I have not scored")
            seen = gr.Checkbox(False, label="Show the judge's scores before mine")
    with gr.Row(elem_classes="steps"):
        before = gr.Button("Previous reason", min_width=110)
        number = gr.Number(1, label="Number", precision=0, minimum=1, min_width=90)
        after = gr.Button("Next reason", min_width=110)
    told_of = html(message(where), elem_id="judge-message")
    with gr.Row():
        with gr.Column(scale=7, min_width=300):
            shown = html(card, elem_id="reason")
        with gr.Column(scale=5, min_width=300):
            scores = [
                gr.Radio(CHOICES, value="", label=f"{criterion.capitalize()}: {ABOUT[criterion]}")
                for criterion in CRITERIA
            ]
            save = gr.Button("Save my scores", variant="primary")
            judged = html(verdict, elem_id="verdict")

    def stepping(by: int | None) -> Any:
        @told(7)
        def step(who: str | None, left: bool, early: bool, at: float | None, was: str) -> tuple[Any, ...]:
            where, *rest = scoring.page(who, left, early, 1 if by is None else at, was, by or 0)
            return message(where), *rest

        return step

    @told(8)
    def named(who: str | None, left: bool, early: bool, at: float | None, was: str, of: str, *given: str | None) -> Any:
        who = (who or "").strip()
        if who == of:
            return tuple(gr.skip() for _ in range(9))
        where, *rest = scoring.page(who, left, early, at, was)
        # what was chosen before there was a name stays, unless that person has scored this reason
        scored = rest[4:] if of or any(rest[4:]) else given
        return message(where), *rest[:4], *scored, who

    @told(1)
    def shown_early(who: str | None, left: bool, early: bool, at: float | None, was: str) -> tuple[Any, ...]:
        where, _, verdict, *_ = scoring.page(who, left, early, at, was)
        return message(where), verdict

    @told(1)
    def saved(who: str | None, early: bool, was: str, *given: str | None) -> tuple[Any, ...]:
        words, found = scoring.save(who, early, was, given)
        return message(words), found

    form, out = [name, unscored, seen, number, last], [told_of, shown, judged, number, last, *scores]
    gr.on([unscored.input], stepping(None), form, out)
    number.submit(stepping(0), form, out)
    gr.on([name.submit, name.blur], named, [*form, of, *scores], [*out, of])
    seen.input(shown_early, form, [told_of, judged])
    before.click(stepping(-1), form, out)
    after.click(stepping(1), form, out)
    # a save at a time: two of one person's would each read the file before the other has written it
    save.click(saved, [name, seen, last, *scores], [told_of, judged], concurrency_limit=1, concurrency_id="labels")
