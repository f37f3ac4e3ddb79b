"""Finished runs, made as the command makes them."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def finished(tmp_path_factory, nls):
    """Makes the run of some words, once a session."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from reasoning_occ.config import CONF
    from reasoning_occ.experiment import run_job

    base = tmp_path_factory.mktemp("recommend")
    made: dict[tuple[str, ...], Path] = {}

    def make(*words: str) -> Path:
        if words not in made:
            people = [] if any(word.startswith("data=") for word in words) else ["data.people=60"]
            folder = base / f"run-{len(made)}"
            with initialize_config_dir(str(CONF), version_base="1.3"):
                cfg = compose("config", [*words, f"stages={base}/stages", *people, "evaluation.resamples=10"])
            (folder / ".hydra").mkdir(parents=True)
            OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
            run_job(cfg, folder)
            made[words] = folder
        return made[words]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REASONING_OCC_CACHE", str(base / "cache"))
        yield make


@pytest.fixture
def markov(finished):
    return finished("baseline=markov")


@pytest.fixture
def joint(finished):
    return finished("debug=tiny", "method=joint", "trainer.max_steps=2")


@pytest.fixture
def resume():
    """As a person would write it, latest job first."""
    return {
        "basics": {"name": "Ada Secret", "email": "ada@secret.example", "phone": "555-0199"},
        "work": [
            {"name": "Shop", "position": "sales, trade", "startDate": "2012-03"},
            {"name": "Farm", "position": "Farmer, agriculture", "startDate": "2008", "endDate": "2011"},
            {"name": "Circus", "position": "Xylophonist", "startDate": "2005", "endDate": "2007"},
        ],
        "education": [
            {"institution": "Uni", "studyType": "Bachelor", "area": "History", "endDate": "2004"},
            {"institution": "Uni", "studyType": "Master", "endDate": "2015"},
        ],
    }
