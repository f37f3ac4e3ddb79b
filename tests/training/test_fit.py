import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.loggers import CSVLogger

from reasoning_occ.errors import UserError
from reasoning_occ.training import loop
from reasoning_occ.training.checkpoints import newest
from reasoning_occ.training.fit import fit
from reasoning_occ.training.module import CareerModule


class Losses(Callback):
    """Every step's loss, in full precision; something may happen after a given step."""

    def __init__(self, after=None, then=None):
        self.seen, self.after, self.then = [], after, then

    def on_train_batch_end(self, trainer, module, *_):
        self.seen.append((trainer.global_step, float(trainer.callback_metrics["loss"])))
        if trainer.global_step == self.after:
            self.then()


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def terminate():
    """As schedulers stop a job."""
    signal.raise_signal(signal.SIGTERM)


def adapter_of(model):
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


@pytest.fixture
def train(make_model, make_examples, settings, tmp_path):
    def run(folder="run", callback=None, logger=None, model=None, transitions=1, **changed):
        model, callback = model or make_model(), callback or Losses()
        callback.model = model
        result = fit(
            model,
            make_examples(40, transitions=transitions),
            make_examples(8, seed=1, transitions=transitions),
            tmp_path / folder,
            settings=settings(**changed),
            logger=logger,
            callbacks=[callback],
        )
        return result, callback.seen, adapter_of(model)

    return run


