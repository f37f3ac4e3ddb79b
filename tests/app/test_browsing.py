"""Which test people the page shows."""

import pytest

from reasoning_occ.app.browsing import EVERYBODY, People, card
from reasoning_occ.app.people import ALONE, Browser
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.prediction_file import write
from reasoning_occ.evaluation.predictions import Prediction

EVIL = "<img src=x onerror=alert(1)>"


def said(name, person, first, rank, **other):
    values = {
        "recommender": name,
        "person": person,
        "transition": 1,
        "truth": "c",
        "truth_title": "Cooks",
        "top": ((first, 0.5), ("Nurses", 0.25)),
        "rank": rank,
        "log_prob": -2.0,
        "probability": 0.5,
        "reason": EVIL,
        "history": (f"2001: {EVIL}",),
        "slices": {"race": "white" if person == "1" else EVIL},
    }
    return Prediction(**(values | other))


@pytest.fixture
def people(tmp_path, tiny_taxonomy):
    files = {
        "ours": [said("ours", "1", "Cooks", 1), said("ours", "2", "Bakers", 5), said("ours", "3", "Pilots", 3)],
        "theirs": [said("theirs", "1", "Nurses", 2), said("theirs", "2", "Cooks", 1)],
    }
    for name, rows in files.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name / "predictions.jsonl", rows)
    return People({name: tmp_path / name for name in files}, tiny_taxonomy)


def test_people_are_chosen_by_slice_and_by_right_or_wrong(people):
    def chosen(*choice):
        return [one.person for one in people.chosen(*choice)]

    assert chosen(EVERYBODY, "all") == ["1", "2", "3"]
    assert chosen(EVERYBODY, "right") == ["1"] and chosen(EVERYBODY, "wrong") == ["2", "3"]
    assert chosen("race: white", "all") == ["1"] and chosen("race: white", "wrong") == []
    assert ("everybody (3)", EVERYBODY) in people.groups() and ("past jobs: 1 (3)", "past jobs: 1") in people.groups()
    with pytest.raises(UserError, match="groups that are listed"):
        people.chosen("../etc", "all")


def test_numbers_stay_in_range_and_two_runs_stand_side_by_side(people):
    browser = Browser(people)
    assert browser.page(EVERYBODY, "all", ALONE, 99)[::2] == ("Person 3 of 3.", 3)
    assert browser.page(EVERYBODY, "all", None, -5)[2] == 1 and browser.page(EVERYBODY, "all", None, None)[2] == 1
    where, html, at = browser.page("race: white", "wrong", ALONE, 1)
    assert where == "0 people" and "Nobody is left" in html and at == 1
    _, html, _ = browser.page(EVERYBODY, "all", "theirs", 2)
    assert html.count('class="titles"') == 2 and html.index("first title wrong") < html.index("first title right")
    with pytest.raises(UserError, match="theirs was not tested on person 3"):
        browser.page(EVERYBODY, "all", "theirs", 3)
    with pytest.raises(UserError, match="runs that are listed"):
        browser.page(EVERYBODY, "all", "../theirs", 1)


def test_a_card_escapes_all_and_tells_where_the_truth_stands(people):
    one = people.chosen(EVERYBODY, "all")[1]
    html = card(one, people.sides(one, None))
    assert "<img" not in html and html.count("&lt;img") == 3
    assert "What came next stands at place 5, with a probability of 14%." in html
    alone = said("api", "9", "Bakers", None, log_prob=None, probability=None, top=(("Bakers", None),))
    from reasoning_occ.app.browsing import _side

    assert "ranks none" in card(alone, [_side("api", alone)])
