"""Titles learnt after reasons of the model's own, written by a model that learnt from other people."""

import numpy as np
import pytest

from reasoning_occ import costs
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.recommenders.own_reasons import FOLDS, cross_fitted, fold_of

READS = {"joint": "reason", "multi_task": "title_given_reason", "two_model": "title_given_reason"}


@pytest.fixture
def transitions(nls):
    return [t for career in nls.careers[:60] for t in career.transitions()]


def crossed(transitions, share, folder, seed=0):
    told = []

    def write(fold, learnt, asked, reasons, where):
        told.append((fold, {t.key[0] for t in learnt}, {t.key[0] for t in asked}, where.name))
        return [f"By writer {fold} of {t.key}." for t in asked]

    return cross_fitted(transitions, {}, share, seed, write, folder), told


def test_who_writes_has_not_learnt_from_whom_it_writes_for(transitions, tmp_path):
    everyone = {t.key[0] for t in transitions}
    found, told = crossed(transitions, 1.0, tmp_path)
    assert set(found) == {t.key for t in transitions}
    assert [name for _, _, _, name in told] == ["fold0", "fold1"]
    for _fold, learnt, asked, _ in told:
        assert learnt and asked and not learnt & asked and learnt | asked == everyone
    for key, reason in found.items():
        assert reason == f"By writer {fold_of(key[0], 0)} of {key}."


def test_a_smaller_share_is_among_a_larger_one_and_a_seed_draws_anew(transitions, tmp_path):
    half, more = (crossed(transitions, share, tmp_path)[0] for share in (0.5, 0.8))
    assert set(half) < set(more) and len(half) / len(transitions) == pytest.approx(0.5, abs=0.12)
    assert crossed(transitions, 0.5, tmp_path)[0] == half
    other = crossed(transitions, 0.5, tmp_path, seed=1)[0]
    assert set(other) != set(half)
    assert any(fold_of(t.key[0], 0) != fold_of(t.key[0], 1) for t in transitions)


def test_one_person_is_too_few(transitions, tmp_path):
    with pytest.raises(UserError, match=r"own_reasons=1\.0: 1 training people are too few to learn from in 2 parts"):
        crossed([t for t in transitions if t.key[0] == transitions[0].key[0]], 1.0, tmp_path)


@pytest.mark.parametrize("ranking", ["tokens", "copying_head"])
@pytest.mark.parametrize("method", READS)
def test_titles_are_learnt_after_what_was_written_for_strangers(make, parts, tmp_path, method, ranking, monkeypatch):
    train, valid, test = parts
    model = make(method, ranking=ranking, own_reasons=1.0)
    assert model.name == f"{method}, own reasons"
    seen = {}
    real = model.examples

    def examples(adapter, transitions, reasons, own):
        made = real(adapter, transitions, reasons, own)
        seen[adapter, len(own)] = made
        return made

    monkeypatch.setattr(model, "examples", examples)
    model.fit(train, valid, tmp_path)
    assert len(list(model.recommend([t.history for t in test]))) == len(test)

    folds = [tmp_path / "own" / f"fold{fold}" for fold in range(FOLDS)]
    rows = {(row["person"], row["transition"]): row for place in folds for row in read_jsonl(place / "generated.jsonl")}
    assert set(rows) == {(t.key[0], t.history.past_jobs) for t in train}
    own = {t.key: rows[t.key[0], t.history.past_jobs]["reason"] for t in train}
    assert any(own.values())  # else nothing would be shown below
    adapter = "predictor" if method == "two_model" else ""
    language = model.language(READS[method])
    learnt = [one for one in seen[adapter, len(train)] if names_title(one)]
    for t, one in zip(train, learnt, strict=True):
        before = language.answer_prefix_ids(t.history, language.fitting(t.history, own[t.key]))
        assert one.ids[: len(before)].tolist() == before.tolist()
        assert not (one.segments == Segment.REASON).any()
    writes = seen["generator" if method == "two_model" else "", len(train)]
    assert sum((one.segments == Segment.REASON).any() for one in writes) == len(train)
    plain = [one for one in seen[adapter, 0] if names_title(one)]  # of validation people, after oracle reasons
    assert len(plain) == len(valid)

    spent = costs.read(tmp_path)["seconds"]
    assert spent["own"] == pytest.approx(sum(sum(costs.read(place)["seconds"].values()) for place in folds))
    assert spent["own"] > spent["learn"] > 0


def names_title(example):
    return example.title >= 0 or bool((example.segments == Segment.ANSWER).any())


def test_what_was_cut_off_writes_nothing_twice(make, parts, tmp_path, monkeypatch):
    train, valid, _ = parts
    model = make("joint", own_reasons=1.0)

    real = type(model).examples

    def cut(*_args, **_kwargs):
        raise KeyboardInterrupt

    def cut_late(self, adapter, transitions, reasons, own):
        return cut() if own else real(self, adapter, transitions, reasons, own)

    with monkeypatch.context() as patch:
        patch.setattr(type(model), "examples", cut_late)
        with pytest.raises(KeyboardInterrupt):
            model.fit(train, valid, tmp_path)
    written = tmp_path / "own" / "fold1" / "generated.jsonl"
    before = written.stat()
    again = make("joint", own_reasons=1.0)
    monkeypatch.setattr("reasoning_occ.inference.generate.generate_reasons", cut)
    again.fit(train, valid, tmp_path)
    assert written.stat().st_mtime_ns == before.st_mtime_ns


def test_a_part_of_an_example_is_learnt_alone():
    kinds = [Segment.PROMPT, Segment.REASON, Segment.REASON, Segment.PROMPT, Segment.ANSWER]
    one = Example(("a", 0), np.arange(5, dtype=np.int32), np.array(kinds, dtype=np.int8), title=3, barred=1)
    reason, answer = one.only(Segment.REASON), one.only(Segment.ANSWER)
    assert reason.ids.tolist() == [0, 1, 2] and reason.segments.tolist() == [0, 1, 1]
    assert (reason.title, reason.barred, answer.title, answer.barred) == (-1, -1, 3, 1)
    assert answer.ids.tolist() == [0, 1, 2, 3, 4] and answer.segments.tolist() == [0, 0, 0, 0, 2]


@pytest.mark.parametrize("share", [1.5, -0.1, True, "half"])
def test_no_share(make, share):
    with pytest.raises(UserError, match=rf"method\.own_reasons: expected a share from 0 to 1; got {share}\."):
        make("joint", own_reasons=share)
