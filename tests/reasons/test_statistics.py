import numpy as np
import pytest

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.reasons.direction import DIRECTIONS, Compass, Direction
from reasoning_occ.reasons.statistics import Fact, Statistics, facts_of, half


def walk(person: str, *codes: str) -> list[Transition]:
    jobs = tuple(Job(code, Date(1970 + i), Date(1970 + i)) for i, code in enumerate(codes))
    return list(Career(Person(person), (), jobs).transitions())


def test_direction_of_every_kind(tiny_taxonomy):
    history = walk("1", "n", "b", "c")[1].history  # held nurses, now bakers in shops
    compass = Compass(tiny_taxonomy)
    assert compass.of(history, "n") is Direction.BACK
    assert compass.of(history, "c") is Direction.SAME_WORK
    assert compass.of(history, "m") is Direction.BOTH  # same group and same sector: something else has changed
    assert compass.of(history, "p") is Direction.BOTH
    shop = Taxonomy("t", [Occupation("a", "A", (), "g", "s"), Occupation("b", "B", (), "h", "s")], {})
    assert Compass(shop).between([], "a", "b") is Direction.SAME_INDUSTRY


def test_without_sectors_and_groups_a_direction_is_near_or_far():
    plain = Taxonomy("t", [Occupation("a", "A"), Occupation("b", "B"), Occupation("c", "C")], {"a": ["b"]})
    compass = Compass(plain)
    assert compass.between([], "a", "b") is Direction.NEAR
    assert compass.between([], "a", "c") is Direction.FAR
    assert compass.between(["c"], "a", "c") is Direction.BACK


def test_each_other_occupation_lies_in_exactly_one_direction(nls):
    compass = Compass(nls.taxonomy)
    for present in nls.taxonomy.codes:
        members = sum(compass.members(present, d).astype(int) for d in DIRECTIONS)
        assert np.delete(members, nls.taxonomy.index(present)).tolist() == [1] * (len(nls.taxonomy) - 1)


def test_lift_is_seen_over_expected_with_the_pseudo_count_in_both():
    plain = Taxonomy("t", [Occupation("a", "A"), Occupation("b", "B"), Occupation("c", "C")], {})
    statistics = Statistics(plain, shrink=2.0)
    statistics.fit([*walk("1", "a", "b"), *walk("2", "a", "b"), *walk("3", "c", "b"), *walk("4", "c", "a")])
    # targets b b b a, each occupation counted once more: shares 2/7, 4/7, 1/7; from "a" twice to b
    expected = [(0 + 2) / (2 * 2 / 7 + 2), (2 + 2) / (2 * 4 / 7 + 2), (0 + 2) / (2 * 1 / 7 + 2)]
    assert statistics.lift(Fact("present", "a"), without="").tolist() == pytest.approx(expected)


def test_the_lift_of_a_fact_never_seen_is_one(nls, teachers_statistics):
    assert teachers_statistics.lift(Fact("held", "no such"), "") == pytest.approx(np.ones(len(nls.taxonomy)))
    assert teachers_statistics.direction_lift(Fact("held", "no such"), Direction.BACK, "") == pytest.approx(1.0)


def test_the_person_explained_is_left_out(nls, transitions):
    everyone, others = Statistics(nls.taxonomy, 20.0), Statistics(nls.taxonomy, 20.0)
    some = transitions[:400]
    everyone.fit(some)
    for person in sorted({t.history.person.id for t in some})[:12]:
        others.fit([t for t in some if t.history.person.id != person])
        own = [t for t in some if t.history.person.id == person]
        for fact in sorted(facts_of(own[-1].history)):
            assert everyone.lift(fact, person) == pytest.approx(others.lift(fact, ""))
            assert everyone.direction_lift(fact, Direction.BACK, person) == pytest.approx(
                others.direction_lift(fact, Direction.BACK, "")
            )
            assert everyone.support(fact, person) == others.support(fact, "")
        assert everyone.prior(person) == pytest.approx(others.prior(""))
        assert not np.allclose(everyone.prior(person), everyone.prior(""))


def test_what_is_likely_is_the_prior_times_every_lift(transitions, teachers_statistics):
    statistics = teachers_statistics
    for transition in transitions[::200]:
        history, person = transition.history, transition.history.person.id
        product = statistics.prior(person)
        for fact in facts_of(history):
            product = product * statistics.lift(fact, person)
        np.testing.assert_allclose(statistics.likely(history), product / product.sum(), rtol=1e-9)


def test_facts_of_a_history():
    jobs = (
        Job("a", Date(1970), Date(1971)),
        Job("b", Date(1972), Date(1973)),
        Job("a", Date(1974), None, Facts(hours=20, region="South", pay="up")),
    )
    history = Career(Person("1"), (Education(Date(1968), "12 years of school", 12),), jobs)
    assert facts_of(history) == {
        Fact("present", "a"),
        Fact("held", "a"),
        Fact("held", "b"),
        Fact("jobs", "3"),
        Fact("hours", "part"),
        Fact("region", "South"),
        Fact("pay", "up"),
        Fact("returned", "yes"),
        Fact("school", "12"),
    }


def test_halves_are_of_about_equal_size_and_never_move():
    share = sum(half(str(i)) for i in range(2000)) / 2000
    assert 0.45 < share < 0.55
    assert [half(str(i)) for i in range(8)] == [half(str(i)) for i in range(8)]


def test_a_pseudo_count_of_nothing_is_refused(tiny_taxonomy):
    with pytest.raises(UserError, match="above 0"):
        Statistics(tiny_taxonomy, 0)
