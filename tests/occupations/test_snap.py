"""From a written title to an occupation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import onet
from reasoning_occ.occupations.snap import Snap, Snapped
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Bus drivers", Snapped("exact", "d")),
        ("  bus   DRIVERS ", Snapped("exact", "d")),
        ("d", Snapped("exact", "d")),  # a code
        ("Chefs", Snapped("alias", "c")),
        ("meat cutters", Snapped("alias", "m")),
        ("Bus driver", Snapped("nearest", "d")),
        ("Nurse", Snapped("nearest", "n")),
        ("Astronauts", Snapped("unmatched", None)),
        ("", Snapped("unmatched", None)),
        ("Cooks " * 10_000, Snapped("unmatched", None)),
    ],
)
def test_the_first_way_that_finds_one_counts(tiny_taxonomy, written, found):
    assert Snap(tiny_taxonomy, 0.8)(written) == found


def test_an_alias_of_two_occupations_names_neither_and_a_title_wins():
    taxonomy = Taxonomy(
        "two", [Occupation("1", "Cooks", ("Helpers", "Bakers")), Occupation("2", "Bakers", ("Helpers",))], {}
    )
    snap = Snap(taxonomy, 0.8)
    assert snap("Helpers") == ("unmatched", None) and snap("bakers") == ("exact", "2")


def test_the_least_likeness_is_the_bound_and_equals_take_the_first():
    taxonomy = Taxonomy("near", [Occupation("1", "abcx"), Occupation("2", "abcy")], {})
    assert Snap(taxonomy, 0.75)("abcd") == ("nearest", "1")  # 2 * 3 / 8
    assert Snap(taxonomy, 0.76)("abcd") == ("unmatched", None)
    for least in (0, 1.5, "high", True):
        with pytest.raises(UserError, match="least_similarity: expected a number above 0 and at most 1"):
            Snap(taxonomy, least)


@given(st.text(max_size=30))
def test_what_is_found_is_what_a_plain_search_finds(tiny_taxonomy, written):
    from difflib import SequenceMatcher

    how, code = Snap(tiny_taxonomy, 0.3)(written)
    plain = " ".join(written.lower().split())
    likeness = [SequenceMatcher(None, o.title.lower(), plain, autojunk=False).ratio() for o in tiny_taxonomy]
    if how == "nearest":
        assert code == tiny_taxonomy.codes[likeness.index(max(likeness))] and max(likeness) >= 0.3
    elif how == "unmatched":
        assert max(likeness) < 0.3 or not plain


def test_the_alternate_titles_of_onet_are_aliases(data_dir):
    taxonomy = onet.taxonomy(data_dir / "onet")
    snap = Snap(taxonomy, 0.8)
    assert snap("Software Developers") == ("exact", taxonomy.find("Software Developers"))
    occupation = taxonomy[taxonomy.find("Software Developers")]
    own = [alias for alias in occupation.aliases if snap(alias) == ("alias", occupation.code)]
    assert len(own) > 5
    assert snap("Sofware Developer") == ("nearest", occupation.code)
