"""Finished runs of tiny models, made as the command makes them."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def trained(tmp_path_factory, nls):
    """Makes the run of some words, once a session."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from reasoning_occ.config import CONF
    from reasoning_occ.experiment import run_job

    base: Path = tmp_path_factory.mktemp("export")
    made: dict[tuple[str, ...], Path] = {}

    def make(*words: str) -> Path:
        if words not in made:
            folder = base / f"run-{len(made)}"
            small = ["debug=tiny", "trainer.max_steps=2", "data.people=30", "evaluation.resamples=10"]
            with initialize_config_dir(str(CONF), version_base="1.3"):
                cfg = compose("config", [*small, *words, f"stages={base}/stages"])
            (folder / ".hydra").mkdir(parents=True)
            OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
            run_job(cfg, folder)
            made[words] = folder
        return made[words]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REASONING_OCC_CACHE", str(base / "cache"))
        yield make
