import csv
import io
import json

import pytest
from rich.console import Console

from reasoning_occ.errors import UserError
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.formats import FORMATS, show
from reasoning_occ.report.table import compose, write


def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


def test_a_sweep_is_one_table_with_each_floor_once(sweep):
    table = compose(sweep, METRICS)
    assert [(row.label, row.floor) for row in table.rows] == [
        ("direct", False),
        ("joint", False),
        ("popularity", True),
        ("markov", True),
    ]


def test_a_floor_that_is_a_job_of_the_sweep_is_shown_as_the_job(sweep, run_folder):
    run_folder(sweep / "markov-4", "markov", 1.0, 0.0)
    assert [(row.label, row.floor) for row in compose(sweep, METRICS).rows] == [
        ("direct", False),
        ("joint", False),
        ("markov", False),
        ("popularity", True),
    ]


def test_namesakes_are_told_apart_by_what_was_swept(sweep, run_folder):
    run_folder(sweep / "joint-9", "joint", 1.0, 0.1, seed=1)
    labels = [row.label for row in compose(sweep, METRICS).rows if not row.floor]
    assert labels == ["direct", "joint (seed=0)", "joint (seed=1)"]


def test_numbers_are_those_of_the_jobs(sweep):
    rows = {row["recommender"]: row for row in csv.DictReader(io.StringIO(FORMATS["csv"][1](compose(sweep, METRICS))))}
    for name in ("direct", "joint"):
        found = metrics(sweep / ("direct-1" if name == "direct" else "joint-2"))
        for metric in METRICS:
            assert float(rows[name][metric]) == found[metric]["value"]
            assert float(rows[name][f"{metric}_low"]) == found[metric]["low"]
    accuracy = metrics(sweep / "joint-2")["AccEM"]
    cell = f"{accuracy['value']:.2f} [{accuracy['low']:.2f}, {accuracy['high']:.2f}]"
    assert f"| joint | 240 | 240 | {cell} |" in FORMATS["markdown"][1](compose(sweep, METRICS))


@pytest.mark.parametrize("form", [f for f in FORMATS if f != "csv"])
def test_every_format_warns_of_a_small_test_and_counts_unfinished_jobs(sweep, form):
    words = " ".join(FORMATS[form][1](compose(sweep, METRICS)).split())
    width = metrics(sweep / "direct-1")["AccEM"]
    assert "Small test: with 240 people" in words
    assert f"interval of AccEM of direct is {width['high'] - width['low']:.2f} wide" in words
    assert "proves nothing" in words
    assert "1 job is not finished: joint-3 (stage fit; the same command goes on)" in words
    assert "seed 0" in words and "nlsw88" in words


def test_a_large_test_does_not_warn(sweep):
    for folder in ("direct-1", "joint-2"):
        for file in ("metrics.json", "floors.json"):
            path = sweep / folder / file
            path.write_text(path.read_text().replace('"people": 240', '"people": 5000'))
    table = compose(sweep, METRICS)
    assert table.warning == "" and table.decimals == 3


@pytest.mark.parametrize("width", [80, 200])
def test_no_number_is_cut_off_in_a_narrow_terminal(sweep, width):
    out = io.StringIO()
    show(compose(sweep, METRICS), Console(file=out, width=width))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for metric in METRICS:
        found = metrics(sweep / "joint-2")[metric]
        assert metric in text and f"[{found['low']:.2f}, {found['high']:.2f}]" in text


def test_latex_and_markdown_escape_names(sweep):
    path = sweep / "joint-2" / "metrics.json"
    path.write_text(path.read_text().replace('"recommender": "joint"', '"recommender": "a_b|50% & <i>"'))
    table = compose(sweep, METRICS)
    assert "a\\_b|50\\% \\& <i> &" in FORMATS["latex"][1](table)
    assert "| a_b\\|50% & <i> |" in FORMATS["markdown"][1](table)
    assert "a_b|50% &amp; &lt;i&gt;" in FORMATS["html"][1](table)


def test_all_files_are_written(sweep):
    assert sorted(path.name for path in write(compose(sweep, METRICS), sweep)) == [
        "table.csv",
        "table.html",
        "table.md",
        "table.tex",
        "table.txt",
    ]


def test_an_unknown_metric_names_the_nearest(sweep):
    with pytest.raises(UserError, match=r"'Hit@4' is no metric .*'Hit@"):
        compose(sweep, ["Hit@4"])


