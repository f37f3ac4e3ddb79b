import pytest

from reasoning_occ.errors import UnknownOccupation, UserError
from reasoning_occ.occupations.codes import coded
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy


@pytest.fixture
def aides() -> Taxonomy:
    return Taxonomy(
        "t",
        [
            Occupation("1", "Nursing Assistants", ("Aide", "CNA", "aide")),
            Occupation("2", "Teaching  Assistants", ("aide", "Clerk")),
            Occupation("3", "Clerk", ("Aides",)),
        ],
        {},
    )


def test_an_alias_of_two_occupations_is_told_as_such_and_names_both(aides):
    with pytest.raises(UnknownOccupation) as told:
        aides.find("AIDE")
    for part in ("'AIDE' is an alias of 2", "'Nursing Assistants' (1)", "'Teaching  Assistants' (2)", "title or code"):
        assert part in str(told.value)
    assert "is no title" not in str(told.value)


def test_an_alias_of_many_occupations_names_the_first(aides):
    many = Taxonomy("t", [Occupation(str(i), f"Title {i}", ("Helper",)) for i in range(9)], {})
    with pytest.raises(UnknownOccupation, match=r"of 9 occupations.*'Title 4' \(4\) and 4 more\."):
        many.find("helper")


def test_case_and_spaces_do_not_matter_and_a_title_wins_over_an_alias(aides):
    assert aides.find(" teaching assistants") == "2"
    assert aides.find("Nursing   Assistants") == "1"
    assert aides.find("clerk") == "3"
    assert aides.find("cna") == "1"


def test_all_of_a_name_are_told_at_once(aides):
    assert [aides.named(name) for name in ("aide", "CLERK", "3", "cook")] == [("1", "2"), ("3",), ("3",), ()]


def test_what_nothing_is_called_is_unknown_with_the_nearest_titles(aides):
    with pytest.raises(UnknownOccupation, match=r"is no title, code or alias.*nearest titles: 'Clerk'"):
        aides.find("Clerks")


@pytest.fixture
def cut(tiny_taxonomy) -> Taxonomy:
    return tiny_taxonomy.only({"n", "m", "c"})


def test_a_part_keeps_order_and_published_places(cut):
    assert cut.codes == ("c", "m", "n")
    # "Bakers", number 1 of both lists, are not ranked
    assert (cut.related("c"), cut.listed("c")) == (("m",), ("b", "m"))
    assert cut.related("m") == ("c",)
    assert cut.related("n") == cut.listed("n") == ()


def test_a_part_of_a_part_and_a_part_in_codes_keep_places_too(cut):
    assert cut.only({"c"}).listed("c") == ("b", "m")
    assert cut.only({"c"}).related("c") == ()
    words = [Occupation(o.code, f"Title {o.code}") for o in cut]
    assert coded(Taxonomy("t", words, {"c": ["b", "m"]}, outside="b")).listed("c") == ("b", "m")


def test_a_related_code_that_is_neither_inside_nor_outside_is_told():
    with pytest.raises(UserError, match="relatedness names the code 'z'"):
        Taxonomy("t", [Occupation("1", "One")], {"1": ["y", "z"]}, outside=["y"])
