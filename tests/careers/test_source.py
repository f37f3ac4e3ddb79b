from reasoning_occ.careers.source import merge
from reasoning_occ.careers.types import Date, Facts, Job


def test_equal_neighbours_become_one_job_with_the_first_facts_and_the_last_end():
    jobs = merge(
        [
            Job("a", Date(1970), Date(1971), Facts(hours=20)),
            Job("a", Date(1975), Date(1976), Facts(hours=40)),
            Job("b", Date(1977), Date(1977)),
            Job("a", Date(1980), Date(1980)),
        ]
    )
    assert [(j.occupation, j.start.year, j.end.year if j.end else None) for j in jobs] == [
        ("a", 1970, 1976),
        ("b", 1977, 1977),
        ("a", 1980, 1980),
    ]
    assert jobs[0].facts.hours == 20


def test_a_job_ends_when_the_next_begins_at_the_latest():
    first, second = merge([Job("a", Date(1970), Date(1990)), Job("b", Date(1975, 3), Date(1980))])
    assert first.end == Date(1975, 3)
    assert second.end == Date(1980)


def test_an_open_end_stays_open():
    assert merge([Job("a", Date(1970), Date(1971)), Job("a", Date(1972), None)])[0].end is None
