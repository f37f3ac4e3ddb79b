"""The pages of experiments, from small sweeps."""

import numpy as np
import pytest

from experiments.claims.kept import keep
from experiments.marks import marks
from experiments.methods import __main__ as methods
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.evaluate import summarised
from reasoning_occ.evaluation.paired import paired
from reasoning_occ.report.jobs import find


def test_the_page_gets_its_tables(tmp_path, monkeypatch, run_folder):
    for number, name in enumerate(("direct", "joint", "two_model")):
        run_folder(tmp_path / "sweep" / f"{name}-{number}", name, 0.2 + 0.1 * number, 0.0)
    page = tmp_path / "README.md"
    page.write_text(methods.README.read_text())
    monkeypatch.setattr(methods, "README", page)
    monkeypatch.setattr("sys.argv", ["methods", str(tmp_path / "sweep"), "--write"])
    assert methods.main() == 0
    text = page.read_text()
    held = {}
    for name in ("table", "reading", "two models", "reasons"):
        begin, end = marks(name)
        held[name] = text.split(begin)[1].split(end)[0]
    assert "Less direct" in held["table"] and "| joint |" in held["table"]
    assert "Less joint" in held["reading"] and "| direct |" in held["reading"]
    assert "Less two_model" in held["two models"] and "| direct |" in held["two models"]
    assert held["reasons"].strip()


def test_a_kept_job_has_the_figures_of_the_whole_one(sweep, tmp_path_factory):
    into = tmp_path_factory.mktemp("kept")
    for file, line in (
        ("config.yaml", "data_dir: /home/somebody\n"),
        ("overrides.yaml", "- data_dir=/home/somebody\n"),
    ):
        path = sweep / "joint-2" / ".hydra" / file
        path.write_text(path.read_text() + line)
    places = keep(sweep, ["joint"], into)
    assert [place.name for place in places] == ["joint-2"]
    (whole,) = [job for job in find(sweep)[0] if job.name == "joint"]
    (kept,) = find(into)[0]
    assert (kept.name, kept.seed, kept.overrides) == (whole.name, whole.seed, whole.overrides[:-1])
    before, after = (scored.read(job.folder / "scores.jsonl") for job in (whole, kept))
    assert after.keys == before.keys and np.allclose(after.means, before.means, rtol=1e-5)
    for metric, one in summarised(before, 100, 0).items():
        assert summarised(after, 100, 0)[metric] == pytest.approx(one, rel=1e-5)
    size = sum(file.stat().st_size for file in into.rglob("*") if file.is_file())
    assert size < sum(file.stat().st_size for file in whole.folder.rglob("*") if file.is_file()) / 3
    told = "".join(file.read_text() for file in into.rglob("*") if file.is_file())
    assert not any(code in told for code in set(before.truths)) and "/home/somebody" not in told
    assert paired(after, before, 20, 0).differences["MRR"]["value"] == pytest.approx(0, abs=1e-5)
    with pytest.raises(UserError, match="is kept already"):
        keep(into, [], into)
    with pytest.raises(UserError, match=r"no finished job in .* is 'few_shot'; there are direct, joint"):
        keep(sweep, ["few_shot"], into)
