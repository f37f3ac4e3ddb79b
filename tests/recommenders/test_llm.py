"""Both methods on a tiny model and a few careers of the survey, from learning to a recommendation."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from recommending import INFERENCE, METHODS, TRAINER

from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl, write_jsonl
from reasoning_occ.language.prompt import Language


@pytest.fixture
def read(monkeypatch):
    """All token ids that reach the model while titles are ranked or reasons written, a row each."""
    from reasoning_occ.inference import beginning, generate

    rows = []
    monkeypatch.setattr(beginning, "_WORTH", 2.0)  # whole contexts, nothing shared
    for room in (generate, beginning):

        def spy(sequences, parts, real=room.pad_right):
            rows.extend(sequence.tolist() for sequence in sequences)
            return real(sequences, parts)

        monkeypatch.setattr(room, "pad_right", spy)
    return rows


def log_probs(recommendations):
    return np.array([one.log_probs for one in recommendations])


@pytest.mark.parametrize(
    ("method", "dtype", "ranking"),
    [
        ("direct", "fp32", "tokens"),
        ("joint", "fp32", "tokens"),
        ("joint", "bf16", "tokens"),
        ("direct", "fp32", "head"),
        ("unasked", "fp32", "copying_head"),
        ("joint", "bf16", "head"),
        ("joint", "fp32", "copying_head"),
        ("answer_first", "fp32", "tokens"),
        ("multi_task", "fp32", "tokens"),
        ("multi_task", "fp32", "head"),
        ("multi_task", "fp32", "copying_head"),
        ("two_model", "bf16", "tokens"),
        ("two_model", "fp32", "head"),
    ],
)
def test_learnt_then_recommended_then_read_again_from_the_folder(make, parts, nls, tmp_path, method, dtype, ranking):
    train, valid, test = parts
    model = make(method, dtype, ranking=ranking)
    with pytest.raises(UserError, match="nothing is trained yet"):
        next(iter(model.recommend([test[0].history])))
    model.fit(train, valid, tmp_path)
    histories = [t.history for t in test]
    first = list(model.recommend(histories))
    probs = np.exp(log_probs(first))
    assert probs.sum(axis=1) == pytest.approx(np.ones(len(test)))
    for row, history in zip(probs, histories, strict=True):
        present = nls.taxonomy.index(history.jobs[-1].occupation)
        assert row[present] == 0 and (np.delete(row, present) > 0).all()
    if method not in ("direct", "unasked", "answer_first"):
        written = tmp_path / "write" / "generated.jsonl"
        assert len(list(read_jsonl(written))) == len(test) and not written.with_name("generated.part.jsonl").exists()
        assert written.read_text() == (tmp_path / "generated.jsonl").read_text()
        written.unlink()  # so that the fresh object writes anew
    fresh = make(method, dtype, load=model.load, ranking=ranking)
    fresh.fit(train, valid, tmp_path)
    again = list(fresh.recommend(histories))
    assert [one.reason for one in again] == [one.reason for one in first]
    np.testing.assert_allclose(np.exp(log_probs(again)), probs, atol=1e-5)
    # ranking in fp32 leaves nothing behind that the next call would see
    assert log_probs(model.recommend(histories)).tolist() == log_probs(first).tolist()


@pytest.mark.parametrize(
    ("method", "dtype", "ranking"),
    [("joint", "fp32", "tokens"), ("joint", "bf16", "tokens"), ("direct", "fp32", "head")],
)
def test_all_weights_learnt_then_read_again_from_the_folder(make, parts, tmp_path, method, dtype, ranking):
    train, valid, test = parts
    whole = replace(TRAINER, precision=dtype, lora=None, lr=1e-3)
    model = make(method, dtype, ranking=ranking, trainer=whole)
    before = {name: p.detach().float().clone() for name, p in model.load().model.named_parameters()}
    model.fit(train, valid, tmp_path)
    learnt = dict(model.ready()[0].named_parameters())
    assert set(learnt) == set(before) and "lm_head.weight" not in learnt  # tied: learnt as one
    assert all(p.dtype == torch.float32 and not torch.equal(p, before[name]) for name, p in learnt.items())
    assert not (tmp_path / "adapter").exists()
    histories = [t.history for t in test]
    first = list(model.recommend(histories))
    (tmp_path / "generated.jsonl").unlink(missing_ok=True)  # so that the fresh object writes anew
    fresh = make(method, dtype, load=model.load, ranking=ranking, trainer=whole)
    fresh.fit(train, valid, tmp_path)
    again = list(fresh.recommend(histories))
    assert [one.reason for one in again] == [one.reason for one in first]
    np.testing.assert_allclose(np.exp(log_probs(again)), np.exp(log_probs(first)), atol=1e-5)


def test_a_head_that_was_never_trained_is_missed(make, parts, tmp_path):
    train, valid, test = parts
    make("direct").fit(train, valid, tmp_path)
    by_head = make("direct", ranking="head")
    by_head.fit(train, valid, tmp_path)  # finds the adapter there
    with pytest.raises(UserError, match="no ranking head to be read"):
        list(by_head.recommend([test[0].history]))


@pytest.mark.parametrize("method", ["direct", *METHODS])
def test_what_the_model_reads_knows_nothing_of_what_came_next(make, parts, nls, tmp_path, read, method):
    train, valid, test = parts
    model = make(method)
    model.fit(train, valid, tmp_path)
    read.clear()
    list(model.recommend([t.history for t in test]))
    before = list(read)
    assert len(before) == len(test) * (1 if method == "direct" else 2)
    # the same people, but each goes elsewhere next: careers are cut anew from changed ones
    by_id = {career.person.id: career for career in nls.careers}
    others = []
    for t in test:
        career, place = by_id[t.history.person.id], len(t.history.jobs)
        other = next(c for c in nls.taxonomy.codes if c not in (t.target, career.jobs[place - 1].occupation))
        jobs = [*career.jobs[:place], replace(career.jobs[place], occupation=other)]
        others.append(replace(career, jobs=tuple(jobs)).until(place - 1))
    (tmp_path / "write" / "generated.jsonl").unlink(missing_ok=True)
    read.clear()
    list(model.recommend(others))
    assert read == before


def test_the_true_title_stands_in_no_prompt_unless_held_before(make, parts, nls, tmp_path):
    train, _, test = parts
    language = make("direct").language("title")
    checked = 0
    for t in [*train, *test]:
        text = language.decode(language.prompt_ids(t.history))
        lines = [line for line in text.splitlines() if ": " in line]
        said = any(f": {nls.taxonomy.title(t.target)};" in line + ";" for line in lines)
        assert said == (t.target in [job.occupation for job in t.history.jobs])
        checked += not said
    assert checked > 5


def test_reasons_are_kept_for_the_prompt_they_were_written_after(make, parts, nls, tmp_path, read):
    train, valid, test = parts
    model = make("joint")
    model.fit(train, valid, tmp_path)
    history = test[0].history
    list(model.recommend([history]))
    kept = tmp_path / "write" / "generated.jsonl"
    rows = list(read_jsonl(kept))
    write_jsonl(kept, [{**rows[0], "reason": "Kept on disk."}])
    assert next(iter(model.recommend([history]))).reason == "Kept on disk."
    mended = replace(
        history, jobs=(replace(history.jobs[0], start=history.jobs[0].start._replace(year=1960)), *history.jobs[1:])
    )
    assert next(iter(model.recommend([mended]))).reason != "Kept on disk."
    rows = list(read_jsonl(kept))
    assert len({row["prompt"] for row in rows}) == 2 and "Kept on disk." in [row["reason"] for row in rows]


def test_a_window_too_small_is_told_before_reasons_are_made(make, parts, tmp_path):
    def never(train, valid):
        raise AssertionError("reasons were made")

    train, valid, _ = parts
    long = replace(INFERENCE, max_reason_tokens=257)
    with pytest.raises(UserError, match=r"inference\.max_reason_tokens=257: model\.max_tokens=1024 .* 256 tokens"):
        make("joint", oracle=never, inference=long).fit(train, valid, tmp_path)
    with pytest.raises(UserError, match=r"model\.max_tokens=5000: .* at most 4096"):
        make("joint", oracle=never, max_tokens=5000).fit(train, valid, tmp_path)
    with pytest.raises(AssertionError, match="reasons were made"):
        make("joint", oracle=never).fit(train, valid, tmp_path)


def test_a_reason_too_long_for_the_window_is_cut_and_counted(make, parts, tmp_path, caplog):
    train, valid, test = parts
    model = make("joint")
    model.fit(train, valid, tmp_path)
    _, language = model.ready()
    reasons = ["Short and clear.", "A reason without end. " * 200]
    with caplog.at_level(logging.WARNING):
        told = list(model.rank([test[0].history, test[1].history], reasons))
    assert "1 of 2 reasons were longer than the window" in caplog.text
    assert told[0].reason == reasons[0]
    assert told[1].reason and reasons[1].startswith(told[1].reason) and len(told[1].reason) > 200
    used = len(language.answer_prefix_ids(test[1].history, told[1].reason)) + language.longest_answer
    assert language.max_tokens - 3 <= used <= language.max_tokens


def test_cut_test_histories_are_counted(make, parts, tmp_path, caplog):
    train, valid, test = parts
    model = make("direct")
    model.fit(train, valid, tmp_path)
    _, whole = model.ready()
    needed = max(len(whole.prompt_ids(t.history)) for t in test)
    room = len(whole.head_ids) + len(whole.tail_ids) + whole.longest_answer + len(whole.answer_open_ids)
    longest = max(len(ids) for t in test for ids in whole.line_ids(t.history))
    model._languages["title"] = Language(whole.tokenizer, whole.taxonomy, max(needed - 1, room + longest), "title")
    with caplog.at_level(logging.WARNING):
        list(model.rank([t.history for t in test], [None] * len(test)))
    assert "test histories are longer than the window" in caplog.text


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"precision": "fp16"}, r"inference\.precision: expected fp32 or bf16; got fp16"),
        ({"batch": 0}, r"inference\.batch: expected a whole number of 1 or more; got 0"),
        ({"rank_batch": -1}, r"inference\.rank_batch"),
        ({"max_reason_tokens": None}, r"inference\.max_reason_tokens: .* got None"),
        ({"samples": 0}, r"inference\.samples: expected a whole number of 1 or more; got 0"),
        ({"temperature": 0}, r"inference\.temperature: expected a number above 0; got 0"),
        ({"reason": "own"}, r"inference\.reason: expected greedy, .*shuffled; got own"),
        ({"reason": "oracle"}, r"inference\.reason=oracle: .* Add inference\.allow_oracle=true"),
        ({"pmi": "yes"}, r"inference\.pmi: expected true or false; got yes"),
    ],
)
def test_a_senseless_setting_is_refused_by_its_key(changed, expected):
    with pytest.raises(UserError, match=expected):
        replace(INFERENCE, **changed)