def test_what_was_not_scored_is_said(sweep):
    path = sweep / "joint-2" / "metrics.json"
    found = metrics(sweep / "joint-2")
    found["counts"] |= {"invalid": 7, "unscored": 5}
    path.write_text(json.dumps(found))
    assert any("joint: 7 predictions without a valid title" in note for note in compose(sweep, METRICS).notes)


def test_the_caption_says_on_what_the_figures_rest(sweep):
    path = sweep / "joint-2" / "metrics.json"
    size = {"people": 1200, "transitions": 3400}
    data = {"people": 300, "people_in_data": 3175, "train": size, "valid": size, "test": size, "seed": 0}
    data |= {"skipped": {"rows without occupation": 429, "rows without a year": 0}, "test_ids_of_nobody": 3}
    path.write_text(json.dumps(metrics(sweep / "joint-2") | {"data": data}))
    table = compose(sweep, METRICS)
    assert "Tested on 240 people and 240 transitions (seed 0); learnt from 1,200 people and 3,400" in table.caption
    assert "(a sample of 300 of 3,175 people, seed 0)" in table.caption
    assert "Left out or mended when the data were read: 429 rows without occupation." in table.notes
    assert any("belong to nobody in the data: 3" in note for note in table.notes)


def test_figures_of_validation_people_are_never_called_a_test(sweep):
    path = sweep / "joint-2" / "metrics.json"
    size = {"people": 30, "transitions": 34}
    data = {"people": 300, "people_in_data": 300, "train": size, "valid": size, "test": size, "part": "valid"}
    path.write_text(json.dumps(metrics(sweep / "joint-2") | {"data": data}))
    told = compose(sweep, METRICS).caption
    assert "scored on validation people alone (30 people and 34 transitions), by whom choices are made: no test" in told
    assert "tested on 30 people" not in told


def test_a_random_tiny_model_is_marked(sweep):
    path = sweep / "joint-2" / ".hydra" / "config.yaml"
    path.write_text(path.read_text() + "model: {tiny: true}\n")
    table = compose(sweep, METRICS)
    assert [row.label for row in table.rows[:2]] == ["direct", "joint (random tiny model)"]
    assert table.warning.startswith("joint (random tiny model): figures mean nothing.")


def test_the_warning_needs_an_interval_with_a_width(sweep):
    for folder in ("direct-1", "joint-2"):
        found = metrics(sweep / folder)
        found["AccEM"] |= {"value": 0.0, "low": 0.0, "high": 0.0}
        (sweep / folder / "metrics.json").write_text(json.dumps(found))
    table = compose(sweep, ("AccEM", "MRR"))
    assert "0.00 wide" not in table.warning and "Wilson" not in table.caption
    assert "| 0.00 |" in FORMATS["markdown"][1](table)


def test_a_training_that_saw_only_a_part_says_so(sweep):
    folder = sweep / "joint-2"
    config, metrics = folder / ".hydra" / "config.yaml", folder / "metrics.json"
    size = {"people": 9, "transitions": 600}
    data = {"people": 20, "people_in_data": 20, "train": size, "valid": size, "test": size}
    metrics.write_text(json.dumps(json.loads(metrics.read_text()) | {"data": data}))
    before = config.read_text()
    for trainer, told in (
        ("{max_steps: 50, batch: 8, epochs: 1}", ["50 steps of 8 transitions: 400 of 600"]),
        ("{max_steps: 50, batch: 8, epochs: 2}", ["400 of 1,200"]),
        ("{max_steps: 75, batch: 8, epochs: 1}", []),
        ("{max_steps: null, batch: 8, epochs: 1}", []),
    ):
        config.write_text(f"{before}trainer: {trainer}\n")
        stopped = [note for note in compose(sweep, METRICS).notes if "Training stopped" in note]
        assert len(stopped) == len(told) and all(words in stopped[0] for words in told)


def test_many_rows_and_columns_stand_in_parts_below_one_another(sweep, run_folder):
    for number in range(3, 15):
        run_folder(sweep / f"joint-{number}", f"joint with a name of its own {number}", 0.3, 0.2)
    out = io.StringIO()
    show(compose(sweep, METRICS), Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80 and "…" not in out.getvalue()
    heads = [line for line in lines if line.split()[:3] == ["recommender", "people", "transitions"]]
    assert len(heads) > 1
    shown = [word for line in heads for word in line.split()[3:]]
    assert shown == list(METRICS)
