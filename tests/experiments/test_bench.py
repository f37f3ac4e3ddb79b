import re
import subprocess
import sys

import pytest

from experiments.bench import against, page, sft
from experiments.bench.attention_check import Checked
from experiments.bench.gpu import Speed
from experiments.bench.growth import Growth
from experiments.bench.measure import STATUS, Work, in_turn, peak
from experiments.bench.start import Start
from experiments.marks import README, marks


def compared():
    """Theirs takes 6 s for 2 units, then 8; ours 1 s a unit."""
    seconds = iter([6.0, 8.0])
    sides = {"theirs": lambda: Work(next(seconds), "loss 1.0"), "ours": lambda: Work(1.0, "loss 1.1")}
    return in_turn("some work", "person", sides, units={"theirs": 2.0, "ours": 1.0}, rounds=2, goal=5.0)


def test_sides_run_in_turn_and_ratios_are_taken_round_by_round():
    order = []
    sides = {name: lambda name=name: order.append(name) or Work(1.0, "") for name in ("theirs", "ours")}
    in_turn("w", "u", sides, units={"theirs": 1.0, "ours": 1.0}, rounds=3)
    assert order == ["theirs", "ours"] * 3
    assert compared().ratios == (3.0, 3.5, 4.0)


@pytest.mark.skipif(not STATUS.is_file(), reason="peak memory is read from Linux")
def test_peak_memory_is_that_of_what_ran_inside():
    with peak() as told:
        block = bytearray(200 * 2**20)
        block[::4096] = b"x" * len(block[::4096])
    del block
    assert 190 < told["mib"] < 260
    with peak() as told:
        pass
    assert told["mib"] < 50


def test_results_stand_between_the_marks(tmp_path):
    (tmp_path / "README.md").write_text("Before.\n<!-- results -->\nold\n<!-- end of results -->\nAfter.\n")
    machine = {"cpu": "a cpu", "gpu": "a gpu", "threads": 2, "python": "3", "torch": "2"}
    growth = Growth("training", (1, 2, 4), (1.0, 2.0, 4.0), (10.0, 10.0, 10.0))
    start = Start("--help", (0.2, 0.4, 0.3), 0.3)
    checked = Checked("flex", "bfloat16", 8192, 0.0125, (1e-3, 2e-2), True)
    speed = Speed("SmolLM2-135M", 106_000_000, 250_000.0, 900_000.0, 0.31, 12.5)
    page.write(tmp_path, machine, {"bf16": 1234.0}, 3.0, [compared()], [growth], [start], [checked], [speed])
    text = (tmp_path / "README.md").read_text()
    assert "| flex | bfloat16 | 8,192 | 12.5 | 2.0e-02 | yes |" in text
    assert "| SmolLM2-135M | 106M | 250,000 | 900,000 | 31% | 12.5 |" in text
    page.write(tmp_path, machine, {"bf16": 1234.0}, 3.0, [compared()], [growth], [start], [], [])
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("Before.\n") and text.endswith("After.\n") and "old" not in text
    assert "a cpu, a gpu, 2 threads" in text
    assert "| some work | theirs | 3.00 s / person |" in text and "**3.5** [3.0, 4.0] | 5 |" in text
    assert "| training | 1, 2, 4 | 1.00, 2.00, 4.00 | 10, 10, 10 | 1.00 | 0.00 |" in text
    assert "| --help | 0.30 [0.20, 0.40] | 0.3 |" in text
    assert "GPU" not in text  # where there is none
    assert text.count("some work") == 2  # a row, and its proof
    assert "some work" in (tmp_path / "results.svg").read_text()


def test_the_page_has_a_place_for_what_each_command_puts():
    sources = [path.read_text(encoding="utf-8") for path in README.parents[1].rglob("*.py")]
    names = {
        name for source in sources for name in re.findall(r'\bput\((?:README|folder / "README.md"), "(\w+)"', source)
    }
    assert names == {"results", "against", "lora_precision", "oracle"}
    text = README.read_text(encoding="utf-8")
    for name in names:
        begin, end = marks(name)
        assert text.count(begin) == text.count(end) == 1 and text.index(begin) < text.index(end)


@pytest.mark.slow
def test_the_command_measures():
    command = [sys.executable, "-m", "experiments.bench", "--quick", "--threads", "1", "--only", "writing"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert "one prompt, 8 samples: HF generate" in done.stdout and "took" in done.stdout


def test_sides_that_learn_something_else_stop_the_benchmark():
    sft.check_same("SFT", [5.0, 4.0], [5.04, 3.97], 0.01)
    with pytest.raises(
        ValueError, match=r"SFT: at step 2 trl's loss is 4\.0000 and ours 3\.9500, more than 1\.0% apart"
    ):
        sft.check_same("SFT", [5.0, 4.0], [5.0, 3.95], 0.01)
    with pytest.raises(ValueError, match="did not learn the same"):
        sft.check_same("SFT", [5.0], [float("nan")], 0.01)


def test_seconds_of_stages_are_read_from_what_a_job_printed():
    printed = (
        "Training joint: 20/43, loss 0.7, left 01:10\n"
        "Training joint      ━━━━━━ 43/43 loss 0.658, 1.4 transitions/s took 1:02:53\n"
        "Reasons 1-32 of 39  ━━━━━━ 32/32  took 00:27\nReasons 33-39 of 39 ━━━━━━ 7/7  took 00:03\n"
        "Ranking occupations ━━━━━━ 39/39  took 00:39\n"
    )
    assert against.stages(printed) == {"training": 3773.0, "writing reasons": 30.0, "ranking": 39.0}
