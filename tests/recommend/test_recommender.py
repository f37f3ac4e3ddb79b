"""The Python face: what is told of new people is what the run would have said of them in its own test."""

import json
import logging

import numpy as np
import pytest
from omegaconf import OmegaConf

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.recommend import Choice, Recommender
from reasoning_occ.recommenders.rankings import read


def task_of(folder):
    from reasoning_occ.task import load

    return load(OmegaConf.load(folder / ".hydra" / "config.yaml"))


def test_a_baseline_ranks_new_people_as_it_ranked_its_test_people(markov):
    task, known = task_of(markov), read(markov)
    recommender = Recommender.load(markov)
    said = recommender.ranked([recommender.understand(t.history).history for t in task.test])
    for transition, one in zip(task.test, said, strict=True):
        np.testing.assert_allclose(one.log_probs, known.rows[transition.key], atol=1e-5)


@pytest.mark.parametrize("words", [("baseline=gru4rec", "baseline.epochs=2"), ("baseline=linear", "baseline.steps=2")])
def test_what_a_baseline_learnt_is_read_and_not_learnt_again(words, finished, monkeypatch):
    folder = finished(*words, "evaluation.floors=[linear]")
    task, known = task_of(folder), read(folder)
    from reasoning_occ import task as tasks

    monkeypatch.setattr(tasks, "load", lambda _: pytest.fail("the data were read again"))
    recommender = Recommender.load(folder)
    said = recommender.ranked([recommender.understand(t.history).history for t in task.test])
    for transition, one in zip(task.test, said, strict=True):
        np.testing.assert_allclose(one.log_probs, known.rows[transition.key], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "method",
    [
        ("method=joint", "trainer.max_steps=2"),
        ("method=direct", "ranking=copying_head", "trainer.max_steps=2"),
        ("method=two_model", "trainer.max_steps=2"),
        ("baseline=few_shot", "baseline.examples=2"),
        ("baseline=zero_shot_direct", "view.titles=codes", "view.jobs=last"),
    ],
    ids=" ".join,
)
def test_a_model_ranks_new_people_as_it_ranked_its_test_people(method, finished):
    folder = finished("debug=tiny", *method)
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    task, known = task_of(folder), read(folder)
    recommender = Recommender.load(folder)
    from reasoning_occ.task import drawn

    whole = {c.person.id: c for c in drawn(OmegaConf.load(folder / ".hydra" / "config.yaml")).people}
    histories = [whole[t.history.person.id].until(t.history.past_jobs) for t in task.test]
    said = recommender.ranked([recommender.understand(history).history for history in histories])
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    for transition, one, row in zip(task.test, said, rows, strict=True):
        np.testing.assert_allclose(one.log_probs, known.rows[transition.key], atol=1e-5)
        assert one.reason == row["reason"]
    assert before == {file: file.stat().st_mtime_ns for file in folder.rglob("*")}, "the run's folder is left alone"
    reads = method[0] in ("method=joint", "method=multi_task", "method=two_model")
    for one in recommender.recommend_all([recommender.understand(history) for history in histories], Choice()):
        told_of = [warning for warning in one.warnings if "could not be read" in warning]
        assert len(told_of) == (reads and one.reason is None)


@pytest.mark.slow
def test_more_reasons_are_those_that_a_run_draws(finished, joint):
    words = ("debug=tiny", "method=joint", "trainer.max_steps=2", "inference.reason=marginal", "inference.samples=2")
    drawn = finished(*words)
    task, known = task_of(drawn), read(drawn)
    recommender = Recommender.load(joint, reasons=2)
    histories = [t.history for t in task.test]
    said = recommender.ranked(histories)
    for transition, one in zip(task.test, said, strict=True):
        np.testing.assert_allclose(one.log_probs, known.rows[transition.key], atol=1e-5)
    # a title's probability is the mean of those after each reason, ranked by itself
    rows = [json.loads(line) for line in (drawn / "generated.jsonl").read_text().splitlines()]
    texts = {(row["person"], row["sample"]): row["reason"] for row in rows}
    inner = recommender._inner
    for sample in range(2):
        read_once = [texts[history.person.id, sample] for history in histories]
        for one, alone in zip(said, inner.rank(histories, read_once, label=None), strict=True):
            np.testing.assert_allclose(one.each_ko[sample], alone.log_probs, atol=1e-5)
    told = recommender.recommend(histories[0], k=3, given=[recommender.taxonomy.occupations[0].title])
    for title in (*told.ranked, *told.given):
        assert len(title.by_reason) == 2 and title.lowest <= title.probability <= title.highest
        assert title.probability == pytest.approx(np.mean(title.by_reason))
    assert any(title.lowest < title.highest for title in told.ranked)


