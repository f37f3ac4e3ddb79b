"""The tab *Try it*: a career by forms, as JSON or from a file; its reason, what comes next, what an edit moves."""

from typing import TYPE_CHECKING, Any, NamedTuple

from reasoning_occ.app import drafts
from reasoning_occ.app.desk import Desk, edits
from reasoning_occ.app.drafts import LARGEST, Draft
from reasoning_occ.app.render import message, render
from reasoning_occ.app.wiring import MODEL, html, told

if TYPE_CHECKING:
    from reasoning_occ.app.opened import Opened

# run in the browser, see page.js
_CUT = f"(text) => [(text || '').slice(0, {LARGEST + 1})]"
_READ_FILE = f"async () => [await readResume({LARGEST})]"
_FILE_CHOSEN = "whenResumeIsChosen(() => document.querySelector('#read-file').click());"


class Form(NamedTuple):
    """Where a career is built."""

    title: Any
    start: Any
    end: Any
    add_job: Any
    learned: Any
    finished: Any
    add_education: Any
    pasted: Any
    read: Any
    line: Any
    take_out: Any
    born: Any
    start_anew: Any
    ask: Any
    content: Any
    read_file: Any


class Result(NamedTuple):
    """What is seen of it, and where edits are tried."""

    message: Any
    shown: Any
    what_if: Any
    dropped: Any
    title: Any
    start: Any
    learned: Any
    finished: Any
    see: Any
    moved: Any


class Kept(NamedTuple):
    """Of a session: the career, what was left out when it was read, and what was last ranked, which edits are compared
    with."""

    draft: Any
    left: Any
    person: Any
    said: Any


def build(run: "Opened") -> None:
    """Lay the tab out, inside a tab of gradio."""
    import gradio as gr

    desk, titles = Desk(run), [one.title for one in run.recommender.taxonomy]
    kept = Kept(gr.State(drafts.empty()), gr.State([]), gr.State(None), gr.State(None))
    with gr.Row():
        with gr.Column(scale=5, min_width=300):
            form = _form(titles)
        with gr.Column(scale=7, min_width=300):
            result = _result(titles, desk.looked_at(drafts.empty()))
    asked = _questions(desk, kept, form, result)
    _changes(desk, kept, form, result, asked)


def _form(titles: list[str]) -> Form:
    import gradio as gr

    html("<h2>A career</h2>")
    title = gr.Dropdown(titles, value=None, allow_custom_value=True, label="Job title (type to search)")
    with gr.Row():
        start = gr.Textbox(label="From", placeholder="2012-03", min_width=110)
        end = gr.Textbox(label="Until (if over)", placeholder="2015", min_width=110)
    add_job = gr.Button("Add this job")
    with gr.Row():
        learned = gr.Textbox(label="Education", placeholder="Bachelor", min_width=110)
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
    ask = gr.Button("What comes next?", variant="primary")
    # not seen: what the browser read from a file comes in through these
    content = gr.Textbox(visible="hidden", label="content")
    read_file = gr.Button("Read the file", visible="hidden", elem_id="read-file")
    jobs, education = (title, start, end, add_job), (learned, finished, add_education)
    return Form(*jobs, *education, pasted, read, line, take_out, born, start_anew, ask, content, read_file)


def _result(titles: list[str], first: str) -> Result:
    import gradio as gr

    told_of, shown = html("", elem_id="try-message"), html(first, elem_id="try-shown")
    with gr.Accordion("What if …", open=False, visible=False) as what_if:
        dropped = gr.Dropdown([], value=[], multiselect=True, label="Without these lines")
        with gr.Row():
            title = gr.Dropdown(titles, value=None, allow_custom_value=True, label="With this job", min_width=200)
            start = gr.Textbox(label="From", placeholder="2012-03; empty: in place of it", min_width=110)
        with gr.Row():
            learned = gr.Textbox(label="With this education", placeholder="Master", min_width=200)
            finished = gr.Textbox(label="Finished", placeholder="2015", min_width=110)
        see = gr.Button("See what that moves")
        moved = html("", elem_id="moved")
    return Result(told_of, shown, what_if, dropped, title, start, learned, finished, see, moved)


