from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example
from reasoning_occ.training.batches import StepLoader, all_rows, check_examples, plan, trees_of
from reasoning_occ.training.loss import segment_counts

CHOICES = {"seed": 0, "epochs": 2, "max_steps": None, "batch": 8, "micro_tokens": 64}


def trees(sizes):
    """For each number a person with so many transitions, of growing length."""
    return trees_of(examples(sizes), 10_000)


def examples(sizes):
    return [
        Example((f"person-{p}", n), np.arange(4 + 3 * n + p % 5) % 31, np.array([0] * (3 + 3 * n + p % 5) + [2]))
        for p, size in enumerate(sizes)
        for n in range(size)
    ]


def test_a_long_career_is_cut_into_trees_that_fit():
    given = examples([12, 1, 3])
    for most in (10, 20, 10_000):
        cut = trees_of(given, most)
        assert sum(tree.examples for tree in cut) == len(given)
        assert all(len(tree) <= most or tree.examples == 1 for tree in cut)
        assert sum(tree.apart for tree in cut) == sum(map(len, given))
    assert len(trees_of(given, 10)) > len(trees_of(given, 20)) > len(trees_of(given, 10_000)) == 3


@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=60),
    batch=st.integers(1, 20),
    epochs=st.integers(1, 3),
    seed=st.integers(0, 9),
)
def test_plan_shows_everybody_once_an_epoch_within_its_budgets(sizes, batch, epochs, seed):
    grown = trees(sizes)
    assert [tree.examples for tree in grown] == sizes
    choices = CHOICES | {"batch": batch, "epochs": epochs, "seed": seed}
    steps = plan(grown, **choices)
    assert Counter(n for step in steps for row in step for n in row) == dict.fromkeys(range(len(sizes)), epochs)
    assert plan(grown, **choices) == steps
    for step in steps:
        counts = [sizes[n] for row in step for n in row]
        assert sum(counts) - batch < max(counts)  # all but the last person's transitions fit
        assert all(len(row) == 1 or sum(len(grown[n]) for n in row) <= 64 for row in step)
    assert len(steps) >= epochs * sum(sizes) / (batch + max(sizes))
    seen: list[int] = []
    for step in steps:
        seen += [n for row in step for n in row]
    assert sorted(seen[: len(sizes)]) == list(range(len(sizes)))


def test_seed_epoch_and_max_steps_change_the_plan():
    grown = trees([2] * 40)
    steps = plan(grown, **CHOICES)
    assert len(steps) == 20 and all(sum(map(len, step)) == 4 for step in steps)
    assert plan(grown, **CHOICES | {"seed": 1}) != steps
    assert steps[: len(steps) // 2] != steps[len(steps) // 2 :]
    assert plan(grown, **CHOICES | {"max_steps": 3}) == steps[:3]


def test_evaluation_sees_all_once():
    grown = trees([1, 5, 3, 2])
    rows = all_rows(grown, 64)
    assert sum(row.examples for row in rows) == 11 and sum(row.tokens for row in rows) == sum(map(len, grown))
    assert all_rows([], 64) == []


def test_a_row_is_its_trees_one_after_the_other():
    grown = trees([3, 1, 2])
    (row,) = all_rows(grown, 10_000)
    assert row.tokens == row.layout.branches[-1].stop == sum(map(len, grown))
    assert row.apart == sum(tree.apart for tree in grown) > row.tokens
    assert row.to("cpu").ids_t.tolist() == row.ids_t.tolist()


def test_an_example_without_a_target_is_refused_by_name(make_examples):
    good = make_examples(2)
    masked = Example(("anna", 3), good[0].ids, np.zeros_like(good[0].segments))
    with pytest.raises(UserError, match=r"anna.*3.*prompt"):
        check_examples([*good, masked])
    headless = Example(("bert", 1), good[0].ids, np.ones_like(good[0].segments))
    with pytest.raises(UserError, match=r"bert.*first token"):
        check_examples([headless])


def test_a_loader_goes_on_where_another_stopped(make_examples):
    examples = trees_of(make_examples(20), 1024)
    steps = plan(examples, **CHOICES)
    whole = list(StepLoader(examples, steps, "a"))
    first = StepLoader(examples, steps, "a")
    running = iter(first)
    begun = [next(running) for _ in range(2)]
    second = StepLoader(examples, steps, "a")
    second.load_state_dict(first.state_dict())
    rest = list(second)
    assert len(first) == len(second) == len(whole) == len(begun) + len(rest)
    for one, other in zip(whole, begun + rest, strict=True):
        assert [m.ids_t.tolist() for m in one] == [m.ids_t.tolist() for m in other]


def test_ranks_that_keep_step_get_equally_many_rows_and_learn_each_once(make_examples):
    examples = trees_of(make_examples(20), 1024)
    steps = [tuple((number,) for number in range(rows)) for rows in (1, 2, 3, 4)]
    alone = list(StepLoader(examples, steps, "a"))
    shares = [list(StepLoader(examples, steps, "a", rank, 3, even=True)) for rank in range(3)]
    for rows, *mine in zip(alone, *shares, strict=True):
        assert {len(of_one) for of_one in mine} == {-(-len(rows) // 3)}
        given = [row for of_one in mine for row in of_one]
        assert segment_counts(given).tolist() == segment_counts(rows).tolist()
        for name in ("tokens", "transitions", "units"):
            assert sum(getattr(row, name) for row in given) == sum(getattr(row, name) for row in rows)


def test_a_loader_refuses_the_place_of_another_training(make_examples):
    examples = trees_of(make_examples(20), 1024)
    steps = plan(examples, **CHOICES)
    state = StepLoader(examples, steps, "a").state_dict()
    for other in (
        StepLoader(examples, steps, "b"),
        StepLoader(trees_of(make_examples(20, seed=1), 1024), steps, "a"),
        StepLoader(examples, steps[:-1], "a"),
    ):
        with pytest.raises(UserError, match="other training examples or settings"):
            other.load_state_dict(state)


def test_a_transitions_examples_stay_on_one_tree_where_they_can():
    """Two tasks of each transition; a tree too large is cut between transitions."""
    rng = np.random.default_rng(0)

    def example(t, size):
        ids = np.concatenate([[1, 2, 3], rng.integers(5, 90, size)])
        return Example(("one", t), ids, np.array([0, 0, 0, *[1] * size], dtype=np.int8))

    examples = [example(t, size) for t in range(5) for size in (8, 3)]
    trees = trees_of(examples, 40)
    assert len(trees) > 1 and sum(tree.transitions for tree in trees) == 5
    assert sum(tree.examples for tree in trees) == 10
    alone = trees_of(examples[:2], 5)  # nothing fits: then a transition is cut too
    assert [tree.examples for tree in alone] == [1, 1]
