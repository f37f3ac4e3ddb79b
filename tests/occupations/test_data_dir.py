from pathlib import Path

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import data_dir
from reasoning_occ.occupations.data_dir import located, resolve


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch):
    monkeypatch.delenv(data_dir.VARIABLE, raising=False)
    monkeypatch.setattr(data_dir, "CACHE", tmp_path / "cache")


def test_config_wins_over_the_variable_and_that_over_the_cache(tmp_path, monkeypatch):
    for name in ("config", "variable", "cache"):
        (tmp_path / name).mkdir()
    assert resolve(None) == tmp_path / "cache"
    monkeypatch.setenv(data_dir.VARIABLE, str(tmp_path / "variable"))
    assert resolve(None) == tmp_path / "variable"
    assert resolve(str(tmp_path / "config")) == tmp_path / "config"


def test_nothing_configured_and_no_cache_is_no_folder():
    assert resolve(None) is None


def test_a_named_folder_that_is_missing_ends_in_a_sentence(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"data_dir=.*is not a folder"):
        resolve(str(tmp_path / "nowhere"))
    monkeypatch.setenv(data_dir.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"REASONING_OCC_DATA=.*is not a folder"):
        resolve(None)


def test_a_relative_path_is_looked_for_here_and_then_there(tmp_path, monkeypatch):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    (tmp_path / "here" / "a.csv").touch()
    monkeypatch.chdir(tmp_path / "here")
    there = tmp_path / "there"
    assert located("a.csv", str(there)) == Path("a.csv")
    assert located("b.csv", str(there)) == there / "b.csv"
    assert located(str(tmp_path / "c.csv"), str(there)) == tmp_path / "c.csv"
    assert located("b.csv", None) == Path("b.csv")