@pytest.mark.parametrize(("dropout", "transitions"), [(0.0, 1), (0.2, 1), (0.0, 4)])
def test_a_resumed_training_equals_an_uninterrupted_one_to_the_bit(train, make_model, dropout, transitions):
    def model():
        made = make_model()
        for part in made.modules():
            if isinstance(part, torch.nn.ModuleDict) and "default" in part and hasattr(part["default"], "inplace"):
                part["default"] = torch.nn.Dropout(dropout)
            if hasattr(part, "lora_dropout"):
                part.lora_dropout["default"] = torch.nn.Dropout(dropout)
        return made

    result, losses, weights = train("whole", model=model(), transitions=transitions)
    assert [step for step, _ in losses] == list(range(1, 11)) and result.resumed_at == 0
    cut = Losses(after=4, then=press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        train("cut", cut, model=model(), transitions=transitions)
    torch.manual_seed(999)  # a new process would not have the old generator's state
    again = Losses(after=7, then=terminate)
    with pytest.raises(KeyboardInterrupt):
        train("cut", again, model=model(), transitions=transitions)
    torch.manual_seed(123)
    resumed, rest, resumed_weights = train("cut", model=model(), transitions=transitions)
    assert resumed.resumed_at == 7
    assert cut.seen + again.seen + rest == losses
    assert resumed.valid == result.valid and [row["step"] for row in result.valid] == [5, 10]
    assert all(torch.equal(weights[name], resumed_weights[name]) for name in weights)


@pytest.mark.parametrize("tied", [True, False])
def test_a_resumed_training_of_all_weights_equals_an_uninterrupted_one(train, make_model, tied):
    def model():
        return make_model(adapter=False, tied=tied)

    _, losses, weights = train("whole", model=model(), lora=None, lr=1e-3)
    cut = Losses(after=4, then=press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        train("cut", cut, model=model(), lora=None, lr=1e-3)
    resumed, rest, resumed_weights = train("cut", model=model(), lora=None, lr=1e-3)
    assert resumed.resumed_at == 4 and cut.seen + rest == losses and losses[-1][1] < losses[0][1]
    assert ("lm_head.weight" in weights) != tied
    assert all(torch.equal(weights[name], resumed_weights[name]) for name in weights)
    begun = dict(model().named_parameters())
    assert not any(torch.equal(weights[name], begun[name]) for name in weights)


def test_a_resumed_training_compiles_as_the_whole_one_does(train, monkeypatch):
    told = []
    monkeypatch.setattr(loop, "worth_compiling", lambda chosen, rows, device: told.append(rows) or (False, ""))
    with pytest.raises(KeyboardInterrupt):
        train(callback=Losses(after=7, then=press_ctrl_c), micro_tokens=10_000)  # one row a step
    train(micro_tokens=10_000)
    assert told == [10, 10]


def test_attention_that_can_not_train_is_refused_before_training(settings):
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    with pytest.raises(UserError, match=r"trainer\.attention=varlen: .*trainer\.precision is fp32"):
        loop.attention_way(settings(attention="varlen"), gpu)
    assert loop.attention_way(settings(attention="varlen", precision="bf16"), gpu) == "varlen"
    assert loop.attention_way(settings(), gpu) == "flex" and loop.attention_way(settings(), cpu) == "cpu"
    for way in ("flex", "varlen"):
        with pytest.raises(UserError, match=f"{way}: trains on a CUDA GPU only, and this is cpu"):
            loop.attention_way(settings(attention=way), cpu)


def test_a_finished_training_is_taken_up_not_repeated(train):
    result, _, weights = train()
    again, losses, same = train()
    assert losses == [] and again.resumed_at == again.steps == result.steps == 10
    assert again.valid == result.valid
    assert all(torch.equal(weights[name], same[name]) for name in weights)


def test_a_half_written_checkpoint_is_passed_over(train, tmp_path, caplog):
    with pytest.raises(KeyboardInterrupt):
        train(callback=Losses(after=3, then=press_ctrl_c))
    good = tmp_path / "run" / "checkpoints" / "step-0000003.ckpt"
    content = good.read_bytes()
    good.with_name("step-0000006.ckpt").write_bytes(content[: len(content) // 2])
    with caplog.at_level(logging.WARNING):
        result, losses, _ = train()
    assert result.resumed_at == 3 and losses[0][0] == 4
    assert "step-0000006.ckpt can't be read" in caplog.text


def test_a_checkpoint_holds_no_backbone_and_loads_safely(train, make_model, tmp_path):
    _, _, weights = train()
    found = newest(tmp_path / "run" / "checkpoints")  # loads with weights_only=True
    assert found is not None
    path, content = found
    assert sorted(content["state_dict"]) == sorted(f"model.{name}" for name in weights)
    floats = 3 * sum(w.numel() for w in weights.values())  # the adapter and Adam's two moments
    assert 4 * floats < path.stat().st_size < 4 * floats + 200_000
    assert not list(path.parent.glob(".*"))


def test_checkpoints_of_another_training_are_refused(train, make_model):
    train()
    with pytest.raises(UserError, match="other training examples or settings"):
        train(lr=5e-3)
    with pytest.raises(KeyboardInterrupt):
        train("other", Losses(after=2, then=press_ctrl_c))
    with pytest.raises(UserError, match="other training examples or settings"):
        train("other", seed=5)
    with pytest.raises(UserError, match="fits another adapter"):
        train("other", model=make_model(adapter=False))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_toy_task_is_learnt(make_model, make_examples, settings, tmp_path, precision):
    losses, examples = Losses(), make_examples(8)
    model = make_model()
    chosen = settings(precision=precision, epochs=60, lr=2e-2, micro_tokens=256)
    result = fit(model, examples, examples, tmp_path, settings=chosen, logger=None, callbacks=[losses])
    assert losses.seen[-1][1] < 0.5 * losses.seen[0][1]
    assert result.valid[-1]["valid_loss"] < result.valid[0]["valid_loss"]
    assert all(weight.dtype == torch.float32 for weight in adapter_of(model).values())


def test_only_the_adapter_changes(train, make_model):
    model, before = make_model(), make_model().state_dict()
    train(model=model)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) != ("lora_" in name), name


def test_what_is_logged_and_what_is_not_left_behind(train, tmp_path):
    train(logger=CSVLogger(tmp_path / "log", name="", version=""))
    text = (tmp_path / "log" / "metrics.csv").read_text()
    header = text.splitlines()[0].split(",")
    wanted = {"loss", "loss_reason", "loss_answer", "learning_rate", "tokens_per_second", "valid_loss", "step"}
    assert wanted <= set(header)
    assert not list(tmp_path.rglob("lightning_logs")) and not Path("lightning_logs").exists()
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"checkpoints"}


def test_nothing_to_learn_from_is_an_error(make_model, settings, tmp_path):
    with pytest.raises(UserError, match="no training examples"):
        fit(make_model(), [], [], tmp_path, settings=settings(), logger=None)


def test_a_loss_that_is_not_finite_stops_training(train, make_model):
    model = make_model()
    with torch.no_grad():
        next(p for p in model.parameters() if p.requires_grad).fill_(float("nan"))
    with pytest.raises(UserError, match=r"step 1: the loss is nan"):
        train(model=model)


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from conftest import tiny_examples, tiny_model, settings as fixture
import torch
from lightning.pytorch import Callback
from reasoning_occ.training.fit import fit
from reasoning_occ.training.module import CareerModule
torch.set_num_threads(1)

class Tell(Callback):
    def on_train_batch_end(self, trainer, module, *_):
        print(trainer.global_step, float(trainer.callback_metrics["loss"]).hex(), flush=True)
        time.sleep({pause})

make = fixture.__wrapped__() if hasattr(fixture, "__wrapped__") else fixture._get_wrapped_function()()
fit(tiny_model(), tiny_examples(40, transitions=4), [], Path({folder!r}),
    settings=make(checkpoint_minutes=1e-6), logger=None, callbacks=[Tell()])
"""


@pytest.mark.slow
def test_killed_in_the_middle_then_started_again(tmp_path):
    def start(folder, pause):
        code = KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path / folder), pause=pause)
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)

    whole, _ = start("whole", 0).communicate()
    first = start("cut", 0.2)
    seen = [first.stdout.readline() for _ in range(5)]
    time.sleep(0.25)  # somewhere in or after the write that follows
    first.kill()
    first.communicate()
    rest, _ = start("cut", 0).communicate()
    steps = [int(line.split()[0]) for line in rest.splitlines()]
    assert 4 < steps[0] <= 7 and steps == list(range(steps[0], 11))
    wanted = whole.splitlines()
    assert len(wanted) == 10
    assert [line.strip() for line in seen] == wanted[:5]
    assert rest.splitlines() == wanted[steps[0] - 1 :]


def test_validation_looks_at_a_fixed_sample(make_model, make_examples, settings, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(CareerModule, "evaluate", lambda _, rows: seen.append(ids_of(rows)) or {"loss": 0.0})
    valid = make_examples(30, seed=1)
    for folder, changed in (("a", {}), ("b", {}), ("c", {"seed": 1}), ("d", {"validate_examples": 99})):
        chosen = settings(**{"max_steps": 2, "validate_examples": 6, **changed})
        fit(make_model(), make_examples(16), valid, tmp_path / folder, settings=chosen, logger=None)
    a1, a2, b1, b2, c1, _, d1, _ = seen
    assert a1 == a2 == b1 == b2 != c1
    every = sorted(example.ids.tolist() for example in valid)
    assert len(a1) == 6 and d1 == every and all(ids in every for ids in a1)


def ids_of(rows):
    return sorted(row.ids_t[branch.start : branch.stop].tolist() for row in rows for branch in row.layout.branches)
