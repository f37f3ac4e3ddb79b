"""What is told of a run whose files or weights are not there."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.models import spec
from reasoning_occ.recommend import Recommender
from reasoning_occ.recommend.opened import Opened, opened
from reasoning_occ.recommend.ready import check_base
from reasoning_occ.recommend.settle import settle

HOW = r"give --data-dir \(the page: data_dir=\) or set REASONING_OCC_DATA to that folder\."


def composed(*words):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(words))


@pytest.fixture
def finished_run(tmp_path, monkeypatch):
    """The folder of a run of some words, as far as it is read; no folder of data sets is known."""
    monkeypatch.delenv("REASONING_OCC_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def make(*words) -> Path:
        folder = tmp_path / "run"
        (folder / ".hydra").mkdir(parents=True, exist_ok=True)
        OmegaConf.save(composed(*words), folder / ".hydra" / "config.yaml")
        (folder / "status.json").write_text(json.dumps({"done": True}))
        return folder

    return make


def test_files_that_are_nowhere_are_told_with_how_to_name_their_folder(finished_run, tmp_path):
    run = finished_run("data=nlsy97", "baseline=markov")
    with pytest.raises(UserError, match=rf"there is no nlsy97/nlsy97_dev\.csv\.gz; .* {HOW}"):
        Recommender.load(run)
    with pytest.raises(UserError, match=rf"keeps nothing of what it learnt.* {HOW}"):
        Recommender.load(finished_run("data=json", "data.taxonomy=nls", "data.path=a.jsonl", "baseline=markov"))
    (tmp_path / "a.jsonl").write_text("")
    there = ("data=json", f"data.path={tmp_path / 'a.jsonl'}")
    with pytest.raises(UserError, match=rf"onet\.download=false.* {HOW}"):
        opened(finished_run(*there, "data.taxonomy=onet", "onet.download=false", "baseline=markov"), None)


def test_who_has_named_a_folder_or_lacks_none_is_told_only_what_is_wrong(finished_run, tmp_path, monkeypatch):
    run = finished_run("data=nlsy97", "baseline=markov")
    with pytest.raises(UserError, match=r"there is no nlsy97/nlsy97_dev\.csv\.gz") as told:
        opened(run, str(tmp_path))
    assert "--data-dir" not in str(told.value)
    monkeypatch.setenv("REASONING_OCC_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"there is no nlsy97/nlsy97_dev\.csv\.gz") as told:
        opened(run, None)
    assert "--data-dir" not in str(told.value)
    monkeypatch.delenv("REASONING_OCC_DATA")
    (tmp_path / "a.jsonl").write_text("oops\n")
    for place in ("a.jsonl", tmp_path / "absent.jsonl"):
        with pytest.raises(UserError, match=r"data\.path") as told:
            opened(finished_run("data=json", f"data.path={place}", "baseline=markov"), None)
        assert "--data-dir" not in str(told.value)


def test_a_base_without_weights_is_told(tiny_taxonomy, tmp_path, monkeypatch):
    def run(base):
        made = Opened(Path("export"), composed("method=joint"), tiny_taxonomy, tiny_taxonomy, Path, "0" * 64)
        settle(made, None, str(base))
        return made

    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=rf"base: {tmp_path} holds no weights; expected a \.gguf file, or a folder"):
        check_base(run(tmp_path))

    def away(name):
        raise UserError(f"The model hub can't be reached for {name}.")

    monkeypatch.setattr(spec, "_hub_commit", away)
    with pytest.raises(UserError, match=r"base: The model hub can't be reached for nobody/none\."):
        check_base(run("nobody/none"))
