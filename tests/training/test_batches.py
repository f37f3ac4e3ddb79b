from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example
from reasoning_occ.training.batches import StepLoader, check_examples, collate, in_order, plan

CHOICES = {"seed": 0, "epochs": 2, "max_steps": None, "batch": 8, "micro_tokens": 64, "window": 16}


@given(
    lengths=st.lists(st.integers(2, 90), min_size=1, max_size=80),
    batch=st.integers(1, 20),
    window=st.integers(1, 100),
    epochs=st.integers(1, 3),
    seed=st.integers(0, 9),
)
def test_plan_shows_every_example_once_an_epoch_within_its_budgets(lengths, batch, window, epochs, seed):
    choices = CHOICES | {"batch": batch, "window": window, "epochs": epochs, "seed": seed}
    steps = plan(lengths, **choices)
    seen = Counter(number for step in steps for micro in step for number in micro)
    assert seen == dict.fromkeys(range(len(lengths)), epochs)
    assert plan(lengths, **choices) == steps
    for step in steps:
        assert sum(map(len, step)) <= batch
        for micro in step:
            assert len(micro) == 1 or len(micro) * max(lengths[n] for n in micro) <= 64
    sizes = [sum(map(len, step)) for step in steps]
    assert max(sizes) - min(sizes) <= 1
    first_epoch = steps[: len(steps) // epochs]
    assert {n for step in first_epoch for micro in step for n in micro} == set(range(len(lengths)))


def test_seed_epoch_and_max_steps_change_the_plan():
    lengths = list(range(4, 44))
    steps = plan(lengths, **CHOICES)
    assert plan(lengths, **CHOICES | {"seed": 1}) != steps
    assert steps[: len(steps) // 2] != steps[len(steps) // 2 :]
    assert plan(lengths, **CHOICES | {"max_steps": 3}) == steps[:3]


def test_a_larger_window_means_less_padding():
    lengths = np.random.default_rng(0).integers(20, 400, size=256).tolist()

    def padded(window: int) -> int:
        steps = plan(lengths, **CHOICES | {"window": window, "micro_tokens": 2048, "batch": 16})
        return sum(len(micro) * max(lengths[n] for n in micro) for step in steps for micro in step)

    assert padded(256) < padded(64) < padded(1)
    # 2 epochs; a window of all examples leaves little padding
    assert padded(256) < 1.1 * 2 * sum(lengths)


def test_evaluation_sees_all_once():
    assert sorted(n for micro in in_order([5, 60, 9, 30], 64) for n in micro) == [0, 1, 2, 3]
    assert in_order([], 64) == ()


def test_collate_pads_on_the_right(make_examples):
    examples = make_examples(3)
    batch = collate(examples)
    for row, example in enumerate(examples):
        assert batch.ids_bs[row, : len(example)].tolist() == example.ids.tolist()
        assert batch.segments_bs[row, : len(example)].tolist() == example.segments.tolist()
        assert batch.mask_bs[row].sum() == len(example) == batch.mask_bs[row, : len(example)].sum()
        assert not batch.segments_bs[row, len(example) :].any()
    assert batch.tokens == sum(map(len, examples))
    assert batch.to("cpu") == batch or batch.to("cpu").tokens == batch.tokens


def test_an_example_without_a_target_is_refused_by_name(make_examples):
    good = make_examples(2)
    masked = Example(("anna", 3), good[0].ids, np.zeros_like(good[0].segments))
    with pytest.raises(UserError, match=r"anna.*3.*prompt"):
        check_examples([*good, masked])
    headless = Example(("bert", 1), good[0].ids, np.ones_like(good[0].segments))
    with pytest.raises(UserError, match=r"bert.*first token"):
        check_examples([headless])


def test_a_loader_goes_on_where_another_stopped(make_examples):
    examples = make_examples(20)
    steps = plan([len(e) for e in examples], **CHOICES)
    whole = list(StepLoader(examples, steps, "a"))
    first = StepLoader(examples, steps, "a")
    running = iter(first)
    begun = [next(running) for _ in range(2)]
    second = StepLoader(examples, steps, "a")
    second.load_state_dict(first.state_dict())
    rest = list(second)
    assert len(first) == len(second) == len(whole) == len(begun) + len(rest)
    for one, other in zip(whole, begun + rest, strict=True):
        assert [m.ids_bs.tolist() for m in one] == [m.ids_bs.tolist() for m in other]


def test_a_loader_refuses_the_place_of_another_training(make_examples):
    examples = make_examples(20)
    steps = plan([len(e) for e in examples], **CHOICES)
    state = StepLoader(examples, steps, "a").state_dict()
    for other in (
        StepLoader(examples, steps, "b"),
        StepLoader(make_examples(20, seed=1), steps, "a"),
        StepLoader(examples, steps[:-1], "a"),
    ):
        with pytest.raises(UserError, match="other training examples or settings"):
            other.load_state_dict(state)
