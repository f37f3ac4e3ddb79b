"""Two processes on the CPU that share gradients and moments by DeepSpeed against one process, by the whole training.

What trains is skipped where DeepSpeed is not installed: pip install "reasoning-occ[deepspeed]". What it has in common
with trainer.sharding=full is in test_sharding.py.
"""

import copy
import os
import sys
from importlib.util import find_spec

import pytest
import torch
from together import Seen, close
from torch import distributed

from reasoning_occ.errors import UserError
from reasoning_occ.training.zero import check_deepspeed, configuration

deepspeed_is_there = pytest.mark.skipif(not find_spec("deepspeed"), reason="DeepSpeed is not installed")
ALL = {"lora": None, "lr": 1e-3}


class Held(Seen):
    """And what rank 0 holds between two steps."""

    def on_train_batch_end(self, trainer, module, *args):
        super().on_train_batch_end(trainer, module, *args)
        assert all(parameter.grad is None for parameter in module.parameters())
        (self.optimizer,) = trainer.optimizers
        self.moments = [t.numel() for state in self.optimizer.state.values() for t in state.values() if t.ndim]


@deepspeed_is_there
@pytest.mark.slow
@pytest.mark.parametrize("learns", ["adapter", "all", "all, untied, layers recomputed"])
def test_two_processes_that_share_moments_learn_as_one_does(learns, train, make_model, tmp_path):
    chosen = {} if learns == "adapter" else {**ALL, "gradient_checkpointing": "recomputed" in learns}
    chosen |= {"clip": 0.3, "weight_decay": 0.1}
    made = {"adapter": learns == "adapter", "tied": "untied" not in learns}
    one, alone, weights = train("one", 1, model=make_model(**made), **chosen)
    model, seen = make_model(**made), Held()
    names = [name for name, _ in model.named_parameters()]
    two, both, same = train("two", 2, model=model, seen=seen, sharding="zero2", **chosen)
    assert two.losses == pytest.approx(one.losses, rel=1e-4) and two.norms == pytest.approx(one.norms, rel=1e-4)
    assert max(one.norms) > 0.3 and len(one.losses) == both.steps == 10 and close(same, weights)
    for row, other in zip(both.valid, alone.valid, strict=True):
        assert row == pytest.approx(other, rel=1e-4)
    assert both.cost[:2] == alone.cost[:2]
    # two moments, of each a half
    assert sum(weight.numel() for weight in weights) == pytest.approx(sum(seen.moments), rel=0.01)
    # nothing is left behind
    assert len(seen.optimizer.state) == 0 and not model.training and not distributed.is_initialized()
    assert [name for name, _ in model.named_parameters()] == names and "LOCAL_RANK" not in os.environ
    assert all(not vars(parameter) for parameter in copy.deepcopy(model).parameters())
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"checkpoints"}
    # a finished training is taken up by one process
    again, _, taken_up = train("two", 2, model=make_model(**made), sharding="zero2", **chosen)
    assert again.losses == [] and all(torch.equal(a, b) for a, b in zip(taken_up, same, strict=True))


def test_deepspeed_is_told_who_ends_a_step_and_how_far_to_clip():
    told = configuration(0.5)
    assert told["zero_optimization"]["stage"] == 2 and told["gradient_clipping"] == 0.5
    assert told["managed_gradient_accumulation"] is False and told["gradient_accumulation_steps"] == 1
    assert "fp16" not in told and "bf16" not in told  # what learns is fp32, whatever it is multiplied in


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, r"trainer\.sharding=zero2: deepspeed is not installed\. Install it with .*, or use trainer=fsdp"),
        ("raise OSError('no nvcc')", r"deepspeed can't be imported \(OSError: no nvcc\)\. Install it with"),
        ("class DeepSpeedZeroOptimizer: pass", r"this deepspeed is too old\. Install it with .*, or use trainer=fsdp"),
    ],
)
def test_a_deepspeed_that_can_not_take_part_is_refused(written, told, monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.split(".")[0] == "deepspeed"]:
        monkeypatch.delitem(sys.modules, name)
    if written is None:
        monkeypatch.setitem(sys.modules, "deepspeed", None)
    else:
        folder = tmp_path / "deepspeed" / "runtime" / "zero"
        folder.mkdir(parents=True)
        (folder / "stage_1_and_2.py").write_text(written)
        for package in (folder, folder.parent, folder.parent.parent):
            (package / "__init__.py").touch()
        monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=told):
        check_deepspeed()
