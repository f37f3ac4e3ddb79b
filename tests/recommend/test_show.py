"""What is printed for people."""

import io

import pytest
from rich.console import Console

from reasoning_occ.careers.json_resume import BY_WORDS, GUESSED, NO_END, NO_NAME, NO_POSITION, NO_START, UNMATCHED
from reasoning_occ.careers.source import CAPPED, MERGED
from reasoning_occ.careers.spells import BACKWARDS
from reasoning_occ.recommend.reading import LATER
from reasoning_occ.recommend.results import Line, Ranked, Recommended
from reasoning_occ.recommend.show import counted, show, show_moved
from reasoning_occ.recommend.what_if import Moved


@pytest.mark.parametrize(
    ("what", "single"),
    [
        (GUESSED, "1 job title taken for the nearest title"),
        (BY_WORDS, "1 job title guessed by its words"),
        (UNMATCHED, "1 job left out: no title is near its own"),
        (NO_POSITION, "1 job left out: without a title"),
        (NO_START, "1 job left out: without a start"),
        (NO_END, "1 piece of education left out: without an end"),
        (NO_NAME, "1 piece of education left out: neither studyType nor area"),
        (LATER, "1 piece of education left out: after the present job began"),
        (MERGED, "1 job merged with the same occupation before it"),
        (BACKWARDS, "1 end before its job's start, taken as not known"),
        (CAPPED, "1 end taken back to the next job's start"),
    ],
)
def test_one_is_told_in_the_singular(what, single):
    assert counted(1, what) == single and counted(2, what) == f"2 {what}"


def said(by_reason=None):
    ranked = (Ranked("Cooks", "c", 1, 0.5, by_reason=by_reason),)
    return Recommended("a", (Line(1, "2001: Bakers", ("Bun maker",)),), (), {MERGED: 1}, "Because.", (), ranked)


def printed(tell, *told):
    file = io.StringIO()
    tell(*told, Console(file=file, width=120))
    return file.getvalue()


def test_of_several_reasons_it_is_told_which_one_is_shown():
    which = "Of 2 reasons drawn, the one that speaks most for the likeliest title."
    assert which in printed(show, said((0.4, 0.6))) and which in printed(show_moved, ["x"], said((0.4, 0.6)), ())
    assert "reasons drawn" not in printed(show, said())


def test_an_edit_shows_how_its_history_was_understood_and_what_was_asked_for():
    moved = [Moved("Cooks", (1, 1), (0.5, 0.25)), Moved("Pilots", (7, 3), (0.01, 0.125), asked=True)]
    told = printed(show_moved, ["add 2003 Baker"], said(), moved)
    assert "2001: Bakers   (guessed from 'Bun maker')" in told
    assert "1 job merged with the same occupation before it" in told
    (row,) = [line.split() for line in told.splitlines() if "Pilots" in line]
    assert row == ["3", "7", "0.125", "0.010", "Pilots", "asked", "for"]
