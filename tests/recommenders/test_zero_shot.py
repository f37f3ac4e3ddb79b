"""An untrained model, made as a job makes it, on a few careers of the survey."""

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl
from reasoning_occ.inference.rank import rank_reference
from reasoning_occ.making import make, predictor
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.recommenders.zero_shot import ZeroShotReasoned
from reasoning_occ.task import load
from reasoning_occ.validation import validate


@pytest.fixture
def job(nls, tmp_path, monkeypatch):
    """A job's configuration, task and recommender, by what is added to the command."""
    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path / "cache"))
    torch.set_num_threads(1)

    def made(*more):
        with initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose("config", ["debug=tiny", "data.people=30", f"stages={tmp_path / 'stages'}", *more])
        task = load(cfg)
        return cfg, task, make(cfg, task, tmp_path)

    return made


@pytest.mark.parametrize("role", ["method", "baseline"])
@pytest.mark.parametrize("form", ["direct", "reason"])
def test_every_title_is_ranked_exactly_by_weights_that_nothing_touched(job, tmp_path, role, form):
    _, task, model = job(f"{role}=zero_shot_{form}")
    model.fit(task.train, task.valid, tmp_path)
    histories = [t.history for t in task.test[:3]]
    before = {name: values.clone() for name, values in model.ready()[0].state_dict().items()}
    said = list(model.recommend(histories))
    assert all((one.reason is not None) == (form == "reason") for one in said)
    after = model.ready()[0].state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    loaded, language = model.ready()
    titles = [[*language.title_ids(code), language.closing_ids[0]] for code in task.taxonomy.codes]
    for history, one in zip(histories, said, strict=True):
        context = language.answer_prefix_ids(history, one.reason).tolist()
        slow = rank_reference(loaded, context, titles, allowed(history, task.taxonomy))
        np.testing.assert_allclose(np.exp(one.log_probs), np.exp(slow), atol=1e-5)
    assert not (tmp_path / "adapter").exists()


def test_reasons_that_are_written_are_not_written_again(job, tmp_path):
    _, task, model = job("method=zero_shot_reason")
    model.fit(task.train, task.valid, tmp_path)
    histories = [t.history for t in task.test[:2]]
    first = list(model.recommend(histories))
    rows = (tmp_path / "generated.jsonl").read_text()
    _, _, again = job("method=zero_shot_reason")
    again.fit(task.train, task.valid, tmp_path)
    assert [one.reason for one in again.recommend(histories)] == [one.reason for one in first]
    assert (tmp_path / "generated.jsonl").read_text() == rows
    assert len(list(read_jsonl(tmp_path / "generated.jsonl"))) == 2


def test_what_it_reads_in_place_of_its_reason_is_chosen_as_for_trained_methods(job, tmp_path):
    said = {}
    for chosen in ("greedy", "none", "marginal", "shuffled"):
        more = ["inference.samples=2", "inference.max_reason_tokens=9", f"inference.reason={chosen}"]
        _, task, model = job("method=zero_shot_reason", *more)
        model.fit(task.train, task.valid, tmp_path)
        said[model.name] = list(model.recommend([t.history for t in task.test[:2]]))
    own, none, mean, others = said.values()
    assert [one.reason for one in own] == [one.reason for one in reversed(others)]
    assert all(one.reason is None for one in none) and all(one.reason for one in mean)
    assert list(said)[2] == "zero_shot reason_then_answer (mean over 2 reasons)"


def test_a_reason_that_it_never_reads_is_refused_at_once():
    for choice, chosen in (("zero_shot_direct", "sampled"), ("few_shot", "marginal"), ("zero_shot_reason", "oracle")):
        with (
            initialize_config_dir(str(CONF), version_base="1.3"),
            pytest.raises(UserError, match=f"inference.reason={chosen}: this method reads no such reason"),
        ):
            validate(compose("config", [f"method={choice}", f"inference.reason={chosen}"]))


def test_the_names_in_tables_tell_the_forms_apart(job):
    assert job("method=zero_shot_direct")[2].name == "zero_shot direct"
    assert job("baseline=zero_shot_reason")[2].name == "zero_shot reason_then_answer"
    with pytest.raises(UserError, match="form: expected direct or reason_then_answer; got 'dice'"):
        job("method=zero_shot_direct", "method.form=dice")


def test_it_is_the_predictor_of_a_judge_that_names_none_whatever_the_job_scores(job):
    cfg, task, _ = job("baseline=markov")
    found = predictor(cfg, task, None)
    assert isinstance(found, ZeroShotReasoned)
    history = task.test[0].history
    (with_reason,) = found.log_probs([history], ["They go on as they began."])
    (without,) = found.log_probs([history], [None])
    assert not np.allclose(np.exp(with_reason), np.exp(without))
    # how the job's own recommender ranks is none of its business
    cfg, task, _ = job("method=zero_shot_reason", "inference.pmi=true", "inference.reason=none")
    (same,) = predictor(cfg, task, None).log_probs([history], ["They go on as they began."])
    assert same.tolist() == with_reason.tolist()


def test_a_window_too_small_is_told_before_a_reason_is_written(job, tmp_path):
    _, task, model = job("method=zero_shot_reason", "inference.max_reason_tokens=300")
    with pytest.raises(UserError, match=r"inference\.max_reason_tokens=300"):
        model.fit(task.train, task.valid, tmp_path)
