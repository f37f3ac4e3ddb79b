"""The tables beside a table: paired comparisons and costs."""

import csv
import io
import json
import shutil

import pytest

from reasoning_occ import costs
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.paired import holm, paired
from reasoning_occ.report.__main__ import main
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.figures import comparison
from reasoning_occ.report.formats import FORMATS
from reasoning_occ.report.table import compose


@pytest.fixture
def three(sweep, run_folder):
    """Rows direct, joint, markov; a fourth was cut off."""
    run_folder(sweep / "markov-4", "markov", 1.0, 0.0)
    return sweep


def set_in(folder, text):
    path = folder / ".hydra" / "config.yaml"
    path.write_text(path.read_text() + text)


def numbers(folder, against):
    table = FORMATS["csv"][1](compose(folder, METRICS, against))
    return {row["recommender"]: row for row in csv.DictReader(io.StringIO(table))}


def test_every_row_less_the_named_one(three):
    for grid, title in zip(
        compose(three, METRICS, "direct").grids, ("Less direct", "Tests of differences from direct"), strict=True
    ):
        assert grid.title == title and [row[0] for row in grid.rows] == ["joint", "markov"]
    rows = numbers(three, "direct")
    files = {name: scored.read(three / name / "scores.jsonl") for name in ("direct-1", "joint-2", "markov-4")}
    found = [paired(files[name], files["direct-1"], 100, 0) for name in ("joint-2", "markov-4")]
    corrected = holm([one.p_mcnemar for one in found]), holm([one.p["MRR"] for one in found])
    for label, one, *p_holm in zip(("joint", "markov"), found, *corrected, strict=True):
        told = {name: float(number) for name, number in rows[label].items() if number and name != "recommender"}
        for metric in METRICS:
            assert told[f"{metric}_difference"] == one.differences[metric]["value"]
            assert told[f"{metric}_difference_low"] == one.differences[metric]["low"]
        assert [told["AccEM_p"], told["AccEM_p_holm"]] == [one.p_mcnemar, p_holm[0]]
        assert [told["MRR_p"], told["MRR_p_holm"]] == [one.p["MRR"], p_holm[1]]
        assert (told["Hit@10_smallest"], told["Hit@10_effect"]) == (one.smallest["Hit@10"], one.effects["Hit@10"])
    assert rows["direct"]["MRR_p"] == "" and rows["popularity"]["MRR_p"] == ""


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "csv"])
def test_every_format_shows_what_stands_beside(three, form):
    costs.note(three / "joint-2", {"learn": 61.2}, tokens_seen=12345)
    words = " ".join(FORMATS[form][1](compose(three, METRICS, "direct")).replace("&lt;", "<").split())
    assert "Less direct" in words and "McNemar" in words and "over 2 rows" in words
    assert "What it cost" in words and "12,345" in words and "61" in words


def test_what_own_reasons_cost_has_a_column_where_there_are_any(three):
    costs.note(three / "direct-1", {"learn": 3.0})
    assert all("own reasons, s" not in grid.head for grid in compose(three, METRICS, "direct").grids)
    costs.note(three / "joint-2", {"own": 61.2, "learn": 5.0})
    grid = next(grid for grid in compose(three, METRICS, "direct").grids if grid.head[0] == "cost")
    at = grid.head.index("own reasons, s")
    assert {row[0]: row[at] for row in grid.rows} == {"direct": "-", "joint": "61"}


def test_equal_predictions_differ_in_nothing(sweep, run_folder):
    run_folder(sweep / "same-4", "same", 1.0, 0.05)  # as direct
    same = numbers(sweep, "direct")["same"]
    assert {float(same[f"{m}_difference"]) for m in METRICS} == {0.0}
    assert float(same["AccEM_p"]) == float(same["MRR_p"]) == 1
    assert same["MRR_smallest"] == same["MRR_effect"] == ""


def test_a_row_that_is_not_there_is_told_when_asked_for_and_noted_when_configured(three):
    with pytest.raises(UserError, match="'dircet' is no finished row of this table; near: 'direct'"):
        compose(three, METRICS, "dircet")
    for name in ("direct-1", "joint-2", "markov-4"):
        path = three / name / ".hydra" / "config.yaml"
        path.write_text(path.read_text().replace("people_shown: 12", "people_shown: 12, against: direct"))
    assert compose(three, METRICS).grids[0].title == "Less direct"
    (three / "direct-1" / "status.json").write_text('{"stage": "score", "done": false, "resumable": true}')
    table = compose(three, METRICS)
    assert table.grids == () and any("Not compared pair by pair: against: 'direct'" in note for note in table.notes)


def test_of_several_seeds_each_is_compared_with_its_own(sweep, run_folder):
    run_folder(sweep / "direct-4", "direct", 1.0, 0.4, seed=1)
    run_folder(sweep / "joint-5", "joint", 1.0, 0.1, seed=1)
    rows = numbers(sweep, "direct")
    a, b = (scored.read(sweep / name / "scores.jsonl") for name in ("joint-5", "direct-4"))
    assert float(rows["joint (seed=1)"]["MRR_difference"]) == pytest.approx(a.means[:, 6].mean() - b.means[:, 6].mean())
    (sweep / "direct-4" / ".hydra" / "overrides.yaml").write_text("- method=direct\n- seed=2\n")
    with pytest.raises(UserError, match="2 rows are 'direct', and for joint-5 0 of them have its other overrides"):
        compose(sweep, METRICS, "direct")


