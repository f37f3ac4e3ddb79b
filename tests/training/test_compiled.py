import pytest
import torch

from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training import compiled as module
from reasoning_occ.training.batches import trees_of
from reasoning_occ.training.compiled import WORTH, compiled, worth_compiling
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses
from reasoning_occ.training.tree import pack

CPU = torch.device("cpu")


@pytest.mark.slow
@pytest.mark.skipif(not worth_compiling("auto", WORTH, CPU)[0], reason="needs a C++ compiler")
@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_compiled_layers_give_the_same_losses_and_gradients(make_model, make_examples, family):
    """Rows of several sizes; what can't be compiled would be an error here, and so would compiling anew for a row."""
    torch._dynamo.reset()  # another family's layers would count as compiled anew
    model = make_model(family=family)
    rows = [pack(trees_of(make_examples(count, seed=count, transitions=3), 1024)) for count in (6, 9, 15)]
    wanted = [p for p in model.parameters() if p.requires_grad]

    def losses_and_gradients(row):
        with fused(model):
            losses = segment_losses(model, row)
            return losses, torch.autograd.grad(losses.sum(), wanted)

    with tree_attention(model, "cpu"):
        plainly = [losses_and_gradients(row) for row in rows]
        with compiled(model) as layers, torch._dynamo.config.patch(suppress_errors=False, error_on_recompile=True):
            assert layers == 1
            faster = [losses_and_gradients(row) for row in rows]
            with torch.compiler.set_stance("force_eager"):
                assert torch.equal(losses_and_gradients(rows[0])[0], plainly[0][0])
        assert torch.equal(losses_and_gradients(rows[0])[0], plainly[0][0])  # all is as before
    for (loss, gradients), (our_loss, our_gradients) in zip(plainly, faster, strict=True):
        torch.testing.assert_close(our_loss, loss, rtol=1e-5, atol=0)
        for one, other in zip(our_gradients, gradients, strict=True):
            assert (one - other).norm() <= 1e-5 * other.norm()


def test_long_trainings_are_compiled_where_there_is_a_compiler(monkeypatch):
    assert worth_compiling("always", 1, CPU)[0]
    assert not worth_compiling("never", 10 * WORTH, CPU)[0]
    monkeypatch.setattr(module.shutil, "which", lambda name: "/usr/bin/" + name)
    assert worth_compiling("auto", WORTH, CPU)[0]
    chosen, why = worth_compiling("auto", WORTH - 1, CPU)
    assert not chosen and f"{WORTH - 1} rows" in why
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    assert worth_compiling("auto", 10 * WORTH, CPU) == (False, "there is no C++ compiler")
    assert not worth_compiling("auto", WORTH, torch.device("cuda"))[0]
