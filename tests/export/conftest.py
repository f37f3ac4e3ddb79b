"""A finished run of a tiny model, made as the command makes it."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def trained(tmp_path_factory, nls):
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from reasoning_occ.config import CONF
    from reasoning_occ.experiment import run_job

    base: Path = tmp_path_factory.mktemp("export")
    folder = base / "joint"
    words = ["debug=tiny", "method=joint", "trainer.max_steps=2", "data.people=30", "evaluation.resamples=10"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REASONING_OCC_CACHE", str(base / "cache"))
        with initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose("config", [*words, f"stages={base}/stages"])
        (folder / ".hydra").mkdir(parents=True)
        OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
        run_job(cfg, folder)
        yield folder