def _changes(desk: Desk, kept: Kept, form: Form, result: Result, asked: Any) -> None:
    """What changes the career: after each, the lines are shown anew, what was ranked before is taken away, and what was
    asked of it before is answered to nobody."""
    import gradio as gr

    asked_of = [kept.person, kept.said, result.what_if, result.moved]
    after = [result.message, kept.draft, kept.left, result.shown, form.line, *asked_of]
    fields = len(after) - 1

    def changed(now: Draft, left: list[str], words: str) -> tuple[Any, ...]:
        lines = gr.Dropdown(choices=drafts.names(now), value=None)
        shown = desk.looked_at(now, left)
        return message(words), now, left, shown, lines, None, None, gr.Accordion(visible=False), ""

    @told(fields + 3)
    def job(now: Draft, left: list[str], *given: Any) -> tuple[Any, ...]:
        return *changed(drafts.with_job(now, *given), left, "The job is added."), None, "", ""

    @told(fields + 2)
    def education(now: Draft, left: list[str], *given: Any) -> tuple[Any, ...]:
        return *changed(drafts.with_education(now, *given), left, "The education is added."), "", ""

    @told(fields)
    def text(given: str | None) -> tuple[Any, ...]:
        found, left = drafts.from_text(given or "")
        read = "Read: job titles, dates and education, and nothing else."
        return changed(found, left, read if drafts.names(found) else "No job and no education could be read.")

    @told(fields)
    def removed(now: Draft, left: list[str], key: str | None) -> tuple[Any, ...]:
        return changed(drafts.without(now, key), left, "The line is taken out.")

    @told(fields)
    def anew() -> tuple[Any, ...]:
        return changed(drafts.empty(), [], "")

    fresh = [form.title, form.start, form.end]
    form.add_job.click(job, [kept.draft, kept.left, *fresh], [*after, *fresh], cancels=[asked])
    fresh = [form.learned, form.finished]
    form.add_education.click(education, [kept.draft, kept.left, *fresh], [*after, *fresh], cancels=[asked])
    form.read.click(text, [form.pasted], after, js=_CUT, cancels=[asked])
    form.read_file.click(text, [form.content], after, js=_READ_FILE, cancels=[asked])
    form.take_out.click(removed, [kept.draft, kept.left, form.line], after, cancels=[asked])
    form.start_anew.click(anew, None, after, cancels=[asked])

    # told at once, not only once the model is free
    @told(0)
    def born(year: str | None) -> tuple[Any, ...]:
        drafts.with_birth(drafts.empty(), year)
        return (message(""),)

    form.born.blur(born, [form.born], [result.message])


def _questions(desk: Desk, kept: Kept, form: Form, result: Result) -> Any:
    """What asks the run: what comes next, and what an edit moves. Gives the event of the first."""
    import gradio as gr

    @told(6)
    def answered(now: Draft, left: list[str], year: str | None) -> tuple[Any, ...]:
        found, person, said = desk.answer(now, year, left)
        lines = gr.Dropdown(choices=[(line.text, str(line.number)) for line in said.history], value=[])
        return message("Ranked."), found, person, said, gr.Accordion(visible=True), lines, ""

    @told(1)
    def compared(person: Any, said: Any, *given: Any) -> tuple[Any, ...]:
        return message(""), desk.moves(person, said, edits(*given, jobs=desk.jobs(person)))

    one: Any = {"concurrency_limit": 1, "concurrency_id": MODEL}
    ranked = [result.message, result.shown, kept.person, kept.said, result.what_if, result.dropped, result.moved]
    asked = form.ask.click(answered, [kept.draft, kept.left, form.born], ranked, **one)
    given = [result.dropped, result.title, result.start, result.learned, result.finished]
    result.see.click(compared, [kept.person, kept.said, *given], [result.message, result.moved], **one)
    return asked
