import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from experiments.bench import several_gpus
from experiments.bench.several_gpus import Seen


def test_help_and_without_a_gpu_one_sentence(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        several_gpus.main(["--help"])
    told = capsys.readouterr().out
    assert "trainer=fsdp" in told and "trainer=deepspeed" in told
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match=r"^There is no GPU here.*--cpu"):
        several_gpus.main([])
    with pytest.raises(SystemExit, match=r"^trainer\.devices=100000: this machine has"):
        several_gpus.main(["--cpu", "--devices", "100000"])


def test_another_loss_or_norm_is_seen():
    one, same, other = (
        (Seen([2.0, 1.0], [4.0, 3.0]), 0.0),
        (Seen([2.0, 1.0], [4.0, 3.0]), 0.0),
        (Seen([2.0, 1.0], [2.0, 3.0]), 0.0),
    )
    assert several_gpus.apart({"one": one, "ddp": same}) == 0
    assert several_gpus.apart({"one": one, "ddp": same, "fsdp": other}) == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("learns", [[], ["--lora"]])
def test_all_ways_on_the_cpu_learn_the_same(learns):
    several = ["ddp", "fsdp", "deepspeed"] if find_spec("deepspeed") else ["ddp", "fsdp"]
    sizes = ["--layers", "2", "--hidden", "64", "--vocabulary", "256", "--people", "4", "--steps", "3"]
    words = [sys.executable, "-m", "experiments.bench.several_gpus", "--cpu", "--precision", "fp32", *sizes, *learns]
    done = subprocess.run(words, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
    (first,) = (line for line in done.stdout.splitlines() if line.startswith("step"))  # deepspeed prints too
    assert first.split() == ["step", "one", *several] and "as it should be" in done.stdout
    assert ("deepspeed is left out" in done.stderr) == ("deepspeed" not in several)
    held = {line.split(":")[0]: float(line.split()[1]) for line in done.stdout.splitlines() if "moments" in line}
    assert held["one"] == held["ddp"] and held["fsdp"] == pytest.approx(held["one"] / 2, rel=0.1)
    if "deepspeed" in several and not learns:  # weights whole, and halves of their copies and of two moments
        assert held["deepspeed"] == pytest.approx(held["one"] * (1 + 3 / 2) / 3, rel=0.1)
