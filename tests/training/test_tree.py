from contextlib import nullcontext
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_occ.language.example import Example, Segment
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.loss import SEGMENTS, hidden_states, log_probabilities, segment_losses, target_losses
from reasoning_occ.training.tree import grow, pack


@st.composite
def people(draw, most: int = 4) -> list[Example]:
    """One person's examples: texts of few different ids, so that beginnings are shared here and there."""
    trunk = draw(st.lists(st.integers(3, 31), min_size=3, max_size=20))
    examples = []
    for number in range(draw(st.integers(1, most))):
        prompt = [*trunk[: draw(st.integers(1, len(trunk)))], *draw(st.lists(st.integers(3, 5), max_size=3))]
        reason = draw(st.lists(st.integers(3, 5), max_size=6))
        answer = draw(st.lists(st.integers(3, 5), min_size=1, max_size=4))
        segments = [Segment.PROMPT] * len(prompt) + [Segment.REASON] * len(reason) + [Segment.ANSWER] * len(answer)
        ids = np.array([*prompt, *reason, *answer], dtype=np.int32)
        examples.append(Example(("anna", number), ids, np.array(segments, dtype=np.int8)))
    return examples


@given(examples=people(8))
def test_a_tree_holds_every_example_and_each_shared_beginning_once(examples):
    tree = grow(examples)
    distinct = {tuple(e.ids[:end].tolist()) for e in examples for end in range(1, len(e) + 1)}
    assert len(tree) == len(distinct)
    assert tree.apart == sum(map(len, examples)) and tree.examples == len(examples)
    assert [(one.stop, other.start) for one, other in pairwise(tree.branches)] == [
        (b.start, b.start) for b in tree.branches[1:]
    ]
    for number, example in enumerate(examples):
        mine = tree.example == number
        learnt = np.flatnonzero(example.segments)
        assert tree.label[tree.target[mine]].tolist() == example.ids[learnt].tolist()
        assert tree.ids[tree.source[tree.target[mine]]].tolist() == example.ids[learnt - 1].tolist()
        assert tree.position[tree.source[tree.target[mine]]].tolist() == (learnt - 1).tolist()
        assert tree.segment[mine].tolist() == example.segments[learnt].tolist()


def test_the_picture_in_the_docs():
    def example(number, *ids):
        return Example(("anna", number), np.array(ids), np.array([0] * (len(ids) - 2) + [2, 2], dtype=np.int8))

    tree = grow([example(0, 1, 2, 3, 9, 21, 0), example(1, 1, 2, 3, 4, 9, 22, 0), example(2, 1, 2, 3, 4, 5, 9, 23, 0)])
    assert tree.ids.tolist() == [1, 2, 3, 4, 5, 9, 23, 0, 9, 22, 0, 9, 21, 0]
    assert tree.position.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 3, 4, 5]
    assert tree.branches == ((0, 8, ()), (8, 11, ((0, 4),)), (11, 14, ((0, 3),)))


def apart(model, examples):
    """Losses of each example as a sequence of its own, by transformers' own attention, one token after another."""
    losses = []
    for example in examples:
        ids = torch.from_numpy(example.ids.astype(np.int64))[None]
        chances = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0].double().log_softmax(-1)
        losses += [-chances[place - 1, ids[0, place]] for place in np.flatnonzero(example.segments)]
    return torch.stack(losses)


def gradient(model, loss):
    wanted = [p for p in model.parameters() if p.requires_grad]
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, wanted)])


KINDS = [
    {"family": family, "tied": tied, "groups": groups, "adapter": adapter}
    for family, tied, groups, adapter in [
        ("llama", True, 2, True),
        ("llama", False, 4, False),
        ("llama", True, 1, False),
        ("qwen3", False, 2, True),
        ("qwen3", True, 4, True),
        ("qwen3", True, 2, False),
    ]
]


