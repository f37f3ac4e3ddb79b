"""The command's words."""

import subprocess
import sys

import pytest

from reasoning_occ.app.__main__ import main, read


def test_words_come_in_any_order():
    words = read(["port=8000", "runs=a", "runs/b", "reasons=8"])
    assert (str(words.run), str(words.runs), words.port, words.reasons, words.data_dir) == (
        "runs/b",
        "a",
        8000,
        8,
        None,
    )
    assert read(["run=x"]).port == 7860 and read([]).run is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run=a", "run=b"], "given twice"),
        (["run=a", "prot=1"], "'prot=1': expected run=..."),
        (["run=a", "port=0"], "port: expected a whole number from 1 to 65535, got '0'"),
        (["run=a", "port=http"], "got 'http'"),
        (["run=a", "reasons=65"], "from 1 to 64"),
        (["run="], "'run=': expected"),
    ],
)
def test_words_that_cannot_be_read_are_usage_errors(words, told, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2 and told in capsys.readouterr().err


def test_a_run_that_is_not_there_is_told_in_a_sentence(tmp_path, capsys, monkeypatch):
    pytest.importorskip("gradio", reason='needs gradio: pip install "reasoning-occ[app]"')
    monkeypatch.chdir(tmp_path)
    assert main([]) == 1 and "there is no finished run in runs/" in capsys.readouterr().err
    assert main([f"run={tmp_path / 'absent'}", "port=47861"]) == 1
    assert "absent does not exist. Give the folder of a finished run" in capsys.readouterr().err
    assert main([f"run={tmp_path}", f"runs={tmp_path / 'no'}", "port=47861"]) == 1
    assert "There is no folder" in capsys.readouterr().err


def test_help_teaches_and_loads_nothing_heavy():
    code = (
        "import sys\nfrom reasoning_occ.app.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('gradio', 'torch', 'pandas', 'hydra', 'jinja2') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.rstrip().endswith("[]")
    for words in ("run=RUN_DIR", "Try it", "--labels", "Not for decisions about people", "reasoning-occ[app]"):
        assert words in " ".join(said.split())
