"""Two processes on the CPU against one, by the whole training."""

import os
import subprocess
import sys

import pytest
import torch
from together import Ends, close
from torch import distributed

from reasoning_occ.errors import UserError
from reasoning_occ.training.group import check_devices, together


@pytest.mark.slow
def test_two_processes_learn_as_one_does_and_leave_nothing_behind(train, tmp_path, monkeypatch):
    wait, apart = subprocess.Popen.wait, []
    monkeypatch.setattr(
        subprocess.Popen, "wait", lambda *given, **more: apart.append(not distributed.is_initialized()) or wait(*given)
    )
    one, alone, weights = train("one", 1)
    two, both, same = train("two", 2)
    assert apart and all(apart)  # on GPUs no process can leave the group while another, which waits for it, stays
    assert two.losses == pytest.approx(one.losses, rel=1e-4) and two.norms == pytest.approx(one.norms, rel=1e-4)
    assert len(one.losses) == both.steps == 10 and close(same, weights)
    for row, other in zip(both.valid, alone.valid, strict=True):
        assert row == pytest.approx(other, rel=1e-4)
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"checkpoints"}
    assert not distributed.is_initialized() and torch.get_num_threads() == 1
    again, _, taken_up = train("two", 2)
    assert again.losses == [] and all(torch.equal(a, b) for a, b in zip(taken_up, same, strict=True))


@pytest.mark.slow
def test_a_process_without_a_row_takes_part_and_all_weights_can_learn(train, make_model):
    """Four transitions of one person are one tree, so the second process never has a row."""
    chosen = {"count": 4, "epochs": 3, "lora": None, "lr": 1e-3, "gradient_checkpointing": True}
    one, _, weights = train("one", 1, model=make_model(adapter=False), **chosen)
    two, _, same = train("two", 2, model=make_model(adapter=False), **chosen)
    assert two.losses == pytest.approx(one.losses, rel=1e-4) and close(same, weights)


@pytest.mark.slow
def test_stopped_and_gone_on_from(train):
    whole, _, weights = train("whole", 2)
    with pytest.raises(KeyboardInterrupt):
        train("cut", 2, after=4)
    rest, fitted, same = train("cut", 2)
    assert fitted.resumed_at == 4 and rest.losses == whole.losses[4:]
    assert all(torch.equal(one, other) for one, other in zip(same, weights, strict=True))
    with pytest.raises(UserError, match="other training examples or settings"):
        train("cut", 1)


def test_more_devices_than_there_are_are_refused():
    most = torch.cuda.device_count() or os.cpu_count()
    check_devices(1)
    check_devices(most)
    with pytest.raises(UserError, match=rf"trainer\.devices={most + 1}: this machine has (no GPU and )?{most} "):
        check_devices(most + 1)


@pytest.mark.slow
def test_a_process_that_stops_is_told(train, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(UserError, match=r"trainer\.devices: process 1 of the training stopped \(it said nothing\)"):
        train("gone", 2)
    assert not distributed.is_initialized()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "told", "sharding"),
    [("said", "no memory left, say", "none"), ("killed", "it was killed: by somebody", "full")],
)
def test_a_process_that_dies_in_a_step_ends_all(how, told, sharding, train, make_model, tmp_path):
    model = make_model()
    first = next(layer for layer in model.modules() if hasattr(layer, "lora_dropout"))
    first.lora_dropout["default"] = Ends(how)
    with pytest.raises(UserError, match=rf"process 1 of the training stopped \({told}.*rank-1\.log"):
        train("gone", 2, model=model, sharding=sharding)
    assert not distributed.is_initialized() and not (tmp_path / "gone" / ".together.pt").exists()


def test_a_full_disk_is_told_before_there_are_processes(tmp_path, monkeypatch):
    def full(content, file):
        file.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file")

    monkeypatch.setattr(torch, "save", full)
    with (
        pytest.raises(UserError, match=r"Could not write .*together\.pt.*Free some space"),
        together(None, 2, tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_helper_ends_with_the_process_that_started_it(tmp_path):
    os.mkfifo(tmp_path / "job")  # nobody writes to it, so there is nothing else to end by
    words = [sys.executable, "-m", "reasoning_occ.training.helper", str(tmp_path / "job"), "1", "2", "0"]
    helper = subprocess.Popen(words, stdin=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        helper.wait(timeout=1)
    helper.stdin.close()
    assert helper.wait(timeout=60) == 1
