"""The tab *Try it*: a career by forms, as JSON or from a file; its reason, what comes next, what an edit moves."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reasoning_occ.app import drafts, showing
from reasoning_occ.app.drafts import LARGEST, Draft
from reasoning_occ.app.render import message, render
from reasoning_occ.app.wiring import MODEL, html, told
from reasoning_occ.errors import UserError
from reasoning_occ.recommend import Choice, Recommended
from reasoning_occ.recommend.reading import Understood
from reasoning_occ.recommend.what_if import edited, moved

if TYPE_CHECKING:
    from reasoning_occ.app.opened import Opened

SHOWN = 10
_CUT = f"(text) => [(text || '').slice(0, {LARGEST + 1})]"
# a file is read in the browser: it goes to no folder, and no name of it anywhere
_READ_FILE = """async () => {
  const field = document.querySelector('#resume-file');
  const file = field && field.files[0];
  if (!file) return ['\\u0000unreadable'];
  let text = '\\u0000unreadable';
  if (file.size > %d) text = '\\u0000large';
  else try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(await file.arrayBuffer());
    if (text.includes('\\u0000')) text = '\\u0000binary';
  } catch (error) { text = error instanceof TypeError ? '\\u0000binary' : '\\u0000unreadable'; }
  field.value = '';
  return [text];
}""" % LARGEST
_FILE_CHOSEN = """element.querySelector('#resume-file').addEventListener('change', (event) => {
  if (event.target.files.length) document.querySelector('#read-file').click();
});"""


class Desk:
    """What the tab's buttons do. `person` and `said` of a session are what an edit is compared with."""

    def __init__(self, run: "Opened") -> None:
        self._run = run
        self._taxonomy = run.recommender.taxonomy

    def looked_at(self, draft: Draft) -> str:
        """A career on its way, as it is understood so far."""
        if not draft["jobs"]:
            return render("hint.html.j2", learned=[one["title"] for one in draft["education"]])
        return showing.history(self._run.recommender.understand(draft), self._taxonomy)

    def answer(self, draft: Draft, born: str | None) -> tuple[str, Understood, Recommended]:
        """What comes next, as HTML, and what it was made from.

        Raises:
            UserError: the career has no job, or none that is near a title.
        """
        if not draft["jobs"]:
            raise UserError("The career has no job yet; add at least the present one.")
        person = self._run.recommender.understand(drafts.with_birth(draft, born))
        said = self._ranked(person)
        return showing.answer(said, SHOWN, self._run.writes, self._run.drawn), person, said

    def moves(self, person: Understood | None, said: Recommended | None, edits: list[str]) -> str:
        """What edits move, as HTML.

        Raises:
            UserError: there is nothing to compare with, no edit, or one that can't be made.
        """
        if person is None or said is None:
            raise UserError("Ask what comes next first; then an edit can be compared with it.")
        if not edits:
            raise UserError("Choose a line to leave out, or fill in something to add.")
        after = self._ranked(edited(person, edits, self._run.recommender.reading))
        found = moved(*(replace(one, ranked=one.ranked[:SHOWN], given=one.ranked[SHOWN:]) for one in (said, after)))
        return showing.moves([_worded(edit, said) for edit in edits], found, after.reason)

    def _ranked(self, person: Understood) -> Recommended:
        return next(self._run.recommender.recommend_all([person], Choice(k=len(self._taxonomy))))


def edits(
    dropped: list[str] | None, title: str | None, start: str | None, learned: str | None, finished: str | None
) -> list[str]:
    """The form of *What if* in the words of `what_if.edited`.

    Raises:
        UserError: a date is missing or can't be read.
    """
    found = [f"drop {number}" for number in dropped or ()]
    if job := _one_line(title):
        found.append(f"add {drafts.dated(start, 'From')} {job}")
    if education := _one_line(learned):
        found.append(f"add education {drafts.dated(finished, 'Finished')} {education}")
    return found


def _one_line(words: str | None) -> str:
    return " ".join((words or "").split())[: drafts.LONGEST]


def _worded(edit: str, said: Recommended) -> str:
    """An edit as people read it."""
    kind, _, rest = edit.partition(" ")
    return f"without “{said.history[int(rest) - 1].text}”" if kind == "drop" else f"with {rest}"


