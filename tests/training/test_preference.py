"""Preference training: its reference, what it tells, kill and resume."""

import json
import math
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback
from preferences import choices, plain_loss, reference_of, tiny_pairs

from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.tracking import PREFERENCE_COLUMNS
from reasoning_occ.training.preference import prefer
from reasoning_occ.training.preference_pairs import PreferencePair, compared_part, pair_trees

TESTS = Path(__file__).parents[1]


class Figures(Callback):
    """Every step's figures, in full precision; Ctrl-C may come after a given step."""

    def __init__(self, stop_after=None):
        self.seen, self.stop_after = [], stop_after

    def on_train_batch_end(self, trainer, module, *_):
        self.seen.append({k: v for k, v in module.figures.items() if not k.endswith("_per_second")})
        if trainer.global_step == self.stop_after:
            signal.raise_signal(signal.SIGINT)


def with_dropout(model, share):
    """Adapters that drop out while they learn."""
    for part in model.modules():
        if hasattr(part, "lora_dropout"):
            part.lora_dropout["default"] = torch.nn.Dropout(share)
    return model


def learnt(model):
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


@pytest.fixture
def run(make_model, settings, tmp_path):
    def make(folder="run", stop_after=None, model=None, pairs=None, valid=(), trainer=None, **changed):
        model, told = model or make_model(), Figures(stop_after)
        done = prefer(
            model,
            tiny_pairs(18) if pairs is None else pairs,
            tmp_path / folder,
            settings=choices(**changed),
            trainer=settings(micro_tokens=128, **(trainer or {})),
            logger=None,
            valid=valid,
            callbacks=[told],
        )
        return done, told.seen, learnt(model)

    return make


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_resumed_training_equals_an_uninterrupted_one_to_the_bit(run, make_model, tmp_path, dropout):
    def model():
        return with_dropout(make_model(), dropout)

    done, figures, weights = run("whole", model=model(), valid=tiny_pairs(3, seed=5))
    assert done.steps == len(figures) > 6 and done.resumed_at == 0
    for stop_after in (2, 5):
        torch.manual_seed(stop_after)  # a new process would not have the old generator's state
        with pytest.raises(KeyboardInterrupt):
            run("cut", stop_after, model=model(), valid=tiny_pairs(3, seed=5))
        kept = (tmp_path / "cut" / "reference.jsonl").read_bytes()
    resumed, rest, resumed_weights = run("cut", model=model(), valid=tiny_pairs(3, seed=5))
    assert resumed.resumed_at == 5 and rest == figures[5:]
    assert resumed.figures == done.figures and resumed.cost[:2] == done.cost[:2]
    assert all(torch.equal(weights[name], resumed_weights[name]) for name in weights)
    again, nothing, same = run("cut", model=model(), valid=tiny_pairs(3, seed=5))
    assert nothing == [] and again.resumed_at == again.steps and again.figures == done.figures
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    assert kept == (tmp_path / "cut" / "reference.jsonl").read_bytes()


def test_the_reference_is_the_model_of_sft_without_dropout_and_never_another(run, make_model, tmp_path):
    sft, pairs = with_dropout(make_model(), 0.5).train(), tiny_pairs(18)
    wanted = reference_of(make_model(), pairs, "reason")
    with pytest.raises(KeyboardInterrupt):
        run(stop_after=3, model=sft)
    first, *rows = read_jsonl(tmp_path / "run" / "reference.jsonl")
    assert set(first) == {"belongs_to"} and {row["pairs"] for row in rows} == {"train"}
    kept = sorted([row["chosen"], row["rejected"]] for row in rows)
    np.testing.assert_allclose(kept, sorted(wanted), rtol=1e-5)
    assert not torch.equal(
        learnt(sft)["base_model.model.model.layers.0.mlp.up_proj.lora_B.default.weight"],
        learnt(make_model())["base_model.model.model.layers.0.mlp.up_proj.lora_B.default.weight"],
    )
    with pytest.raises(UserError, match="belongs to another adapter of SFT"):
        run(model=sft)  # three steps on from SFT
    with pytest.raises(UserError, match="belongs to another adapter of SFT, other pairs"):
        run(pairs=tiny_pairs(18, seed=1))
    with pytest.raises(UserError, match="belongs to another adapter"):
        run(valid=tiny_pairs(2))


