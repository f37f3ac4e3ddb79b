"""Means over seeds: both uncertainties, and comparisons with a margin."""

import numpy as np
import pytest

from reasoning_occ import identity
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.paired import paired, verdict
from reasoning_occ.report import seeds
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.jobs import find
from reasoning_occ.report.table import compose


@pytest.fixture
def twice(sweep, run_folder):
    """direct and joint, each with two seeds that differ."""
    run_folder(sweep / "direct-4", "direct", 1.0, 0.4, seed=1)
    run_folder(sweep / "joint-5", "joint", 1.0, 0.1, seed=1)
    return sweep


def test_jobs_that_differ_in_their_seed_alone_are_one_row(twice):
    spread, less, tests = compose(twice, METRICS, "direct").grids[2:]
    assert spread.title == "Over seeds" and [row[:2] for row in spread.rows] == [("direct", "2"), ("joint", "2")]
    assert "ECE" not in spread.head  # no mean of scores, so none over seeds
    each = [scored.read(twice / name / "scores.jsonl").means[:, 6].mean() for name in ("direct-1", "direct-4")]
    assert spread.numbers["direct"]["MRR_value"] == pytest.approx(np.mean(each))
    told = spread.rows[0][spread.head.index("MRR")]
    assert told.endswith(f"{min(each):.3f}..{max(each):.3f}") and min(each) < max(each)
    for grid, title in ((less, "Less direct, over seeds"), (tests, "Tests of differences from direct, over seeds")):
        assert grid.title == title and [row[0] for row in grid.rows] == ["joint"]
    assert "McNemar" not in tests.notes[1]


def test_what_no_result_depends_on_makes_no_row_of_its_own(twice):
    for name, words in (("direct-4", ("threads=1", "+output=elsewhere")), ("joint-5", ("data.people=60", "seed=1"))):
        overrides = twice / name / ".hydra" / "overrides.yaml"
        overrides.write_text(overrides.read_text() + "".join(f"- {word}\n" for word in words))
    found = {pool.label: len(pool.jobs) for pool in seeds.pools(find(twice)[0])}
    assert found == {"direct": 2, "joint (no other words)": 1, "joint (data.people=60)": 1}
    assert set(seeds.IDLE) == set(identity.IDLE) - {"ablation"}  # which is a name for what other words do


def test_the_mean_over_seeds_is_compared_transition_by_transition(twice):
    jobs, _ = find(twice)
    direct, joint = seeds.pools(jobs)
    read = {job.folder.name: scored.read(job.folder / "scores.jsonl") for job in jobs}
    by_key = {name: dict(zip(one.keys, one.means[:, 6], strict=True)) for name, one in read.items()}
    keys = read["direct-1"].keys
    slow = [
        (by_key["joint-2"][key] + by_key["joint-5"][key] - by_key["direct-1"][key] - by_key["direct-4"][key]) / 2
        for key in keys
    ]
    found = paired(joint.scored, direct.scored, 100, 0)
    assert found.differences["MRR"]["value"] == pytest.approx(np.mean(slow))
    assert found.p_mcnemar is None  # half a hit is no hit of McNemar's


def test_seeds_tested_on_others_are_refused(sweep):
    whole = scored.read(sweep / "direct-1" / "scores.jsonl")
    less = scored.Scored(whole.keys[1:], whole.truths[1:], whole.means[1:], whole.probabilities[1:])
    with pytest.raises(UserError, match="same transitions"):
        scored.averaged([whole, less])


def test_one_job_twice_is_no_second_seed(twice, run_folder):
    run_folder(twice / "joint-6", "joint", 1.0, 0.1, seed=1)  # as joint-5
    table = compose(twice, METRICS, "direct (seed=0)")
    assert not any("seeds" in one.title for one in table.grids)
    assert any("No means over seeds: joint-5 and joint-6 are the same job (seed 1)" in note for note in table.notes)
    with pytest.raises(UserError, match="take one of them away"):
        seeds.pools(find(twice)[0])


def test_an_average_does_not_depend_on_the_order_of_lines(sweep):
    whole = scored.read(sweep / "direct-1" / "scores.jsonl")
    turned = scored.Scored(whole.keys[::-1], whole.truths[::-1], whole.means[::-1], whole.probabilities[::-1])
    mean = scored.averaged([whole, turned])
    assert dict(zip(mean.keys, mean.truths, strict=True)) == dict(zip(whole.keys, whole.truths, strict=True))
    order = [whole.keys.index(key) for key in mean.keys]
    np.testing.assert_allclose(mean.means, whole.means[order])


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.001, 0.02, "better"),
        (-0.005, 0.02, "on a par"),
        (-0.009, -0.001, "on a par"),  # worse by less than counts
        (-0.02, -0.011, "worse"),
        (-0.03, -0.001, "worse"),
        (-0.02, 0.02, "open"),
        (None, None, "-"),
    ],
)
def test_a_verdict_follows_from_interval_and_margin(low, high, told):
    assert verdict({"low": low, "high": high}, 0.01) == told


def test_a_table_says_the_verdict_where_a_margin_is_on_record(twice):
    for folder in twice.iterdir():
        path = folder / ".hydra" / "config.yaml"
        if path.is_file():
            path.write_text(path.read_text().replace("people_shown: 12", "people_shown: 12, margin: 0.01"))
    grids = compose(twice, METRICS, "direct").grids
    for grid in (grids[0], grids[3]):
        assert grid.head[-1] == "by MRR" and any("above -0.01" in note for note in grid.notes)
        assert {row[-1] for row in grid.rows} <= {"better", "on a par", "worse", "open"}