@pytest.mark.slow
def test_one_reason_has_no_spread(joint, resume, capsys):
    from rich.console import Console

    from reasoning_occ.recommend.many import columns, to_csv
    from reasoning_occ.recommend.show import show

    for reasons in (None, 1, 3):
        recommender = Recommender.load(joint, reasons=reasons)
        told = recommender.recommend(resume, k=2)
        assert (told.ranked[0].by_reason is not None) == (reasons == 3)
        row = told.to_row()
        assert all(("by_reason" in title) == (reasons == 3) for title in row["ranked"])
        cells = list(to_csv(row))
        assert tuple(cells[0]) == columns(recommender, several=False)
        assert ("lowest" in cells[0]) == (reasons == 3)
        show(told, Console(width=200))
        printed = capsys.readouterr().out
        assert ("the 3 reasons drawn" in printed) == (reasons == 3)
        low = f"[{told.ranked[0].lowest:.3f}, {told.ranked[0].highest:.3f}]" if reasons == 3 else "["
        assert (low in printed) == (reasons == 3)


@pytest.mark.slow
@pytest.mark.parametrize("value", ["fit", "2"])
def test_probabilities_are_at_the_temperature_of_the_run(value, markov, finished):
    folder = finished("baseline=markov", f"evaluation.temperature={value}")
    told = json.loads((folder / "metrics.json").read_text())["temperature"]
    assert told["value"] != 1
    task = task_of(folder)
    recommender, plain = Recommender.load(folder), Recommender.load(markov)
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    for transition, row in zip(task.test, rows, strict=True):
        (one,), (before,) = (each.ranked([transition.history]) for each in (recommender, plain))
        truth = recommender.taxonomy.index(transition.target)
        assert one.log_probs[truth] == pytest.approx(row["tempered"]["log_prob"], abs=1e-6)
        assert np.exp(one.log_probs.max()) == pytest.approx(row["tempered"]["probability"], abs=1e-6)
        assert np.exp(one.log_probs).sum() == pytest.approx(1)
        order = [np.argsort(-each.log_probs, kind="stable") for each in (one, before)]
        assert order[0].tolist() == order[1].tolist()
    (note,) = recommender.recommend(task.test[0].history).notes
    whose = f"fitted on {told['people']} validation people" if value == "fit" else "as the run has it"
    assert f"temperature {told['value']:.2f}, {whose}" in note
    assert plain.recommend(task.test[0].history).notes == ()


def test_titles_of_today_are_guessed_by_their_words_and_marked(markov, tmp_path):
    work = [
        {"position": "Registered Nurse", "startDate": "2015-03"},
        {"position": "Barista", "startDate": "2009", "endDate": "2010"},
        {"position": "Waitress", "startDate": "2008", "endDate": "2009"},
    ]
    path = tmp_path / "ada.json"
    path.write_text(json.dumps({"work": work}))
    told = Recommender.load(markov).recommend(path, k=3)
    assert [line.text for line in told.history] == [
        "2008: Service, trade",
        "Mar 2015: Professional, professional services",
    ]
    assert [line.guesses for line in told.history] == [("Waitress", "Barista"), ("Registered Nurse",)]
    assert {one.how for one in told.titles} == {"words"} and len(told.ranked) == 3
    # each stands at its own line, also where an occupation comes again
    path.write_text(json.dumps({"work": [{"position": "Cook", "startDate": "2020"}, *work]}))
    again = Recommender.load(markov).recommend(path, k=3)
    assert [line.guesses for line in again.history] == [("Waitress", "Barista"), ("Registered Nurse",), ("Cook",)]
    assert told.left_out == {"jobs merged with the same occupation before them": 1}


