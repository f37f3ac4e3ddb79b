import subprocess
import sys

import pytest

from reasoning_occ.report.__main__ import FORMATS, main
from reasoning_occ.report.formats import FORMATS as WRITERS


def test_a_sweep_prints_and_writes_its_table(sweep, capsys):
    assert main([str(sweep), "--format", "markdown", "--metrics", "AccEM,MRR"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("| recommender | people | transitions | AccEM | MRR |")
    assert (sweep / "table.md").read_text() == printed
    assert not (sweep / "report.html").exists()


def test_a_run_gets_its_page_again(sweep, capsys):
    assert main([str(sweep / "joint-2")]) == 0
    assert "joint" in capsys.readouterr().out
    assert (sweep / "joint-2" / "report.html").exists() and not (sweep / "joint-2" / "table.md").exists()


@pytest.mark.parametrize(("place", "message"), [("joint-3", "is finished: joint-3 (stage fit"), ("none", "no folder")])
def test_without_a_finished_job_it_says_so_in_a_sentence(sweep, capsys, place, message):
    assert main([str(sweep / place)]) == 1
    told = capsys.readouterr()
    assert told.out == "" and message in told.err and told.err.count("\n") == 1


def test_the_formats_offered_are_those_there_are():
    assert tuple(WRITERS) == FORMATS


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom reasoning_occ.report.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'numpy', 'torch', 'pandas', 'matplotlib', 'jinja2', 'omegaconf'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--format" in done.stdout and "examples:" in done.stdout
