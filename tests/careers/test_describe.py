from dataclasses import replace

import pytest

from reasoning_occ.careers.describe import describe, gaps, known, labels, returns
from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person


def career(person, *jobs, **more):
    return Career(Person(person), (), tuple(Job(code, Date(*start)) for code, *start in jobs), **more)


def test_numbers_of_the_survey_are_those_of_a_slow_count(nls):
    found = describe(nls.careers, nls.taxonomy)
    transitions = previous = anywhere = 0
    held, asked, begun, long = {}, {}, {}, {}
    for one in nls.careers:
        codes = [job.occupation for job in one.jobs]
        long[len(codes)] = long.get(len(codes), 0) + 1
        for i, job in enumerate(one.jobs):
            held[job.occupation] = held.get(job.occupation, 0) + 1
            begun[job.start.year] = begun.get(job.start.year, 0) + 1
            if i == 0:
                continue
            transitions += 1
            asked[job.occupation] = asked.get(job.occupation, 0) + 1
            if i >= 2 and codes[i] == codes[i - 2]:
                previous += 1
            if codes[i] in codes[:i]:
                anywhere += 1
    assert (found["people"], found["transitions"]) == (len(nls.careers), transitions)
    assert found["jobs"] == transitions + len(nls.careers) == sum(held.values())
    assert found["returns"]["to_previous"] == {"n": previous, "of": transitions, "share": previous / transitions}
    assert found["returns"]["to_any_before"]["n"] == anywhere > previous > 0
    assert found["returns"]["stays"]["n"] == 0
    assert found["labels"]["jobs"]["seen"] == len(held)
    assert found["labels"]["targets"]["once"] == list(asked.values()).count(1)
    assert found["labels"]["targets"]["never"] == len(nls.taxonomy) - len(asked)
    assert found["labels"]["most_frequent"][0]["jobs"] == max(held.values())
    assert found["labels"]["targets"]["frequencies"] == sorted(asked.values(), reverse=True)
    assert found["years"]["jobs_begun"] == {str(year): begun[year] for year in sorted(begun)}
    assert (found["years"]["first"], found["years"]["last"]) == (min(begun), max(begun))
    assert found["career_lengths"]["people"] == {str(n): long[n] for n in sorted(long)}
    assert found["career_lengths"]["most"] == max(long)
    hours = sum(job.facts.hours is not None for one in nls.careers for job in one.jobs)
    assert found["known"]["jobs"]["hours"]["n"] == hours
    assert found["gaps"]["known"] + found["gaps"]["unknown"] == transitions


def test_a_return_is_to_the_occupation_before_or_to_any_held_before():
    steps = [("c", 1970), ("b", 1971), ("c", 1972), ("p", 1973), ("b", 1974)]
    found = returns(list(career("1", *steps).transitions()))
    assert (found["to_previous"]["n"], found["to_any_before"]["n"]) == (1, 2)


def test_in_data_with_stays_a_return_is_to_another_occupation():
    steps = [("c", 1970), ("b", 1971), ("b", 1972), ("c", 1973), ("c", 1974)]
    found = returns(list(career("1", *steps, stays=True).transitions()))
    assert found["stays"] == {"n": 2, "of": 4, "share": 0.5}
    assert (found["to_previous"]["n"], found["to_any_before"]["n"]) == (1, 1)


def test_jobs_that_may_not_be_targets_count_as_held_and_not_as_asked_for(tiny_taxonomy):
    one = career("1", ("c", 1970), ("b", 1971), ("p", 1972))
    unsure = replace(one, jobs=(one.jobs[0], replace(one.jobs[1], may_be_target=False), one.jobs[2]))
    found = labels([unsure], tiny_taxonomy)
    assert (found["jobs"]["seen"], found["targets"]["seen"], found["targets"]["never"]) == (3, 1, 5)
    assert known([unsure])["jobs"]["may be a target"]["n"] == 2


def test_targets_without_related_occupations(tiny_taxonomy):
    # nurses have no list
    found = describe([career("1", ("c", 1970), ("n", 1971), ("b", 1972))], tiny_taxonomy)
    assert found["without_related"] == {"n": 1, "of": 2, "share": 0.5}
    assert found["labels"]["with_related"] == 5


@pytest.mark.parametrize(
    ("end", "start", "years"),
    [
        ((1970,), (1970,), "0"),
        ((1970,), (1973, 2), "3"),
        ((1970, 12), (1971, 1), "0"),
        ((1970, 1), (1971, 1), "1"),
        ((1970, 2), (1972, 1), "1"),
    ],
)
def test_gaps_are_in_whole_years_and_by_months_where_both_are_known(end, start, years):
    one = Career(Person("1"), (), (Job("c", Date(1969), Date(*end)), Job("b", Date(*start))))
    assert gaps([one]) == {"known": 1, "unknown": 0, "years": {years: 1}}


def test_an_end_that_is_not_known_makes_no_gap():
    assert gaps([career("1", ("c", 1970), ("b", 1975))]) == {"known": 0, "unknown": 1, "years": {}}


def test_what_is_known_of_jobs_and_people():
    jobs = (Job("c", Date(1970), None, Facts(hours=40, wage=9.5)), Job("b", Date(1971), Date(1972), Facts(hours=0)))
    one = Career(Person("1", 1950, {"race": "x"}), (Education(Date(1969), "school"),), jobs)
    found = known([one, replace(one, person=Person("2"), education=())])
    assert {name: entry["n"] for name, entry in found["jobs"].items() if entry["n"]} == {
        "hours": 4,
        "wage": 2,
        "end": 2,
        "may be a target": 4,
    }
    assert {name: entry["n"] for name, entry in found["people"].items()} == {
        "birth_year": 1,
        "education": 1,
        "slice race": 1,
    }
