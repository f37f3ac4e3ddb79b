import time

import pytest

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.reasons.privacy import FIELDS, NEEDED, check_fields, shared

CAREER = Career(
    Person("jane.roe@example.org", 1970, {"race": "told to nobody"}),
    (
        Education(
            Date(1992), "Nursing diploma, ask jane@roe.example or +1 (555) 010-9999, www.roe.example/cv 1988-1992"
        ),
    ),
    (Job("10", Date(1993, 4), Date(1995), Facts(2.0, 40, "South", "up", wage=12.0)),),
)


def test_only_chosen_fields_are_shared():
    least = shared(CAREER, NEEDED)
    assert least == Career(Person("", None), (), (Job("10", Date(1993, 4), Date(1995)),))
    for field, has in {
        "age": lambda c: c.person.birth_year is not None,
        "education": lambda c: bool(c.education),
        "hours": lambda c: c.jobs[0].facts.hours is not None,
        "pay": lambda c: c.jobs[0].facts.pay is not None,
        "region": lambda c: c.jobs[0].facts.region is not None,
        "tenure": lambda c: c.jobs[0].facts.tenure_years is not None,
    }.items():
        assert has(shared(CAREER, [*NEEDED, field])) and not has(shared(CAREER, set(FIELDS) - {field}))

    assert shared(CAREER, [*NEEDED, "pay"]).jobs[0].facts.wage == 12
    assert shared(CAREER, set(FIELDS) - {"pay"}).jobs[0].facts.wage is None


def test_ids_slices_and_contacts_never_are():
    everything = shared(CAREER, FIELDS)
    told = repr(everything)
    assert not any(secret in told for secret in ("jane", "roe", "555", "9999", "race"))
    assert everything.education[0].title == "Nursing diploma, ask [e-mail] or [number], [address] 1988-1992"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("call 555-1234", "call [number]"),
        ("linkedin.com/in/jane-roe, B.A.", "[address] B.A."),
        ("cv at People.Example.org/~jane", "cv at [address]"),
        ("B.Sc/M.Ed., 1968-72, code 11-1011, grade 3.5/4", "B.Sc/M.Ed., 1968-72, code 11-1011, grade 3.5/4"),
        ("Course 101, room 1234, 1988-1992", "Course 101, room 1234, 1988-1992"),
    ],
)
def test_contacts_are_told_from_years_codes_and_degrees(written, sent):
    career = Career(Person("p", 1970), (Education(Date(1992), written),), CAREER.jobs)
    assert shared(career, FIELDS).education[0].title == sent


@pytest.mark.parametrize("piece", ["a.", "1-", "a-", "555-123", "www", "x@", "a.com", "+1 ("])
def test_hostile_text_takes_no_longer_than_its_length(piece):
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    shared(Career(Person("p", 1970), (Education(Date(1992), text),), CAREER.jobs), FIELDS)
    assert time.process_time() - began < 5.0  # a pattern that tries every way takes minutes


def test_unknown_and_missing_fields_are_told():
    with pytest.raises(UserError, match="unknown: \\['name'\\]"):
        check_fields([*FIELDS, "name"])
    with pytest.raises(UserError, match="missing: \\['dates'\\]"):
        check_fields(["occupation"])
