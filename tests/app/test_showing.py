"""The HTML of the page."""

import re

import pytest

from reasoning_occ.app import showing
from reasoning_occ.app.render import message, render
from reasoning_occ.app.wiring import told
from reasoning_occ.careers.types import Career, Date, Education, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.recommend import Claim, Line, Ranked, Recommended
from reasoning_occ.recommend.reading import Understood
from reasoning_occ.recommend.results import TitleMatch
from reasoning_occ.recommend.what_if import Moved

EVIL = "<img src=x onerror=alert(1)>\"'</li><script>"


def said(**other):
    values = {
        "person": "a",
        "history": (Line(1, f"2001: {EVIL}", (EVIL,)), Line(2, "2005: Cooks")),
        "titles": (TitleMatch(EVIL, "unmatched", None, None), TitleMatch("Chef", "alias", "Cooks", "c")),
        "left_out": {EVIL: 2},
        "reason": EVIL,
        "claims": (Claim(EVIL, "wrong", (1, 2), (EVIL,)), Claim("Then.", "outlook", (2,))),
        "ranked": (Ranked(EVIL, "p", 1, 0.5), Ranked("Bakers", "b", 2, 0.25), Ranked("Nurses", "n", 3, 0.0002)),
        "notes": (EVIL,),
        "warnings": (EVIL,),
    }
    return Recommended(**(values | other))


def is_escaped(html):
    return "<img" not in html and "<script" not in html and "&lt;img" in html


def test_all_that_people_write_is_escaped(tiny_taxonomy):
    history = Career(Person("a"), (Education(Date(2001), EVIL),), (Job("c", Date(2002)),))
    for html in (
        showing.answer(said(), 3, True, 1),
        showing.answer(said(claims=()), 3, True, 1),
        showing.history(Understood(history, said().titles, {}), tiny_taxonomy),
        showing.history(Understood(history, (), {}), tiny_taxonomy, [EVIL]),
        showing.moves([EVIL], [Moved(EVIL, (1, 2), (0.5, 0.25))], said()),
        showing.moves([EVIL], [Moved(EVIL, (1, 2), (0.5, 0.25))], said(claims=())),
        message(EVIL, "wrong"),
        render("hint.html.j2", jobs=[], learned=[EVIL], left=[], wrong=""),
        render("hint.html.j2", jobs=[EVIL], learned=[], left=[EVIL], wrong=EVIL),
        render("reason.html.j2", history=[EVIL], reason=EVIL, title=EVIL),
    ):
        assert is_escaped(html)


def test_lines_bear_the_numbers_of_the_sentences_that_speak_of_them():
    html = showing.answer(said(), 2, True, 1)
    assert 'class="line-1 e1 shown"' in html and 'class="line-2 e1 e2 shown"' in html
    assert 'class="s1 wrong" tabindex="0"' in html and "does not stand in the history" in html
    assert "50.0%" in html and "width:50.0%" in html and "Nurses" not in html, "two titles were asked for"
    assert "“Chef” is another name of Cooks." in html
    assert "&lt;0.1%" in showing.answer(said(), 3, True, 1)


def test_a_run_without_reasons_says_so():
    alone = said(reason=None, claims=())
    assert "This run writes no reason" in showing.answer(alone, 3, False, 1)
    assert "No reason of its could be read" in showing.answer(alone, 3, True, 1)


def test_uncertainty_goes_from_the_lowest_to_the_highest():
    found = showing.bar(Ranked("Cooks", "c", 1, 0.3, by_reason=(0.4, 0.1, 0.4)))
    assert (found.low, found.high) == (0.1, 0.4) and showing.longest([found]) == 0.4
    assert showing.bar(Ranked("Cooks", "c", 1, 0.3)).low is None


def test_a_move_points_up_or_down_only_where_it_can_be_seen():
    html = showing.moves(
        ["x"],
        [Moved("a", (1, 2), (0.5, 0.25)), Moved("b", (2, 1), (0.1, 0.2)), Moved("c", (3, None), (0.30001, 0.3))],
        said(),
    )
    assert (html.count("▼"), html.count("▲")) == (1, 1)
    assert "3 → -" in re.sub(r"\s+", " ", html)


def test_no_error_gets_to_the_page_but_a_users_sentence(capsys):
    pytest.importorskip("gradio", reason='needs gradio: pip install "reasoning-occ[app]"')

    @told(2)
    def user():
        raise UserError("--what-if: do <b>that</b>")

    @told(1)
    def ours():
        raise ValueError("a secret")

    first, *rest = user()
    assert "do &lt;b&gt;that" in first and "what-if" not in first and len(rest) == 2
    first, *_ = ours()
    assert "secret" not in first and "mistake of this page" in first and "a secret" in capsys.readouterr().err
