"""How far a sweep is, told from its files and from who holds them."""

import json
import shutil

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.files import alone, held
from reasoning_occ.report.__main__ import main
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.reason_quality import compare
from reasoning_occ.report.sweep import lines, states
from reasoning_occ.report.table import compose

FOLDERS = ("direct-1", "joint-2", "joint-3", "failed-4", "absent-5")


@pytest.fixture
def begun(sweep):
    """Two jobs done, one cut off in its training, one failed, one not begun."""
    (sweep / "joint-3" / "status.json").write_text(
        json.dumps({"stage": "fit", "since": "2026-01-05 10:00:00", "done": False, "resumable": True, "error": None})
    )
    (sweep / "failed-4").mkdir()
    (sweep / "failed-4" / "status.json").write_text(
        json.dumps({"stage": "load", "since": "x", "done": False, "resumable": False, "error": "No file.\nIn detail"})
    )
    jobs = [{"number": i, "overrides": ["a=1", f"row={name}"], "folder": name} for i, name in enumerate(FOLDERS)]
    (sweep / "sweep.json").write_text(json.dumps({"jobs": jobs}))
    return sweep


def test_every_job_of_the_list_is_told(begun):
    found = states(begun)
    assert [job.state for job in found] == ["done", "done", "interrupted", "failed", "missing"]
    assert lines(found) == [
        "5 jobs: 2 done, 1 failed, 1 interrupted, 1 missing.",
        "  done         #0 row=direct-1",
        "  done         #1 row=joint-2",
        "  interrupted  #2 row=joint-3 (stage fit since 2026-01-05 10:00:00; the same command goes on)",
        "  failed       #3 row=failed-4 (stage load: No file.)",
        "  missing      #4 row=absent-5",
    ]


def test_a_job_runs_as_long_as_a_process_holds_its_folder(begun):
    with alone(begun / "joint-3"):
        job = states(begun)[2]
        assert (job.state, job.detail) == ("running", "stage fit since 2026-01-05 10:00:00")
    assert states(begun)[2].state == "interrupted" and not held(begun / "joint-3")


def test_looking_at_a_folder_does_not_keep_a_job_out(tmp_path):
    with alone(tmp_path):
        pass
    assert not held(tmp_path)
    with alone(tmp_path):
        assert held(tmp_path)


def test_ctrl_c_is_no_failure(begun):
    (begun / "failed-4" / "status.json").write_text(
        json.dumps({"stage": "fit", "since": "x", "done": False, "resumable": True, "error": "stopped by Ctrl-C"})
    )
    assert states(begun)[3].state == "interrupted"


def test_report_tells_what_is_done_so_far_and_exits_by_it(begun, capsys):
    assert main([str(begun), "--format", "csv"]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("recommender,") and "5 jobs: 2 done" in told.err
    assert main([str(begun)]) == 1 and "5 jobs: 2 done" in capsys.readouterr().out
    jobs = json.loads((begun / "sweep.json").read_text())["jobs"][:2]
    (begun / "sweep.json").write_text(json.dumps({"jobs": jobs}))
    assert main([str(begun)]) == 0 and capsys.readouterr().out.startswith("2 jobs: 2 done.\n")


def test_report_works_before_anything_is_done(tmp_path, capsys):
    (tmp_path / "sweep.json").write_text(json.dumps({"jobs": [{"number": 0, "overrides": ["a=1"], "folder": "one"}]}))
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr() == ("1 job: 1 missing.\n  missing  #0 a=1\n", "")


def test_a_broken_list_of_jobs_is_told(tmp_path):
    (tmp_path / "sweep.json").write_text("{}")
    with pytest.raises(UserError, match=r"sweep.json lacks 'jobs'"):
        states(tmp_path)


def test_a_table_takes_the_jobs_of_the_list_and_counts_the_others(begun, run_folder, tmp_path_factory):
    assert not any("earlier start" in note for note in compose(begun, METRICS).notes)
    for name in ("direct-9", "joint-9"):  # as of other data under the same command
        run_folder(begun / name, name, 1.0, 0.3)
    shutil.copytree(begun, (above := tmp_path_factory.mktemp("sweeps")) / "one")
    for folder in (begun, above):
        table = compose(folder, METRICS)
        assert [row.label for row in table.rows if not row.floor] == ["direct", "joint"]
        told = "2 folders of earlier starts with other data or settings are left out: not in sweep.json."
        assert told in table.notes
    assert {row.label for row in compare(begun).rows} == {"direct", "joint"}
    assert told in compare(begun).notes
    (begun / "sweep.json").unlink()
    assert len([row for row in compose(begun, METRICS).rows if not row.floor]) == 4
