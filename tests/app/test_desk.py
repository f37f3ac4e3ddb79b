"""What the tab *Try it* answers, with a run that ranks everything alike."""

from types import SimpleNamespace

import pytest

from reasoning_occ.app.desk import Desk
from reasoning_occ.app.drafts import empty
from reasoning_occ.recommend import Ranked, Recommended
from reasoning_occ.recommend.reading import Reading, as_json, told

LEFT = ("1 job left out: without a start.", "2 pieces of education left out: without an end.")


class Alike:
    """Reads careers as a run does; any of them is followed by the same titles."""

    def __init__(self, taxonomy):
        self.taxonomy = taxonomy
        self.reading = Reading(taxonomy, 0.8, stays=False)

    def understand(self, draft):
        return self.reading.json(as_json(draft), "a")

    def recommend_all(self, people, choice):
        ranked = tuple(Ranked(o.title, o.code, n, 1 / n) for n, o in enumerate(self.taxonomy, start=1))
        for one in people:
            lines = told(one, self.taxonomy)
            yield Recommended("a", lines, one.titles, one.left_out, None, (), ranked, warnings=one.warnings)


@pytest.fixture
def desk(nls):
    return Desk(SimpleNamespace(recommender=Alike(nls.taxonomy), writes=False, drawn=1))


def test_what_was_left_out_stays_beside_the_career_and_its_ranking(desk):
    tutor = {**empty(), "jobs": [{"occupation": "Tutor", "start": "2010"}]}
    nobody = {**empty(), "jobs": [{"occupation": "Qqqqqqq", "start": "2010"}]}
    for html in (
        desk.looked_at(empty(), LEFT),
        desk.looked_at(nobody, LEFT),
        desk.looked_at(tutor, LEFT),
        desk.answer(tutor, None, LEFT)[0],
    ):
        assert all(f">{note}</p>" in html for note in LEFT)


def test_an_edited_history_says_what_its_titles_were_taken_for_and_what_merged(desk):
    _, person, said = desk.answer({**empty(), "jobs": [{"occupation": "Tutor", "start": "2010"}]}, None)
    html = desk.moves(person, said, ["add 2012 Nurse"])
    assert f'<span class="text">{said.history[0].text}</span>' in html
    assert "taken for this from “Tutor”, “Nurse”: a guess" in html
    assert "1 job merged with the same occupation before it." in html
