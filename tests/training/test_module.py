from itertools import pairwise

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.batches import trees_of
from reasoning_occ.training.module import CareerModule, learning_rate
from reasoning_occ.training.tree import pack


def test_the_rate_rises_in_a_line_and_falls_along_a_cosine_to_nothing():
    rates = [learning_rate(step, 100, 2.0, 0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([0.2 * n for n in range(1, 11)])
    assert rates[10] == 2.0 and rates[55] == pytest.approx(1.0) and 0 < rates[99] < 0.01
    assert all(a >= b for a, b in pairwise(rates[10:]))
    assert learning_rate(0, 1, 2.0, 0.0) == 2.0


def test_evaluation_does_not_depend_on_how_it_is_cut_and_leaves_the_model_training(make_model, make_examples, settings):
    module = CareerModule(make_model().train(), settings(reason_weight=2.0), 10)
    trees = trees_of(make_examples(7), 1024)
    with tree_attention(module.model, "cpu"):
        whole = module.evaluate([pack(trees)])
        cut = module.evaluate([pack(trees[:3]), pack(trees[3:])])
        without_reason = module.evaluate([pack(trees[:1])])
    assert cut == pytest.approx(whole, rel=1e-5)
    assert whole["loss"] == pytest.approx(2 * whole["loss_reason"] + whole["loss_answer"], rel=1e-5)
    assert "loss_reason" not in without_reason
    assert module.model.training


def test_a_state_must_have_just_the_adapters_parameters(make_model, settings):
    module = CareerModule(make_model(), settings(), 10)
    state = module.state_dict()
    module.load_state_dict(state)
    state.pop(next(iter(state)))
    with pytest.raises(UserError, match="1 parameters differ"):
        module.load_state_dict(state)