def test_a_row_whose_own_seed_of_the_base_is_not_finished_has_dashes(sweep, run_folder):
    run_folder(sweep / "joint-5", "joint", 1.0, 0.1, seed=1)  # direct with seed 1 is still to come
    less, tests, *_ = compose(sweep, METRICS, "direct").grids
    cells = {row[0]: set(row[1:]) for row in less.rows}
    assert cells["joint (seed=1)"] == {"-"} and len(cells["joint (seed=0)"]) > 1
    assert list(less.numbers) == ["joint (seed=0)"] == list(tests.numbers) and "over 1 row," in tests.notes[1]
    assert less.notes[1:] == ("Not compared, for direct with their seed is not finished: joint (seed=1).",)


def test_where_nothing_can_be_compared_nothing_is_tested(sweep, run_folder):
    run_folder(sweep / "joint-5", "joint", 1.0, 0.1, seed=1)
    shutil.rmtree(sweep / "joint-2")
    grids = compose(sweep, METRICS, "direct").grids
    assert [grid.title for grid in grids if "direct" in grid.title and "seeds" not in grid.title] == ["Less direct"]


def test_a_metric_that_one_row_lacks_is_not_tested_there(three):
    path = three / "joint-2" / "scores.jsonl"
    path.write_text(
        "".join(json.dumps(json.loads(line) | {"MRR": None}) + "\n" for line in path.read_text().splitlines())
    )
    grid = next(grid for grid in compose(three, METRICS, "direct").grids if grid.title.startswith("Tests"))
    told = {row[0]: dict(zip(grid.head, row, strict=True)) for row in grid.rows}
    assert told["joint"]["MRR p (Holm)"] == told["joint"]["MRR: d"] == "-"
    p, corrected = told["markov"]["MRR p (Holm)"].rstrip(")").split(" (")
    assert p == corrected  # the only test of MRR


def test_the_label_of_one_row_is_compared_with_whatever_its_seed(sweep, run_folder):
    run_folder(sweep / "joint-5", "joint", 1.0, 0.1, seed=1)
    grid, *_ = compose(sweep, METRICS, "joint (seed=0)").grids
    assert set(grid.numbers) == {"direct", "joint (seed=1)"}


def test_costs_that_are_not_on_record_are_dashes(sweep):
    costs.note(sweep / "joint-2", {"learn": 61.2, "rank": 5.0}, trained_parameters=9, tokens_seen=12345)
    (grid,) = compose(sweep, METRICS).grids
    assert grid.rows == (("joint", "-", "12,345", "9", "-", "61", "-", "-", "5"),)
    rows = numbers(sweep, None)
    assert rows["joint"]["seconds_learn"] == "61.2" and rows["direct"]["seconds_learn"] == ""


def test_oracle_reasons_are_marked_in_tables_pages_and_pictures(sweep):
    set_in(sweep / "joint-2", "inference: {reason: oracle}\n")
    table = compose(sweep, METRICS)
    assert table.rows[1].label == "joint (oracle reason)" and any("an upper bound" in note for note in table.notes)
    assert "joint (oracle reason)" in comparison(table.rows, "MRR")
    assert main([str(sweep / "joint-2")]) == 0
    assert "joint (oracle reason)'s first title" in (sweep / "joint-2" / "report.html").read_text().replace(
        "&#39;", "'"
    )
    set_in(
        sweep / "direct-1",
        "inference: {reason: oracle}\nbaseline: {_target_: reasoning_occ.recommenders.markov.Markov}\n",
    )
    assert compose(sweep, METRICS).rows[0].label == "direct"


def test_a_row_is_known_by_its_choice_too(three):
    hydra = three / "joint-2" / ".hydra" / "hydra.yaml"
    hydra.write_text("hydra: {runtime: {choices: {row: joint_marginal}}, job: {num: 5}}\n")
    assert compose(three, METRICS, "joint_marginal").grids[0].title == "Less joint_marginal"


def test_a_name_that_every_row_has_compares_nothing(sweep, run_folder):
    (sweep / "direct-1").rename(sweep.parent / "aside")
    run_folder(sweep / "joint-6", "joint", 1.0, 0.1, seed=1)
    with pytest.raises(
        UserError, match=r"each row of this table is 'joint'; give the label of one, such as 'joint \(seed="
    ):
        compose(sweep, METRICS, "joint")


def test_the_command_compares(three, capsys):
    assert main([str(three), "--against", "direct", "--format", "markdown"]) == 0
    assert "| row | AccEM |" in capsys.readouterr().out
    assert json.loads((three / "direct-1" / "metrics.json").read_text())["recommender"] == "direct"
