import random
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reasoning_occ.careers.source import merge
from reasoning_occ.careers.split import (
    last_transitions,
    people_file,
    place,
    sample_people,
    split_by_person,
    split_from_file,
    unknown_ids,
)
from reasoning_occ.careers.types import Career, Date, Education, Job, Person
from reasoning_occ.errors import UserError

CUT = Date(1990)


def people_of(seed: int, n: int = 40) -> tuple[Career, ...]:
    """People with 2-5 jobs (ends may overlap the next job before merging) and education at any time."""
    dice = random.Random(seed)

    def date() -> Date:
        return Date(dice.randint(1960, 2020), dice.randint(0, 12))

    people = []
    for i in range(n):
        starts = sorted(date() for _ in range(dice.randint(2, 5)))
        ends = [dice.choice([None, max(start, date())]) for start in starts]
        # consecutive numbers: neighbours differ
        jobs = [Job(f"o{(i + k) % 7}", start, end) for k, (start, end) in enumerate(zip(starts, ends, strict=True))]
        learned = sorted(date() for _ in range(dice.randint(0, 3)))
        education = tuple(Education(d, f"course {k}", k) for k, d in enumerate(learned))
        people.append(Career(Person(f"p{i}"), education, merge(jobs)))
    return tuple(people)


@given(st.integers(0, 10**9).map(people_of), st.integers(0, 5), st.none() | st.just(CUT))
def test_no_person_and_no_later_fact_crosses(people, seed, cut):
    try:
        split = split_by_person(people, seed, valid=0.3, test=0.3, cut=cut)
    except UserError:
        assume(False)
        raise
    parts = {"train": split.train, "valid": split.valid, "test": split.test}
    ids = {name: {t.history.person.id for t in part} for name, part in parts.items()}
    assert not ids["train"] & ids["valid"]
    assert not ids["train"] & ids["test"]
    assert not ids["valid"] & ids["test"]

    whole = {c.person.id: c for c in people}
    for name, part in parts.items():
        for t in part:
            jobs, present = t.history.jobs, t.history.jobs[-1]
            assert present.end is None
            assert all(j.start <= present.start for j in jobs)
            assert all(j.end is None or j.end <= present.start for j in jobs[:-1])
            assert all(e.date <= present.start for e in t.history.education)
            following = whole[t.history.person.id].jobs[len(jobs)]
            assert (t.target, t.when) == (following.occupation, following.start)
            if cut is not None:
                assert (t.when >= cut) == (name == "test")
            if name != "test" and cut is not None:
                # nothing that training sees happened at the cut or later
                assert present.start < cut
    if cut is None:
        assert sum(map(len, parts.values())) == sum(len(c.jobs) - 1 for c in people)


@settings(max_examples=30)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=30, max_size=60, unique=True), st.integers(0, 10**6))
def test_nobody_moves_when_people_are_added(ids, seed):
    def person(name: str) -> Career:
        return Career(Person(name), (), (Job("a", Date(1970)), Job("b", Date(1971))))

    everyone = [person(name) for name in ids]
    try:
        some, more = (split_by_person(group, seed, 0.3, 0.3) for group in (everyone[:20], everyone))
    except UserError:
        assume(False)
        raise
    for part in ("train", "valid", "test"):
        assert {t.key for t in getattr(some, part)} <= {t.key for t in getattr(more, part)}


def test_parts_have_their_shares_and_the_seed_matters(nls):
    split = split_by_person(nls.careers, seed=0, valid=0.1, test=0.2)
    shares = [len({t.history.person.id for t in part}) / 3175 for part in (split.train, split.valid, split.test)]
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.02)
    other = split_by_person(nls.careers, seed=1, valid=0.1, test=0.2)
    assert {t.key for t in split.test} != {t.key for t in other.test}


def test_place_is_written_in_stone():
    # a change here would silently move people between training and test
    assert place("1", 0, "split") == pytest.approx(0.1990652974679421, abs=1e-12)


def test_samples_are_nested_and_independent_of_the_split(nls):
    small, large = (sample_people(nls.careers, n, seed=0) for n in (300, 900))
    assert len(small) == 300
    assert {c.person.id for c in small} < {c.person.id for c in large}
    assert sample_people(nls.careers, "all", seed=0) == nls.careers
    split = split_by_person(large, seed=0, valid=0.1, test=0.2)
    assert len({t.history.person.id for t in split.test}) / 900 == pytest.approx(0.2, abs=0.05)


def test_people_of_a_file_are_the_test_people(nls, tmp_path):
    file = tmp_path / "test.txt"
    file.write_text("# two people\n1\n\n3  # her too\nnobody\n")
    split = split_from_file(nls.careers, file, seed=0, valid=0.1)
    assert {t.history.person.id for t in split.test} == {"1", "3"}
    assert unknown_ids(nls.careers, file) == 1
    assert len({t.history.person.id for t in split.valid}) / 3173 == pytest.approx(0.1, abs=0.02)


def test_last_transitions_are_one_a_person(nls):
    split = split_by_person(nls.careers, seed=0, valid=0.1, test=0.2)
    last = last_transitions(split.test)
    whole = {c.person.id: c for c in nls.careers}
    assert len(last) == len({t.history.person.id for t in split.test})
    for t in last:
        jobs = whole[t.history.person.id].jobs
        assert (len(t.history.jobs), t.target) == (len(jobs) - 1, jobs[-1].occupation)


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [("# nobody\n", "lists nobody"), ("x\ny\n", "names 2 people, none of whom"), (None, "Could not read")],
)
def test_a_bad_list_of_people_ends_in_a_sentence(nls, tmp_path, ids, sentence):
    file = tmp_path / "ids.txt"
    if ids is not None:
        file.write_text(ids)
    with pytest.raises(UserError, match=sentence):
        split_from_file(nls.careers, file, seed=0, valid=0.1)


def test_an_empty_part_ends_in_a_sentence(nls):
    with pytest.raises(UserError, match="no transition from 2050 is left for test"):
        split_by_person(nls.careers, seed=0, valid=0.1, test=0.2, cut=Date(2050))
    with pytest.raises(UserError, match="leave people to train on"):
        split_by_person(nls.careers, seed=0, valid=0.5, test=0.5)
    with pytest.raises(UserError, match="positive number"):
        sample_people(nls.careers, 0, seed=0)


def test_a_list_of_people_is_looked_for_here_then_in_the_folder_of_data_sets(tmp_path, monkeypatch):
    (tmp_path / "sets").mkdir()
    kept = tmp_path / "sets" / "people.txt"
    kept.write_text("p1\n")
    monkeypatch.chdir(tmp_path)
    assert people_file("people.txt", "sets").resolve() == kept
    assert people_file(str(kept), None) == kept
    (tmp_path / "people.txt").write_text("p2\n")
    assert people_file("people.txt", "sets") == Path("people.txt")
    assert people_file("absent.txt", "sets") == Path("absent.txt")
