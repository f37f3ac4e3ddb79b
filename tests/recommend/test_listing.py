"""Lists that leave titles out, and recommenders that name one title."""

import numpy as np
import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommend import Choice
from reasoning_occ.recommend.listing import Listing
from reasoning_occ.recommenders.base import Answer, Recommendation

PROBS = np.log(np.array([0.3, 0.25, 0.2, 0.15, 0.1, 1e-300]))


@pytest.fixture
def onet(tiny_taxonomy):
    related = {code: tiny_taxonomy.related(code) for code in tiny_taxonomy.codes}
    return Taxonomy("onet", tiny_taxonomy.occupations, related)


def test_what_needs_too_little_preparation_or_has_no_zone_is_left_out(onet):
    listing = Listing.of(Choice(min_job_zone=3), onet, lambda: {"c": 2, "b": 3, "m": 5, "p": 1})
    ranked, _ = listing.ranked(Recommendation(PROBS))
    assert [(one.title, one.rank) for one in ranked] == [("Bakers", 2), ("Butchers", 3)]
    with pytest.raises(UserError, match=r"no 'Job Zones.txt'"):
        Listing.of(Choice(min_job_zone=3), onet, dict)
    with pytest.raises(UserError, match="from 1 to 5"):
        Listing.of(Choice(min_job_zone=6), onet, dict)


def test_near_titles_stand_under_the_first_they_are_related_to(tiny_taxonomy):
    listing = Listing.of(Choice(k=2, merge_related=True), tiny_taxonomy, dict)
    ranked, _ = listing.ranked(Recommendation(PROBS))
    told = [(one.title, [near.title for near in one.related]) for one in ranked]
    assert told == [("Cooks", ["Bakers", "Butchers"]), ("Pilots", ["Bus drivers"])]
    assert ranked[0].together == pytest.approx(0.75)


def test_one_title_has_no_probability(tiny_taxonomy):
    listing = Listing.of(Choice(given=("Meat cutters",), exclude=("Chefs",)), tiny_taxonomy, dict)
    ranked, given = listing.ranked(Answer("bakers", "exact", "b"))
    assert [(one.title, one.rank, one.probability) for one in (*ranked, *given)] == [
        ("Bakers", None, None),
        ("Butchers", None, None),
    ]
    assert listing.ranked(Answer("Cooks", "exact", "c"))[0] == ()
    assert listing.ranked(Answer("?", "unmatched"))[0] == ()
