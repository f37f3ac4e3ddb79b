"""A model shared out over two processes on the CPU against one process, by the whole training.

What both ways to share have in common is tested here for both; DeepSpeed's is skipped where that is not installed.
"""

from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch
from together import Seen, SteepNorm, close
from torch import distributed
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor

from reasoning_occ.errors import UserError
from reasoning_occ.models.causal import head
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.training.sharding import check_torch


class Held(Seen):
    """And what rank 0 holds between two steps."""

    def on_train_batch_end(self, trainer, module, *args):
        super().on_train_batch_end(trainer, module, *args)
        self.parameters = list(module.parameters())
        assert all(isinstance(p, DTensor) for p in self.parameters)
        self.parts = [p.to_local() for p in self.parameters]
        self.whole, self.held = sum(p.numel() for p in self.parameters), sum(part.numel() for part in self.parts)
        (self.optimizer,) = trainer.optimizers
        moments = [t for state in self.optimizer.state.values() for t in state.values() if t.ndim]
        self.moments, self.moments_held = sum(t.numel() for t in moments), sum(t.to_local().numel() for t in moments)


TITLES = [(3, 4), (5,), (6, 7, 8), (9, 10), (11, 3)]
ALL = {"lora": None, "lr": 1e-3}
no_deepspeed = pytest.mark.skipif(not find_spec("deepspeed"), reason="DeepSpeed is not installed")
both_ways = pytest.mark.parametrize("sharding", ["full", pytest.param("zero2", marks=no_deepspeed)])


@pytest.mark.slow
@pytest.mark.parametrize("learns", ["adapter", "all", "all, untied, layers recomputed"])
def test_two_processes_that_share_a_model_learn_as_one_does(learns, train, make_model, tmp_path):
    chosen = {} if learns == "adapter" else {**ALL, "gradient_checkpointing": "recomputed" in learns}
    made = {"adapter": learns == "adapter", "tied": "untied" not in learns}
    one, alone, weights = train("one", 1, model=make_model(**made), **chosen)
    model, seen = make_model(**made), Held()
    names = [name for name, _ in model.named_parameters()]
    two, both, same = train("two", 2, model=model, seen=seen, sharding="full", **chosen)
    assert len(seen.optimizer.state) == 0 and all(part.untyped_storage().size() == 0 for part in seen.parts)
    assert all(parameter.to_local().numel() == 0 for parameter in seen.parameters)
    assert two.losses == pytest.approx(one.losses, rel=1e-4) and two.norms == pytest.approx(one.norms, rel=1e-4)
    assert len(one.losses) == both.steps == 10 and close(same, weights)
    for row, other in zip(both.valid, alone.valid, strict=True):
        assert row == pytest.approx(other, rel=1e-4)
    assert both.cost[:2] == alone.cost[:2]
    assert 0.5 <= seen.held / seen.whole < 0.51 and 0.5 <= seen.moments_held / seen.moments < 0.51
    assert [name for name, _ in model.named_parameters()] == names and not model.training
    assert not any(isinstance(p, DTensor) for p in model.parameters())
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"checkpoints"} and not distributed.is_initialized()
    # a finished training is taken up by one process
    again, _, taken_up = train("two", 2, model=make_model(**made), sharding="full", **chosen)
    assert again.losses == [] and all(torch.equal(a, b) for a, b in zip(taken_up, same, strict=True))


@pytest.mark.slow
@both_ways
def test_a_process_without_a_row_keeps_step(sharding, train, make_model):
    """Four transitions of one person are one tree, so the second process never has a row of its own."""
    chosen = {"count": 4, "epochs": 3, **ALL}
    one, alone, weights = train("one", 1, model=make_model(adapter=False), **chosen)
    two, both, same = train("two", 2, model=make_model(adapter=False), sharding=sharding, **chosen)
    assert two.losses == pytest.approx(one.losses, rel=1e-4) and close(same, weights)
    assert both.cost[:2] == alone.cost[:2]


@pytest.mark.slow
@both_ways
@pytest.mark.parametrize("learns", ["adapter", "all"])
def test_stopped_and_gone_on_from(learns, sharding, train, make_model, tmp_path):
    chosen, made = ({}, {}) if learns == "adapter" else (ALL, {"adapter": False})

    def run(folder, devices=2, sharding=sharding, **more):
        return train(folder, devices, model=make_model(**made), sharding=sharding, **chosen, **more)

    whole, _, weights = run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("cut", after=4)
    rest, fitted, same = run("cut")
    assert fitted.resumed_at == 4 and rest.losses == whole.losses[4:]
    assert all(torch.equal(one, other) for one, other in zip(same, weights, strict=True))
    run("copies", sharding="none")
    shared, copies = (
        torch.load(tmp_path / folder / "checkpoints" / "step-0000010.ckpt") for folder in ("whole", "copies")
    )
    assert form(shared) == form(copies)
    (ours,), (theirs,) = shared["optimizer_states"], copies["optimizer_states"]
    for number, moments in theirs["state"].items():
        assert ours["state"][number]["step"] == moments["step"] == 10
        assert all(close([ours["state"][number][name]], [moments[name]], 1e-3) for name in ("exp_avg", "exp_avg_sq"))
    assert close(shared["state_dict"].values(), copies["state_dict"].values())
    with pytest.raises(UserError, match="other training examples or settings"):
        run("cut", devices=1, sharding="none")


