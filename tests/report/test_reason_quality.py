"""Claim (c)'s table, from the files of finished jobs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.claims import __main__ as claims
from reasoning_occ.errors import UserError
from reasoning_occ.report.reason_quality import ACCURACY, compare
from reasoning_occ.report.reason_quality_formats import markdown, picture, text, write

JOBS = {  # ablation -> (weight of the present job in the counts, mean factuality and coherence of reasons)
    "none": (1.2, 4.8),
    "no_factuality": (0.7, 4.1),
    "mistakes_30": (0.3, 3.4),
    "low_quality": (0.05, 2.6),
}


def mean(value: float) -> dict:
    return {"value": value, "n": 240, "low": value - 0.1, "high": value + 0.1}


def reasons(folder: Path, value: float, utility: float = 3.0) -> None:
    found = {"factuality": mean(value), "coherence": mean(value), "utility": mean(utility)}
    (folder / "reasons_quality.json").write_text(json.dumps(found))
    learnt = {"factuality": value, "coherence": None, "utility": utility}
    oracle(folder, {"mean_scores": learnt})


def oracle(folder: Path, found: dict, without: int = 0, planted: int = 0) -> None:
    """oracle.json, with what else is on record there already."""
    path = folder / "oracle.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    counts = {"transitions": 1600, "without": without, "planted_chosen": planted}
    path.write_text(json.dumps({**known, **counts, **found}))


def add(folder: Path, text: str) -> None:
    config = folder / ".hydra" / "config.yaml"
    config.write_text(config.read_text() + text)


@pytest.fixture
def jobs(tmp_path, run_folder) -> Path:
    for name, (present, value) in JOBS.items():
        folder = run_folder(tmp_path / f"joint-{name}", "joint", present, 0.0)
        add(folder, f"ablation: {{name: {name}, needs: any}}\njudge: {{_target_: rubric}}\n")
        reasons(folder, value)
    direct = run_folder(tmp_path / "direct-1", "direct", 1.0, 0.0)
    add(direct, "ablation: {name: no_reason, needs: no_reasons}\n")
    return tmp_path


def test_every_job_has_a_row_and_those_with_reasons_are_correlated(jobs):
    found = compare(jobs)
    assert {row.label for row in found.rows} == {
        "joint", "joint, no_factuality", "joint, mistakes_30", "joint, low_quality", "direct, no_reason",
    }  # fmt: skip
    assert len(found.compared) == 4
    by_quality = sorted(found.compared, key=lambda row: row.of("factuality"))
    losses = [row.accuracy["log-loss"]["value"] for row in by_quality]
    assert losses == sorted(losses, reverse=True)  # so the rank correlation must be -1
    one = found.correlations["factuality", "log-loss"]
    assert (one.n, one.rho, one.p) == (4, pytest.approx(-1), pytest.approx(2 / 24))


def test_it_says_what_so_few_jobs_can_show_and_who_is_left_out(jobs):
    told = " ".join(compare(jobs).notes)
    assert "smallest p that any order of them has is 0.083, so it can't show anything" in told
    assert "for want of judged reasons that a model wrote: direct, no_reason." in told
    assert "from all 24 orders" in told and "nothing of a cause" in told


def test_utility_never_stands_on_the_side_of_quality(jobs):
    before = [make(compare(jobs)) for make in (text, markdown, picture)]
    for i, (name, (_, value)) in enumerate(JOBS.items()):
        reasons(jobs / f"joint-{name}", value, utility=1.0 + i)
    assert [make(compare(jobs)) for make in (text, markdown, picture)] == before
    for name, (_, value) in JOBS.items():  # nor is it asked for
        file = jobs / f"joint-{name}" / "reasons_quality.json"
        file.write_text(json.dumps({"factuality": mean(value), "coherence": mean(value)}))
    assert [make(compare(jobs)) for make in (text, markdown, picture)] == before


def test_reasons_that_know_the_answer_are_no_reasons_a_model_wrote(jobs):
    add(jobs / "joint-none", "inference: {reason: oracle}\n")
    found = compare(jobs)
    assert len(found.compared) == 3 and "wrote: direct, no_reason; joint (oracle reason)." in " ".join(found.notes)


def test_reasons_that_could_not_be_scored_are_left_out(jobs):
    file = jobs / "joint-none" / "reasons_quality.json"
    nothing = {"value": None, "n": 0, "low": None, "high": None}
    file.write_text(json.dumps({"factuality": nothing, "coherence": nothing}))
    assert len(compare(jobs).compared) == 3


def test_the_table_says_how_many_reasons_were_learnt_and_how_many_were_spoilt(jobs):
    assert "Reasons learnt:" not in text(compare(jobs))  # as many everywhere
    assert "planted" not in text(compare(jobs))
    oracle(jobs / "joint-none", {}, without=400)
    oracle(jobs / "joint-mistakes_30", {}, planted=480)
    told = markdown(compare(jobs))
    assert "| reasons learnt |" in told and "| 1,200 of 1,600 |" in told and "| 1,600 of 1,600 |" in told
    assert "no_judge, low_quality, mistakes_N and no_hindsight learn one for every transition" in told
    assert "planted: joint, mistakes_30 480 of 1600. teacher=grounded plants mistakes" in told
    assert "direct, no_reason | - | - | - |" in told


def test_what_oracle_reasons_say_of_the_answer_stands_beside_what_the_model_makes_of_it(jobs):
    assert "Hit@5 by history" not in markdown(compare(jobs))  # no job has it on record
    oracle(jobs / "joint-none", {"leak_probe": {"history": {"Hit@5": mean(0.4)}, "reason": {"Hit@5": mean(0.6)}}})
    head = "step,loss,valid_loss,valid_loss_answer\n"
    (jobs / "joint-none" / "metrics.csv").write_text(f"{head}0,5,4.5,4.1\n1,4,,\n2,3,3.5,3.25\n3,2,,\n")
    two = jobs / "joint-low_quality"  # two models have a log each, and one of them learns no titles
    for name, row in (("generator", "0,5,4.5,"), ("predictor", "0,5,2.5,2.75")):
        (two / name).mkdir()
        (two / name / "metrics.csv").write_text(f"{head}{row}\n")
    rows = {row.label: row for row in compare(jobs).rows}
    assert rows["joint"].after_oracle == 3.25 and rows["joint, low_quality"].after_oracle == 2.75
    assert rows["direct, no_reason"].after_oracle is None
    add(jobs / "joint-low_quality", "preference: {beta: 0.1}\n")  # trained on after that
    assert {row.label: row for row in compare(jobs).rows}["joint, low_quality"].after_oracle is None
    loss = rows["joint"].accuracy["log-loss"]
    told = f"joint | 0.40 [0.30, 0.50] | 0.60 [0.50, 0.70] | 3.25 | {loss['value']:.2f} ["
    assert told in markdown(compare(jobs)) and "Hit@5 by oracle reason" in text(compare(jobs))


def test_the_page_of_doses_gets_its_tables(jobs, monkeypatch):
    page = jobs / "c_reason_quality" / "README.md"
    page.parent.mkdir()
    page.write_text("Found:\n<!-- doses -->\n<!-- end of doses -->\n")
    monkeypatch.setattr(claims, "HERE", jobs)
    monkeypatch.setattr("sys.argv", ["claims", "doses", str(jobs), "--against", "direct", "--write"])
    assert claims.main() == 0
    told = page.read_text()
    assert "Less direct" in told and "| rank correlation (p, n) |" in told and told.startswith("Found:\n")


def test_what_shows_histories_in_another_way_is_no_part_of_the_correlations(jobs):
    add(jobs / "joint-none", "view: {education: true, jobs: all, titles: text}\n")
    assert len(compare(jobs).compared) == 4
    add(jobs / "joint-low_quality", "view: {education: false, jobs: all, titles: text}\n")
    found = compare(jobs)
    assert found.correlations["factuality", "MRR"].n == 3 == len(found.compared)
    assert "Not in the correlations: joint, low_quality. Histories are shown in another way" in " ".join(found.notes)
    assert "2.60 [2.50, 2.70]" in markdown(found)  # shown all the same


def test_two_jobs_are_shown_and_not_correlated(jobs):
    for name in ("mistakes_30", "low_quality"):
        (jobs / f"joint-{name}" / "reasons_quality.json").unlink()
    found = compare(jobs)
    assert all(one.rho is None and one.n == 2 for one in found.correlations.values())
    assert "2 jobs have judged reasons, and it takes three" in " ".join(found.notes)
    assert "- (n 2)" in text(found)


def test_jobs_of_two_judges_or_other_people_are_not_compared(jobs):
    config = jobs / "joint-none" / ".hydra" / "config.yaml"
    kept = config.read_text()
    config.write_text(kept.replace("rubric", "another"))
    with pytest.raises(UserError, match="scored by 2 judges"):
        compare(jobs)
    config.write_text(kept)
    file = jobs / "joint-none" / "predictions.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(UserError, match="other transitions"):
        compare(jobs)


def test_the_command_prints_and_writes_all(jobs):
    command = [sys.executable, "-m", "experiments.reason_quality"]
    root = Path(__file__).parents[2]
    done = subprocess.run([*command, str(jobs)], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = compare(jobs)
    assert done.stdout == text(found) == (jobs / "reason_quality.txt").read_text()
    told = (jobs / "reason_quality.md").read_text()
    assert told == markdown(found) and told.count("\n| ") >= 8 and "4.80 [4.70, 4.90]" in told
    svg = (jobs / "reason_quality.svg").read_text()
    assert all(metric in svg for metric in ACCURACY) and svg.count("utility") == 0
    assert [path.name for path in write(found, jobs)] == [f"reason_quality.{e}" for e in ("txt", "md", "svg")]
    none = subprocess.run([*command, str(jobs / "absent")], cwd=root, capture_output=True, text=True, timeout=120)
    assert none.returncode == 1 and "There is no folder" in none.stderr
