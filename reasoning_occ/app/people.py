"""The tab *People*: test people one by one, by slice, right or wrong, two runs side by side."""

from typing import TYPE_CHECKING, Any

from reasoning_occ.app.browsing import EVERYBODY, People, card, nobody
from reasoning_occ.app.render import message
from reasoning_occ.app.wiring import html, told
from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from reasoning_occ.app.opened import Opened

WHICH = ["all", "right", "wrong"]
ALONE = "no other run"


class Browser:
    """Goes through people. Numbers of people count from 1."""

    def __init__(self, people: People) -> None:
        self.people = people

    def page(
        self, group: str | None, which: str | None, other: str | None, number: float | None
    ) -> tuple[str, str, int]:
        """Where one is, the person's card, and the number, brought into range.

        Raises:
            UserError: a choice is none that is listed, or the other run does not know this person.
        """
        found = self.people.chosen(group, which)
        if not found:
            return "0 people", nobody(), 1
        at = min(max(int(number or 1), 1), len(found))
        one = found[at - 1]
        sides = self.people.sides(one, None if other in (None, ALONE) else other)
        return f"Person {at:,} of {len(found):,}.", card(one, sides), at


def build(run: "Opened") -> None:
    """Lay the tab out, inside a tab of gradio."""
    import gradio as gr

    try:
        browser = Browser(People(run.others, run.recommender.taxonomy))
    except UserError as error:
        html(message(f"The people of this run can't be shown: {error}", "wrong"))
        return
    people = browser.people
    where, first, _ = browser.page(EVERYBODY, "all", ALONE, 1)
    with gr.Row():
        group = gr.Dropdown(people.groups(), value=EVERYBODY, label="Which people", min_width=220)
        which = gr.Radio(WHICH, value="all", label="First title", min_width=220)
        other = gr.Dropdown([ALONE, *people.others], value=ALONE, label="Beside it", min_width=220)
    with gr.Row(elem_classes="steps"):
        before = gr.Button("Previous person", min_width=110)
        number = gr.Number(1, label="Number", precision=0, minimum=1, min_width=90)
        after = gr.Button("Next person", min_width=110)
    told_of = html(message(where), elem_id="people-message")
    shown = html(first, elem_id="person")

    def stepping(by: int | None) -> Any:
        @told(2)
        def step(slice_: str | None, hit: str | None, beside: str | None, at: float | None) -> tuple[Any, ...]:
            where, found, now = browser.page(slice_, hit, beside, 1 if by is None else (at or 1) + by)
            return message(where), found, now

        return step

    form, out = [group, which, other, number], [told_of, shown, number]
    gr.on([group.input, which.input], stepping(None), form, out)
    gr.on([other.input, number.submit], stepping(0), form, out)
    before.click(stepping(-1), form, out)
    after.click(stepping(1), form, out)
