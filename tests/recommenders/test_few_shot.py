"""Who is shown to an untrained model, and what it then reads."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.check import check
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.inference.rank import rank_reference
from reasoning_occ.making import make
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.recommenders.nearest import Nearest
from reasoning_occ.task import load


def career(person: str, codes: str) -> Career:
    return Career(Person(person), (), tuple(Job(code, Date(1970 + i)) for i, code in enumerate(codes)))


def transition(person: str, codes: str, target: str = "n") -> Transition:
    return Transition(career(person, codes), target, Date(1990))


def composed(*more: str):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", ["debug=tiny", "method=few_shot", *more])


@pytest.fixture
def job(nls, tmp_path, monkeypatch):
    """A fitted job of few_shot, by what is added to the command: its task, and its recommender."""
    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path / "cache"))
    torch.set_num_threads(1)

    def made(*more: str):
        cfg = composed("data.people=40", f"stages={tmp_path / 'stages'}", *more)
        task = load(cfg)
        model = make(cfg, task, tmp_path)
        model.fit(task.train, task.valid, tmp_path)
        return task, model

    return made


def test_similarity_is_the_overlap_of_weighted_occupations():
    train = [transition("1", "cb"), transition("2", "b"), transition("3", "pd"), transition("4", "bcb")]
    found = Nearest(train, 0.5, seed=0).similarities(career("x", "cb"))
    # the bags are b 1, c .5 | b 1, c .5 | b 1 | d 1, p .5 | b 1.25, c .5
    assert found == pytest.approx([1.0, 1 / 1.5, 0.0, 1.5 / 1.75])


def test_each_other_person_is_shown_once_and_nobody_to_themselves():
    train = [transition("1", "c"), transition("1", "cb"), transition("x", "cb"), transition("2", "b")]
    found = Nearest(train, 0.5, seed=0).of(career("x", "cb"), 4)
    assert [t.key for t in found] == [("1", 1), ("2", 0)]


@given(st.integers(0, 5), st.permutations(range(12)))
def test_the_order_of_equals_is_the_seeds_and_not_the_datas(seed, order):
    train = [transition(str(i), "c") for i in range(12)]
    first = [t.key for t in Nearest(train, 0.5, seed).of(career("x", "c"), 5)]
    assert [t.key for t in Nearest([train[i] for i in order], 0.5, seed).of(career("x", "c"), 5)] == first


def test_another_seed_orders_equals_anew():
    train = [transition(str(i), "c") for i in range(12)]
    assert len({tuple(t.key for t in Nearest(train, 0.5, seed).of(career("x", "c"), 5)) for seed in range(4)}) > 1


def test_only_training_people_are_shown_and_never_the_person(job):
    task, model = job()
    _, language = model.ready()
    learnt, unseen = ({t.key for t in part} for part in (task.train, (*task.valid, *task.test)))
    counts = []
    for history in [t.history for t in (*task.test, *task.train)]:
        shown = language.shown(history)
        assert {t.key for t in shown} <= learnt and not {t.key for t in shown} & unseen
        assert history.person.id not in {t.history.person.id for t in shown}
        counts.append(len(shown))
    assert max(counts) == 4


def test_the_prompt_holds_the_examples_nearest_last_and_then_the_career_whole(job):
    task, model = job()
    _, language = model.ready()
    history = task.test[0].history
    text = language.decode(language.answer_prefix_ids(history, None))
    shown = language.shown(history)
    assert len(shown) == 4
    assert [part.split("</answer>")[0] for part in text.split("<answer>")[1:-1]] == [
        f" {task.taxonomy.title(t.target)}" for t in reversed(shown)
    ]
    lines = [language.decode(ids) for ids in language.line_ids(history)]
    assert text.split("The career in question:\n")[1].startswith("".join(lines))
    assert text.endswith("<answer>")


def test_titles_are_ranked_exactly_after_the_examples(job):
    task, model = job()
    loaded, language = model.ready()
    history = task.test[0].history
    (said,) = model.recommend([history])
    titles = [[*language.title_ids(code), language.closing_ids[0]] for code in task.taxonomy.codes]
    context = language.answer_prefix_ids(history, None).tolist()
    slow = rank_reference(loaded, context, titles, allowed(history, task.taxonomy))
    np.testing.assert_allclose(np.exp(said.log_probs), np.exp(slow), atol=1e-5)


def test_what_is_read_knows_nothing_of_what_came_next(job, nls):
    task, model = job()
    _, language = model.ready()
    by_id = {one.person.id: one for one in nls.careers}
    for t in task.test:
        whole, place = by_id[t.history.person.id], len(t.history.jobs)
        other = next(c for c in nls.taxonomy.codes if c not in (t.target, whole.jobs[place - 1].occupation))
        jobs = (*whole.jobs[:place], replace(whole.jobs[place], occupation=other))
        elsewhere = replace(whole, jobs=jobs).until(place - 1)
        before, after = (language.answer_prefix_ids(h, None).tolist() for h in (t.history, elsewhere))
        assert before == after


def test_as_many_examples_as_fit_the_window_and_the_others_are_told(job, caplog):
    task, model = job("model.max_tokens=400", "method.examples=9", "inference.max_reason_tokens=9")
    _, language = model.ready()
    histories = [t.history for t in task.test]
    counts = []
    for history in histories:
        ids = language.answer_prefix_ids(history, None)  # raises where it does not fit
        assert len(ids) + language.longest_answer <= 400
        counts.append(len(language.shown(history)))
    assert 0 < max(counts) < 9
    with caplog.at_level(logging.WARNING):
        list(model.recommend(histories[:2]))
    assert f"2 of 2 test people are shown fewer than 9 examples, {min(counts[:2])} at least" in caplog.text


@pytest.mark.parametrize("role", ["method", "baseline"])
def test_no_example_at_all_is_refused_before_anything_is_read(role):
    with pytest.raises(UserError, match=rf"{role}\.examples: expected a whole number above 0; got '0'"):
        check(composed(f"{role}=few_shot", f"{role}.examples=0"))


def test_a_recency_out_of_range_is_refused():
    with pytest.raises(UserError, match=r"recency: expected a number above 0 and at most 1; got 1\.5"):
        Nearest([transition("1", "c")], 1.5, seed=0)
    with pytest.raises(UserError, match="no training transition to show"):
        Nearest([], 0.5, seed=0)