def build(run: "Opened") -> None:
    """Lay the tab out, inside a tab of gradio."""
    import gradio as gr

    desk, titles = Desk(run), [one.title for one in run.recommender.taxonomy]
    draft, person, said = gr.State(drafts.empty()), gr.State(None), gr.State(None)
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=5, min_width=300):
            html("<h2>A career</h2>")
            title = gr.Dropdown(titles, value=None, allow_custom_value=True, label="Job title (type to search)")
            with gr.Row():
                start = gr.Textbox(label="From", placeholder="2012 or 2012-03", min_width=110)
                end = gr.Textbox(label="Until (if over)", placeholder="2015", min_width=110)
            add_job = gr.Button("Add this job")
            with gr.Row():
                learned = gr.Textbox(label="Education", placeholder="Bachelor, History", min_width=110)
                finished = gr.Textbox(label="Finished", placeholder="2010", min_width=110)
            add_education = gr.Button("Add this education")
            with gr.Accordion("Paste or upload", open=False):
                html(render("file.html.j2"), js_on_load=_FILE_CHOSEN)
                pasted = gr.Textbox(label="Or paste JSON: a career of ours, or a JSON Resume", lines=5, max_lines=12)
                read = gr.Button("Read what is pasted")
            with gr.Accordion("Change", open=False):
                line = gr.Dropdown([], value=None, label="A line of the career")
                take_out = gr.Button("Take this line out")
                born = gr.Textbox(label="Year of birth (may stay empty)", placeholder="1985")
                start_anew = gr.Button("Start anew")
            ask = gr.Button("What comes next?", variant="primary", elem_id="ask")
            # not seen: what the browser read from a file comes in through these
            content = gr.Textbox(visible="hidden", label="content")
            read_file = gr.Button("Read the file", visible="hidden", elem_id="read-file")
        with gr.Column(scale=7, min_width=300):
            told_of = html("", elem_id="try-message")
            shown = html(desk.looked_at(drafts.empty()), elem_id="try-shown")
            with gr.Accordion("What if …", open=False, visible=False) as what_if:
                dropped = gr.Dropdown([], value=[], multiselect=True, label="Without these lines")
                with gr.Row():
                    other = gr.Dropdown(titles, value=None, allow_custom_value=True, label="With this job", min_width=200)
                    other_start = gr.Textbox(label="From", placeholder="2012-03", min_width=110)
                with gr.Row():
                    other_learned = gr.Textbox(label="With this education", placeholder="Master", min_width=200)
                    other_finished = gr.Textbox(label="Finished", placeholder="2015", min_width=110)
                see = gr.Button("See what that moves")
                moved_of = html("", elem_id="moved")

    def changed(now: Draft, words: str) -> tuple[Any, ...]:
        """Values of `after`: the career as it is now, with what was ranked before taken away."""
        lines = gr.Dropdown(choices=drafts.names(now), value=None)
        return message(words), now, desk.looked_at(now), lines, None, None, gr.Accordion(visible=False), ""

    after = [told_of, draft, shown, line, person, said, what_if, moved_of]
    fields = len(after) - 1

    @told(fields + 3)
    def job(now: Draft, *form: Any) -> tuple[Any, ...]:
        return *changed(drafts.with_job(now, *form), "The job is added."), None, "", ""

    @told(fields + 2)
    def education(now: Draft, *form: Any) -> tuple[Any, ...]:
        return *changed(drafts.with_education(now, *form), "The education is added."), "", ""

    @told(fields)
    def text(given: str) -> tuple[Any, ...]:
        found, left = drafts.from_text(given)
        return changed(found, " ".join(["Read: job titles, dates and education, and nothing else.", *left]))

    @told(fields)
    def removed(now: Draft, key: str | None) -> tuple[Any, ...]:
        return changed(drafts.without(now, key), "The line is taken out.")

    @told(fields)
    def anew() -> tuple[Any, ...]:
        return changed(drafts.empty(), "")

    @told(6)
    def answered(now: Draft, year: str) -> tuple[Any, ...]:
        found, one, what = desk.answer(now, year)
        lines = gr.Dropdown(choices=[(each.text, str(each.number)) for each in what.history], value=[])
        return message("Ranked."), found, one, what, gr.Accordion(visible=True), lines, ""

    @told(1)
    def compared(one: Any, what: Any, *form: Any) -> tuple[Any, ...]:
        return message(""), desk.moves(one, what, edits(*form))

    add_job.click(job, [draft, title, start, end], [*after, title, start, end])
    add_education.click(education, [draft, learned, finished], [*after, learned, finished])
    read.click(text, [pasted], after, js=_CUT)
    read_file.click(text, [content], after, js=_READ_FILE)
    take_out.click(removed, [draft, line], after)
    start_anew.click(anew, None, after)
    ranked = [told_of, shown, person, said, what_if, dropped, moved_of]
    ask.click(answered, [draft, born], ranked, concurrency_limit=1, concurrency_id=MODEL)
    form = [dropped, other, other_start, other_learned, other_finished]
    see.click(compared, [person, said, *form], [told_of, moved_of], concurrency_limit=1, concurrency_id=MODEL)
