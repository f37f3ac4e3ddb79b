"""Each sentence of a reason against the history."""

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.recommend.evidence import Evidence

HISTORY = Career(
    Person("a", 1980),
    (Education(Date(1998), "12 years of school", 12),),
    (Job("c", Date(2000), Date(2003)), Job("b", Date(2003), Date(2005)), Job("c", Date(2005), None, Facts(pay="up"))),
)


def test_each_sentence_names_the_lines_it_speaks_of(tiny_taxonomy):
    text = (
        "They have worked as Cooks since 2005. They were Bakers from 2003 to 2005. They were Bakers from 2002 to 2005. "
        "They worked as Pilots. The moon is made of cheese and sings at night."
    )
    said = Evidence(tiny_taxonomy, tiny_taxonomy).of(text, HISTORY)
    assert [(c.verdict, c.evidence) for c in said] == [
        ("holds", (4,)),
        ("holds", (3,)),
        ("imprecise", (3,)),
        ("wrong", ()),
        ("unread", ()),
    ]
    assert said[0].text == "They have worked as Cooks since 2005."
    assert said[3].errors == ("'Pilots' was never held.",)


def test_no_reason_has_no_claims(tiny_taxonomy):
    assert Evidence(tiny_taxonomy, tiny_taxonomy).of(None, HISTORY) == ()


def test_what_is_wrong_is_told_in_words_of_the_history(tiny_taxonomy):
    said = Evidence(tiny_taxonomy, tiny_taxonomy).of(
        "It is their first job on record. They have 16 years of school.", HISTORY
    )
    assert [claim.errors for claim in said] == [
        ("The number of jobs on record is 3, not 1.",),
        ("16 years of school are not on record.",),
    ]