@pytest.mark.parametrize("way", ["cpu", "varlen", "reference"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=8, deadline=None)
@given(of_people=st.lists(people(), min_size=1, max_size=3), seed=st.integers(0, 9))
def test_losses_and_gradients_equal_those_of_separate_sequences(make_model, kind, way, of_people, seed):
    model = make_model(seed, **kind)
    slow = apart(model, [example for examples in of_people for example in examples])
    weights = torch.linspace(0.5, 1.5, len(slow))
    slow_gradient = gradient(model, (slow * weights).sum())
    row = pack([grow(examples) for examples in of_people])
    with tree_attention(model, way):
        fast = target_losses(model, row, hidden_states(model, row))
        fast_gradient = gradient(model, (fast * weights).sum())
        chances = log_probabilities(model, row, SEGMENTS)
    torch.testing.assert_close(fast.double(), slow, rtol=1e-5, atol=1e-6)
    assert (fast_gradient - slow_gradient).norm() <= 1e-5 * slow_gradient.norm()
    sums = torch.zeros(row.examples, dtype=torch.double).index_add(0, row.example_m, -slow)
    torch.testing.assert_close(chances.double(), sums, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_all_weights_learn_in_bf16(make_model, make_examples, family):
    model = make_model(family=family, adapter=False)
    exact, row = make_model(family=family, adapter=False), pack([grow(make_examples(5))])
    with tree_attention(exact, "cpu"):
        wanted = gradient(exact, segment_losses(exact, row).sum())
    with tree_attention(model, "cpu"), torch.autocast("cpu", torch.bfloat16):
        got = gradient(model, segment_losses(model, row).sum())
    assert (got - wanted).norm() < 0.05 * wanted.norm()


@pytest.mark.parametrize("way", ["cpu", "varlen", "reference"])
def test_no_person_changes_anothers_losses(make_model, make_examples, way):
    model, people = make_model(), people_of(make_examples(15, transitions=3))
    # other ids that are as different from one another: the tree keeps its form
    same_form = [Example(e.key, np.where(e.ids > 2, 3 + (e.ids + 4) % 29, e.ids), e.segments) for e in people[1]]
    longer = [Example(e.key, np.concatenate([[7, 8], e.ids]), np.concatenate([[0, 0], e.segments])) for e in same_form]

    def losses(second):
        row = pack([grow(person) for person in [people[0], second, *people[2:]]])
        assert sum(bool(branch.before) for branch in row.layout.branches) == 10
        with tree_attention(model, way), torch.no_grad():
            loss = target_losses(model, row, hidden_states(model, row))
        others = (row.example_m < 3) | (row.example_m >= 6)
        return loss[others], loss[~others]

    (before, its_own), (after, changed) = losses(people[1]), losses(same_form)
    assert torch.equal(before, after) and not torch.allclose(its_own, changed)
    torch.testing.assert_close(losses(longer)[0], before, rtol=1e-5, atol=0)


def people_of(examples):
    """Three examples each."""
    return [examples[start : start + 3] for start in range(0, len(examples), 3)]


@pytest.mark.parametrize("adapter", ["on", "off"])
@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_a_chosen_and_a_rejected_reason_are_as_likely_in_one_tree_as_apart(make_model, family, adapter):
    """What preference losses compare, of the model that learns and of the one it began as (its adapter off)."""
    model = make_model(family=family)

    def target(*reason):
        ids = [4, 5, 6, 7, 8, 9, *reason, 20, 2]
        segments = [Segment.PROMPT] * 6 + [Segment.REASON] * len(reason) + [Segment.ANSWER] * 2
        return Example(("anna", 0), np.array(ids), np.array(segments, dtype=np.int8))

    # they begin alike, and are of different lengths
    pair = [target(10, 11, 12, 13), target(10, 11, 14)]
    together = pack([grow(pair)])
    assert together.tokens < sum(map(len, pair)) - 6 and together.layout.branches[1].before
    with nullcontext() if adapter == "on" else model.disable_adapter(), torch.no_grad():
        by_transformers = torch.stack([-apart(model, [example]).sum() for example in pair])
        for segments in ([Segment.REASON], SEGMENTS):
            with tree_attention(model, "cpu"):
                as_branches = log_probabilities(model, together, segments)
                alone = torch.cat([log_probabilities(model, pack([grow([e])]), segments) for e in pair])
            torch.testing.assert_close(as_branches, alone, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(as_branches.double(), by_transformers, rtol=1e-5, atol=1e-6)
    assert abs(as_branches[0] - as_branches[1]) > 0.1


def test_equal_examples_count_twice_and_cost_nothing(make_model, make_examples):
    model, example = make_model(), make_examples(2)[1]
    once, twice = pack([grow([example])]), pack([grow([example, example])])
    assert twice.tokens == once.tokens and twice.examples == 2
    with tree_attention(model, "cpu"):
        torch.testing.assert_close(segment_losses(model, twice), 2 * segment_losses(model, once))
