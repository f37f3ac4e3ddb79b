"""A cache of the test's own, and one tiny model a family."""

import pytest


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache_folder, monkeypatch):
    """Nothing here is read from or written to the user's cache; other rooms' tests keep theirs."""
    monkeypatch.setenv("REASONING_OCC_CACHE", str(cache_folder))
    return cache_folder


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """What the tiny tokenizers are trained on."""
    return ["Name the next occupation.", "Cooks", "Bakers", "Bus drivers"]


@pytest.fixture(params=["smollm2", "qwen3", "llama3"])
def tiny_backbone(request, texts):
    """Read afresh for each test, so that adapters don't pile up on one object."""
    import torch

    from reasoning_occ.models.tiny import tiny

    torch.set_num_threads(1)
    return tiny(request.param, texts, seed=0, dtype="fp32")
