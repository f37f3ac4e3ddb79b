"""What is other for new people than when a run was scored."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.temperature import Temperature
from reasoning_occ.recommend.opened import Opened
from reasoning_occ.recommend.settle import settle


@pytest.fixture
def run(tiny_taxonomy):
    def make(*words, temperature=None):
        with initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose("config", list(words))
        return Opened(Path("run"), cfg, tiny_taxonomy, tiny_taxonomy, Path, temperature=temperature)

    return make


def test_a_fitted_temperature_says_what_it_was_fitted_with(run):
    fitted = Temperature(1.25, people=27, transitions=60)
    (note,) = settle(run("method=joint", temperature=fitted), None, None)
    assert "temperature 1.25, fitted on 27 validation people" in note and "inference.reason" not in note
    joint = run("method=joint", temperature=fitted)
    (note,) = settle(joint, 8, None)
    assert note.endswith("It was fitted with inference.reason=greedy, not for these reasons.")
    assert (joint.cfg.inference.reason, joint.cfg.inference.samples, joint.cfg.inference.rank_batch) == (
        "marginal",
        8,
        8,
    )
    (note,) = settle(run("method=joint", temperature=Temperature(2.0)), 8, None)
    assert "temperature 2.00, as the run has it" in note and "fitted" not in note


def test_a_run_that_reads_no_reason_averages_over_none(run):
    with pytest.raises(UserError, match="writes no reasons"):
        settle(run("method=direct"), 2, None)
    with pytest.raises(UserError, match="after it has ranked"):
        settle(run("method=joint", "method.reason_first=false"), 2, None)
