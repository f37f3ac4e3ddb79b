import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.codes import coded
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.reasons.naming import target_names


def test_codes_stand_for_titles_and_nothing_else_changes(tiny_taxonomy):
    told = coded(tiny_taxonomy)
    assert [o.title for o in told] == list(tiny_taxonomy.codes) == list(told.codes)
    assert [(o.group, o.sector) for o in told] == [(o.group, o.sector) for o in tiny_taxonomy]
    assert [told.related(c) for c in told.codes] == [tiny_taxonomy.related(c) for c in tiny_taxonomy.codes]


def test_a_reason_that_names_its_target_by_code_or_title_is_found_out(tiny_taxonomy):
    told, history = coded(tiny_taxonomy), Career(Person("1"), (), (Job("b", Date(1990)),))
    for text in ("Next comes p.", "They will be Pilots."):
        assert target_names(text, history, "p", told)
    assert not target_names("They were b before.", history, "p", told)


def test_titles_that_are_codes_already_are_refused():
    with pytest.raises(UserError, match="no codes besides their titles"):
        coded(Taxonomy("own", [Occupation("Cooks", "Cooks"), Occupation("Bakers", "Bakers")], {}))