def test_other_settings_do_not_go_on_from_a_checkpoint(run):
    with pytest.raises(KeyboardInterrupt):
        run(stop_after=3)
    for changed in ({"beta": 0.2}, {"rpo_alpha": 0.1}, {"lr": 1e-3}, {"trainer": {"seed": 3}}):
        with pytest.raises(UserError, match="other training examples or settings"):
            run(**changed)


def test_the_first_step_is_that_of_the_formula(run, make_model, tmp_path):
    # one step over all pairs: its figures are those at the reference, and the weights those of AdamW by hand
    pairs, model = tiny_pairs(9), make_model()
    _, (figures,), weights = run(pairs=pairs, batch=999, epochs=1, warmup=0.0, rpo_alpha=0.5)
    chosen = choices(rpo_alpha=0.5)
    loss, told = plain_loss(model, reference_of(model, pairs, "reason"), pairs, chosen)
    assert told["reward_margin"] == pytest.approx(0, abs=1e-6)
    assert figures["loss_preference"] == pytest.approx(math.log(2), rel=1e-5) and figures["kl"] < 1e-9
    assert figures["loss_sft"] == pytest.approx(told["loss_sft"], rel=1e-5)
    assert {*PREFERENCE_COLUMNS} - {"step"} == {*figures, "tokens_per_second", "pairs_per_second"}
    parameters = [p for p in model.parameters() if p.requires_grad]
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    torch.optim.AdamW(parameters, lr=figures["learning_rate"], weight_decay=0.0).step()
    assert figures["learning_rate"] == 1e-2
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            # a first step of Adam is the gradient's sign: where that is next to nothing, its sign is chance
            clear = parameter.grad.abs() > 1e-5
            torch.testing.assert_close(weights[name][clear], parameter.detach()[clear], rtol=0, atol=1e-4)


def test_start_and_end_are_told_of_all_pairs(run, make_model, tmp_path):
    pairs, valid, model = tiny_pairs(18), tiny_pairs(6, seed=9), make_model()
    done, figures, _ = run(pairs=pairs, valid=valid, model=model, epochs=6)
    told = json.loads((tmp_path / "run" / "preference.json").read_text())
    assert told == done.figures and told["settings"] == asdict(choices(epochs=6))
    for name, some in (("train", pairs), ("valid", valid)):
        start = np.array(reference_of(make_model(), some, "reason"))
        end = np.array(reference_of(model, some, "reason"))
        assert told[name]["pairs"] == len(some)
        for when, logps in (("start", start), ("end", end)):
            assert told[name][when]["logp_chosen"] == pytest.approx(logps[:, 0].mean(), rel=1e-5)
            assert told[name][when]["logp_rejected"] == pytest.approx(logps[:, 1].mean(), rel=1e-5)
            assert told[name][when]["chosen_likelier"] == (logps[:, 0] > logps[:, 1]).mean()
        margins = 0.1 * ((end - start)[:, 0] - (end - start)[:, 1])
        assert told[name]["end"]["reward_margin"] == pytest.approx(margins.mean(), rel=1e-4)
        assert told[name]["end"]["reward_accuracy"] == (margins > 0).mean() > 0.9
    assert figures[-1]["reward_accuracy"] > 0.9 and figures[-1]["loss"] < 0.8 * figures[0]["loss"]
    assert told["tokens"]["in_trees"] < told["tokens"]["apart"] and done.cost.transitions == 6 * 18
    assert done.cost.tokens == 6 * told["tokens"]["in_trees"]
    assert run("alone")[0].figures["valid"] is None


