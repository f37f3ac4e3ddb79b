"""Small models of every method, and a few careers of the survey."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from recommending import INFERENCE, METHODS, TRAINER

from reasoning_occ.language.asks import ASK, TASK
from reasoning_occ.models.tiny import tiny
from reasoning_occ.recommenders.direct import direct


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    torch.set_num_threads(1)


@pytest.fixture
def parts(nls):
    """Transitions to learn from, to look at, and to be tested on."""
    moves = [list(career.transitions()) for career in nls.careers[:14]]
    return [t for m in moves[:6] for t in m][:12], moves[6][:2], [m[-1] for m in moves[8:]]


@pytest.fixture
def make(nls):
    texts = [TASK, *ASK.values(), *(o.title for o in nls.taxonomy)]

    def oracle(train, valid):
        told = [
            {t.key: f"Moves such as this are common after {len(t.history.jobs)} jobs." for t in part}
            for part in (train, valid)
        ]
        return told[0], told[1]

    def build(method, dtype="fp32", **changed):
        given = {
            "taxonomy": nls.taxonomy,
            "load": lambda: tiny("smollm2", texts, seed=0, dtype=dtype),
            "max_tokens": 1024,
            "trainer": replace(TRAINER, precision=dtype),
            "inference": INFERENCE,
            "logger": lambda _stage, _folder: nullcontext(None),
        } | changed
        if method in ("direct", "unasked"):
            return direct(ask=method == "direct", **given)
        own = {"task_mix": 0.5} if method == "multi_task" else {}
        return METHODS[method](oracle=given.pop("oracle", oracle), **own | given)

    return build
