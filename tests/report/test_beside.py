import json

from reasoning_occ.evaluation.coverage import coverage
from reasoning_occ.evaluation.fairness import fairness
from reasoning_occ.evaluation.prediction_file import read
from reasoning_occ.report.beside import beside
from reasoning_occ.report.jobs import load
from reasoning_occ.report.page import write_report


def add(run, **values):
    path = run / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_coverage_stands_beside_that_of_floors_and_of_the_truths(tmp_path, run_folder, nls):
    run = run_folder(tmp_path / "run", "joint", 1.0, 0.2)
    (section,) = beside(load(run))
    assert section.title == "What it recommends at all" and "taxonomy's 108 titles" in section.text
    assert [label for label, _, _ in section.rows] == [
        "joint: first title", "joint: first ten titles",
        "popularity *: first title", "popularity *: first ten titles",
        "markov *: first title", "markov *: first ten titles",
        "what came next",
    ]  # fmt: skip
    found = coverage(read(run / "predictions.jsonl"), nls.taxonomy)["top 10"]
    assert section.rows[1][1:] == (
        2400, [str(found["titles"]), f"{found['share']:.2f}", "1.00", f"{found['gini']:.2f}"],
    )  # fmt: skip
    assert "first ten titles" in write_report(run).read_text()


def test_gaps_between_groups_have_what_chance_gives_and_name_who_is_left_out(tmp_path, run_folder):
    run = run_folder(tmp_path / "run", "joint", 1.0, 0.2)
    found = fairness(read(run / "predictions.jsonl"), 50, 0, at_least=20)
    add(run, fairness=found)
    section = beside(load(run))[-1]
    race = found["dimensions"]["race"]
    gap = race["gaps"]["Hit@5"]
    assert section.columns == ("largest gap", "by chance", "p")
    assert section.rows[0][0] == f"race, Hit@5: {gap['highest']} above {gap['lowest']}"
    assert section.rows[0][1] == gap["n"] and section.rows[0][2][1] == f"{gap['by_chance']:.2f}"
    (label, few), *_ = race["left_out"].items()
    assert f"Left out: race: {label} ({few} people)." in section.text
    page = write_report(run).read_text()
    assert "Are groups served alike?" in page and f"{gap['value']:.2f}<small>" in page


def test_a_run_of_before_has_neither(tmp_path, run_folder):
    run = run_folder(tmp_path / "run", "joint", 1.0, 0.2)
    metrics = json.loads((run / "metrics.json").read_text())
    del metrics["coverage"]
    (run / "metrics.json").write_text(json.dumps(metrics))
    assert beside(load(run)) == []
    write_report(run)