def test_the_active_adapter_learns_and_no_other(run, make_model):
    from peft import LoraConfig

    model = make_model()
    model.add_adapter("generator", LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.set_adapter("generator", inference_mode=True)  # as read from its files: nothing wants a gradient
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    run(model=model)
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed and all(".generator." in name for name in changed)


def test_a_model_of_which_nothing_learns_is_refused(run, make_model):
    model = make_model(adapter=False).requires_grad_(False)
    with pytest.raises(UserError, match="Nothing of the model is to be learnt"):
        run(model=model)


def test_a_pair_is_never_cut_in_two():
    pairs = tiny_pairs(12)
    for most in (1, 40, 80, 10_000):
        trees = pair_trees(pairs, "reason", most)
        assert sum(tree.examples for tree in trees) == 2 * len(pairs)
        assert all(tree.examples % 2 == 0 for tree in trees)
        for tree in trees:  # the chosen one first: of its compared tokens the second is 5, else 6
            firsts = [tree.label[tree.target[tree.example == e]][1] for e in range(tree.examples)]
            assert firsts == [5, 6] * (tree.examples // 2)
    assert all(tree.examples == 2 for tree in pair_trees(pairs, "reason", 1))


def test_what_is_compared():
    example = tiny_pairs(1)[0].chosen
    reason = compared_part(example, "reason")
    assert len(reason) == len(example) - 2 and (reason.segments != Segment.ANSWER).all()
    assert compared_part(example, "all").segments.tolist() == example.segments.tolist()
    # an answer that stands first is read, not compared
    first = Example(("a", 0), example.ids, np.array([0, 0, 2, *[1] * (len(example) - 3)], dtype=np.int8))
    assert compared_part(first, "reason").segments.tolist()[:4] == [0, 0, 0, 1]
    # a title that a ranking head learns is not compared
    named = Example(("a", 0), example.ids, example.segments, title=3, barred=1)
    assert compared_part(named, "all").title == compared_part(named, "all").barred == -1
    silent = Example(("a", 0), example.ids, np.zeros(len(example), dtype=np.int8))
    with pytest.raises(UserError, match=r"\('a', 0\): it has no reason token"):
        compared_part(silent, "reason")


def test_pairs_that_can_not_be_learnt_from_are_refused(run):
    with pytest.raises(UserError, match="no preference pairs"):
        run(pairs=[])
    one, other = tiny_pairs(2)[:2]
    with pytest.raises(UserError, match="of two transitions"):
        run(pairs=[PreferencePair(one.chosen, other.rejected)])


def test_a_loss_that_is_not_finite_stops_with_the_key_to_change(run, make_model):
    with pytest.raises(UserError, match=r"Lower preference\.lr"):
        run(lr=1e30)
    model = make_model()
    with torch.no_grad():
        next(p for p in model.parameters() if p.requires_grad).fill_(float("nan"))
    with pytest.raises(UserError, match="no finite log-probability before any preference step"):
        run("nan", model=model)


KILLED = """
import sys, time
from pathlib import Path
sys.path[:0] = {tests!r}
import torch
from conftest import settings as fixture, tiny_model
from lightning.pytorch import Callback
from preferences import choices, plain_loss, reference_of, tiny_pairs
from reasoning_occ.tracking import PREFERENCE_COLUMNS
from reasoning_occ.training.preference import prefer
from preferences import choices, tiny_pairs
torch.set_num_threads(1)

class Tell(Callback):
    def on_train_batch_end(self, trainer, module, *_):
        print(trainer.global_step, module.figures["loss"].hex(), module.figures["reward_margin"].hex(), flush=True)
        time.sleep({pause})

make = fixture.__wrapped__() if hasattr(fixture, "__wrapped__") else fixture._get_wrapped_function()()
done = prefer(tiny_model(), tiny_pairs(18), Path({folder!r}), settings=choices(),
              trainer=make(micro_tokens=128, checkpoint_minutes=1e-6), logger=None, callbacks=[Tell()])
print(done.figures)
"""


@pytest.mark.slow
def test_killed_in_the_middle_then_started_again(tmp_path):
    def start(folder, pause):
        code = KILLED.format(
            tests=[str(TESTS / "training"), str(TESTS / "support")], folder=str(tmp_path / folder), pause=pause
        )
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)

    whole, _ = start("whole", 0).communicate()
    first = start("cut", 0.2)
    seen = [first.stdout.readline() for _ in range(4)]
    time.sleep(0.25)  # somewhere in or after the write that follows
    first.kill()
    first.communicate()
    rest, _ = start("cut", 0).communicate()
    wanted, found = whole.splitlines(), rest.splitlines()
    assert [line.strip() for line in seen] == wanted[:4] and len(found) < len(wanted)
    assert found == wanted[-len(found) :]
    for name in ("reference.jsonl", "preference.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