def form(value):
    """What a checkpoint is made of."""
    if isinstance(value, dict):
        return {key: form(one) for key, one in value.items() if key not in ("identity", "callbacks")}
    if isinstance(value, list):
        return [form(one) for one in value]
    return (value.shape, value.dtype) if isinstance(value, torch.Tensor) else type(value)


@pytest.mark.slow
def test_dropout_is_drawn_as_with_copies(train, make_model):
    def model():
        made = make_model()
        for layer in made.modules():
            if hasattr(layer, "lora_dropout"):
                layer.lora_dropout["default"] = torch.nn.Dropout(0.3)
        return made

    copies, _, weights = train("copies", 2, model=model())
    shared, _, same = train("shared", 2, model=model(), sharding="full")
    assert shared.losses == pytest.approx(copies.losses, rel=1e-4) and close(same, weights)


class Types(Seen):
    """And the number types in which layers compute."""

    def on_train_start(self, trainer, module):
        self.found = set()
        layer = module.model.get_decoder().layers[1]
        layer.register_forward_pre_hook(lambda layer, _: self.found.update(p.dtype for p in layer.parameters()))


@pytest.mark.slow
@both_ways
@pytest.mark.parametrize("learns", ["adapter", "all"])
def test_weights_in_bf16_learn_what_one_process_does(learns, sharding, train, make_model):
    chosen = {"precision": "bf16", "gradient_checkpointing": True, **({} if learns == "adapter" else ALL)}
    one, _, weights = train("one", 1, model=make_model(adapter=learns == "adapter"), **chosen)
    seen = Types()
    model = make_model(adapter=learns == "adapter")
    two, _, same = train("two", 2, model=model, seen=seen, sharding=sharding, **chosen)
    # what learns is gathered in bf16 where it is all, which would take room twice; an adapter, and copies, are fp32
    one_type = {torch.bfloat16} if sharding == "full" else {torch.float32}
    assert seen.found == ({torch.bfloat16, torch.float32} if learns == "adapter" else one_type)
    assert two.losses == pytest.approx(one.losses, rel=1e-2) and close(same, weights, 2e-2)
    assert all(p.dtype == torch.float32 for p in same)


@pytest.mark.slow
@both_ways
def test_a_ranking_head_learns_with_the_model(sharding, train, make_model):
    def named(examples):
        return [
            replace(e, title=int(e.ids[1]) % len(TITLES), barred=(int(e.ids[1]) + 1) % len(TITLES)) for e in examples
        ]

    def run(folder, devices, **more):
        model = make_model()
        titles = TitleHead.of_titles(head(model), TITLES)
        seen, _, weights = train(folder, devices, model=model, titles=titles, named=named, **more)
        return seen, [*weights, titles.weight.detach()]

    (one, weights), (two, same) = run("one", 1), run("two", 2, sharding=sharding)
    assert two.losses == pytest.approx(one.losses, rel=1e-4) and close(same, weights)


@pytest.mark.slow
@both_ways
@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_stops_all_and_teaches_nothing(what, sharding, train, make_model, tmp_path):
    model = make_model(adapter=False)
    if what == "loss":
        with torch.no_grad():
            next(model.parameters())[5] = float("nan")
    else:
        model.model.norm = SteepNorm(model.model.norm)
    before = [p.detach().clone() for p in model.parameters()]
    with pytest.raises(UserError, match=r"Training step 1: the loss is .*Lower trainer\.lr"):
        train("two", 2, model=model, sharding=sharding, **ALL)
    assert not distributed.is_initialized() and not (tmp_path / "two" / "checkpoints").exists()
    assert all(torch.equal(a, b) or what == "loss" for a, b in zip(before, model.parameters(), strict=True))


def test_a_torch_that_can_not_sum_gradients_is_refused(monkeypatch):
    check_torch()
    monkeypatch.delattr(FSDPModule, "set_force_sum_reduction_for_comms")
    with pytest.raises(UserError, match=r"trainer\.sharding=full: torch 2.* or use trainer=ddp"):
        check_torch()
