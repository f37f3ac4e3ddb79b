from contextlib import ExitStack

import pytest
import torch

from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.batches import trees_of
from reasoning_occ.training.compiled import WORTH, compiled, worth_compiling
from reasoning_occ.training.fit import fit
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.recomputed import recomputed
from reasoning_occ.training.tree import pack


def gradients(model, row):
    wanted = [p for p in model.parameters() if p.requires_grad]
    return torch.autograd.grad(segment_losses(model, row).sum(), wanted)


def kept_numbers(model, row):
    """How many numbers autograd holds after a forward pass."""
    held = {}

    def pack_(tensor):
        held[tensor.data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack_, lambda tensor: tensor):
        segment_losses(model, row)
    return sum(held.values())


@pytest.mark.parametrize(("family", "adapter"), [("llama", True), ("qwen3", True), ("llama", False)])
def test_the_same_gradients_from_less_that_is_kept(make_model, make_examples, family, adapter):
    model = make_model(family=family, adapter=adapter).train()
    row = pack(trees_of(make_examples(12, transitions=3), 1024))
    with tree_attention(model, "cpu"), fused(model):
        plainly, kept = gradients(model, row), kept_numbers(model, row)
        with recomputed(model) as layers:
            assert layers == 2
            again, kept_now = gradients(model, row), kept_numbers(model, row)
        assert kept_numbers(model, row) == kept  # all is as before
    assert all(torch.equal(one, other) for one, other in zip(again, plainly, strict=True))
    assert kept_now < 0.5 * kept


@pytest.mark.slow
@pytest.mark.skipif(not worth_compiling("auto", WORTH, torch.device("cpu"))[0], reason="needs a C++ compiler")
def test_compiled_layers_are_recomputed_too(make_model, make_examples):
    torch._dynamo.reset()
    model = make_model().train()
    row = pack(trees_of(make_examples(12, transitions=3), 1024))
    with tree_attention(model, "cpu"), fused(model), ExitStack() as changes:
        plainly = gradients(model, row)
        changes.enter_context(torch._dynamo.config.patch(suppress_errors=False, error_on_recompile=True))
        assert changes.enter_context(compiled(model)) == 1
        kept = kept_numbers(model, row)
        changes.enter_context(recomputed(model))
        for one, other in zip(gradients(model, row), plainly, strict=True):
            assert (one - other).norm() <= 1e-5 * other.norm()
        assert kept_numbers(model, row) < 0.7 * kept


def test_a_training_learns_the_same(make_model, make_examples, settings, tmp_path):
    learnt = {}
    for recompute in (False, True):
        model = make_model()
        chosen = settings(max_steps=4, gradient_checkpointing=recompute)
        fit(model, make_examples(40), [], tmp_path / str(recompute), settings=chosen, logger=None)
        learnt[recompute] = [p.detach() for p in model.parameters() if p.requires_grad]
        assert not any("forward" in vars(module) for module in model.modules())
    assert all(torch.equal(one, other) for one, other in zip(learnt[False], learnt[True], strict=True))