def test_a_resume_is_understood_and_nothing_else_of_it_kept(markov, resume, tmp_path, caplog, capfd):
    path = tmp_path / "ada.json"
    path.write_text(json.dumps(resume))
    caplog.set_level(logging.DEBUG)
    told = Recommender.load(markov).recommend(path, k=3, given=["Sales, construction"])
    assert [line.text for line in told.history] == [
        "2004: Bachelor, History",
        "2008: Farmers, agriculture",
        "Mar 2012: Sales, trade",
    ]
    assert [line.guesses for line in told.history] == [(), ("Farmer, agriculture",), ()]
    assert [(t.given, t.how, t.title) for t in told.titles] == [
        ("Xylophonist", "unmatched", None),
        ("Farmer, agriculture", "nearest", "Farmers, agriculture"),
        ("sales, trade", "exact", "Sales, trade"),
    ]
    assert sum(told.left_out.values()) == 2  # one without a title, a degree that came later
    assert [one.rank for one in told.ranked] == [1, 2, 3]
    assert "Sales, trade" not in [one.title for one in told.ranked]
    assert told.given[0].title == "Sales, construction" and told.given[0].rank > 3
    seen = caplog.text + "".join(capfd.readouterr()) + json.dumps(told.to_row())
    assert not any(word in seen for word in ("Secret", "secret", "555", "Circus", "Uni"))


def test_the_list_can_be_chosen(markov, resume):
    recommender = Recommender.load(markov)
    first, second, *_ = whole = recommender.recommend(resume, k=107).ranked
    assert sum(one.probability for one in whole) == pytest.approx(1)
    left = recommender.recommend(resume, k=2, exclude=[first.title]).ranked
    assert left[0] == second, "probability and rank stay those of the whole ranking"
    merged = recommender.recommend(resume, k=5, merge_related=True).ranked
    heads = [one.code for one in merged]
    for n, head in enumerate(merged):
        for one in head.related:
            assert one.code in recommender.taxonomy.related(head.code) and one.rank > head.rank
            assert not any(one.code in recommender.taxonomy.related(earlier) for earlier in heads[:n])
        assert head.together == pytest.approx(head.probability + sum(one.probability for one in head.related))
    with pytest.raises(UserError, match=r"exclude: 'Nonsense'.*nearest titles"):
        recommender.recommend(resume, exclude=["Nonsense"])
    with pytest.raises(UserError, match="job zones are O\\*NET's"):
        recommender.recommend(resume, min_job_zone=3)


def test_what_is_wrong_with_a_career_is_told(markov, tmp_path):
    recommender = Recommender.load(markov)
    for given, words in [
        ({"jobs": []}, "id is missing"),
        ({"id": "a", "jobs": []}, "no job with a title"),
        ({"id": "a", "jobs": [{"occupation": "Qqqq", "start": "2000"}]}, "none of its job titles"),
        ({"people": 3}, "expected a career of ours"),
        ('{"id": ', "not JSON"),
        (tmp_path / "absent.json", "absent.json: could not be read"),
        (Career(Person("a"), (), (Job("99-99", Date(2000)),)), "'99-99' is no code"),
    ]:
        with pytest.raises(UserError, match=words):
            recommender.recommend(given)


def test_a_run_that_cannot_be_used_says_why(markov, finished, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        Recommender.load(tmp_path / "nothing")
    with pytest.raises(UserError, match="has no run in it"):
        Recommender.load(tmp_path)
    with pytest.raises(UserError, match="writes no reasons"):
        Recommender.load(markov, reasons=4)
    import shutil

    changed = tmp_path / "changed"
    shutil.copytree(markov, changed)
    told = json.loads((changed / "metrics.json").read_text())
    told["data"]["train"]["transitions"] += 1
    (changed / "metrics.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match="its data were changed since"):
        Recommender.load(changed)
    (changed / "status.json").write_text(json.dumps({"done": False, "stage": "fit"}))
    with pytest.raises(UserError, match="is not finished"):
        Recommender.load(changed)
