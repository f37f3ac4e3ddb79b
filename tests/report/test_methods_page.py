"""The page on all methods, from a small sweep."""

from experiments.marks import marks
from experiments.methods import __main__ as methods


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
