"""Which reason is read before titles are ranked, and what two adapters on one backbone do."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from recommending import INFERENCE, PREFERENCE
from safetensors.torch import load_file

from reasoning_occ import costs
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl, write_jsonl
from reasoning_occ.inference import model as inside
from reasoning_occ.inference.rank import title_log_probs
from reasoning_occ.inference.trie import Trie
from reasoning_occ.language.example import Segment
from reasoning_occ.recommenders.reasoned import exchanged


def reading(make, parts, folder, method="joint", told=None, **how):
    train, valid, _ = parts
    model = make(method, inference=replace(INFERENCE, **how), **({"told": told} if told else {}))
    model.fit(train, valid, folder)
    return model


def ranked(model, parts):
    histories = [t.history for t in parts[2]]
    return histories, list(model.recommend(histories))


@pytest.mark.parametrize("method", ["joint", "two_model"])
def test_the_mean_over_reasons_is_that_of_separate_rankings(make, parts, tmp_path, method):
    model = reading(make, parts, tmp_path, method, reason="marginal", samples=3)
    assert model.name == f"{method} (mean over 3 reasons)"
    histories, found = ranked(model, parts)
    rows = list(read_jsonl(tmp_path / "generated.jsonl"))
    assert len(rows) == 3 * len(histories) and {row["sample"] for row in rows} == {0, 1, 2}
    for history, one in zip(histories, found, strict=True):
        reasons = [row["reason"] for row in rows if row["person"] == history.person.id]
        each = np.array([next(model.rank([history], [reason])).log_probs for reason in reasons])
        np.testing.assert_allclose(np.exp(one.log_probs), np.exp(each).mean(axis=0), atol=1e-6)
        assert one.reason in reasons
    assert len({row["reason"] for row in rows}) > 3  # else the mean would be of nothing


def test_a_sampled_reason_is_the_first_of_several_and_follows_the_seed(make, parts, tmp_path):
    histories, _several = ranked(reading(make, parts, tmp_path, reason="marginal", samples=3), parts)
    first = {r["person"]: r["reason"] for r in read_jsonl(tmp_path / "generated.jsonl") if r["sample"] == 0}
    (tmp_path / "write" / "generated.jsonl").unlink()
    _, one = ranked(reading(make, parts, tmp_path, reason="sampled"), parts)
    assert [r.reason for r in one] == [first[h.person.id] for h in histories]


def test_other_reasons_or_none_are_read_as_chosen(make, parts, tmp_path):
    histories, _ = ranked(reading(make, parts, tmp_path), parts)
    written = tmp_path / "write" / "generated.jsonl"
    write_jsonl(written, [{**row, "reason": f"Of person {row['person']}."} for row in read_jsonl(written)])

    none = reading(make, parts, tmp_path, reason="none")
    assert [one.reason for one in ranked(none, parts)[1]] == [None] * len(
        histories
    ) and none.name == "joint (no reason)"

    shuffled = ranked(reading(make, parts, tmp_path, reason="shuffled"), parts)[1]
    # a ranking that was cut off goes on with the same reasons, down to the last person
    rest = make("joint", inference=replace(INFERENCE, reason="shuffled"), everyone=lambda: histories)
    rest.fit(*parts[:2], tmp_path)
    for start in (2, len(histories) - 1):
        again = [one.reason for one in rest.recommend(histories[start:])]
        assert again == [one.reason for one in shuffled[start:]]
    mine = [f"Of person {h.person.id}." for h in histories]
    assert sorted(mine) == sorted(str(one.reason) for one in shuffled)
    assert all(one.reason != own for one, own in zip(shuffled, mine, strict=True))

    known = {(t.key): f"Known for person {t.key[0]}." for t in parts[2][1:]}
    oracle = reading(make, parts, tmp_path, told=lambda: known, reason="oracle", allow_oracle=True)
    assert oracle.name == "joint (oracle reason)"
    assert [one.reason for one in ranked(oracle, parts)[1]] == [None, *known.values()]


def test_nobody_keeps_their_own_reason(parts):
    histories = [t.history for t in [*parts[0], *parts[2]]]  # some people several times
    own = [[h.person.id] for h in histories]
    for seed in range(5):
        for (mine,), (given,) in zip(own, exchanged(histories, own, seed), strict=True):
            assert mine != given
    assert exchanged(histories, own, 1) == exchanged(histories, own, 1) != exchanged(histories, own, 2)
    with pytest.raises(UserError, match="one test person alone"):
        exchanged(histories[:1], own[:1], 0)


def test_two_adapters_are_learnt_apart_on_one_backbone(make, parts, tmp_path):
    train, valid, test = parts
    model = reading(make, parts, tmp_path, "two_model")
    weights, language = model.ready("reason_only")
    assert language.asks == "reason_only" and weights.active_adapter == "generator"
    weights, language = model.ready()
    assert language.asks == "title_given_reason" and weights.active_adapter == "predictor"
    state = weights.state_dict()
    names = [name for name in state if "lora_B.generator" in name]
    twins = [name.replace(".generator", ".predictor") for name in names]
    assert names and any((state[a] != state[b]).any() for a, b in zip(names, twins, strict=True))
    # each alone is what a training of its own gives: the other one's has left no trace
    alone = make("two_model")
    alone.adapters = alone.adapters[1:]
    alone.fit(train, valid, tmp_path / "alone")
    history, reason = test[0].history, "Moves such as this are common."
    expected = next(alone.rank([history], [reason])).log_probs
    np.testing.assert_allclose(next(model.rank([history], [reason])).log_probs, expected, atol=1e-6)


@pytest.mark.parametrize(("mix", "reasons", "titles"), [(0.5, 1.0, 1.0), (0.25, 1 / 3, 1.0), (0.8, 1.0, 0.25)])
def test_tasks_are_mixed_by_their_share(make, nls, mix, reasons, titles):
    transitions = [t for career in nls.careers[:150] for t in career.transitions()]
    told = {t.key: "Pay rose." for t in transitions[: len(transitions) // 2]}
    model = make("multi_task", task_mix=mix)
    examples = model.examples("", transitions, told, {})
    asks_reason = [e for e in examples if (e.segments == Segment.REASON).any()]
    asks_title = [e for e in examples if (e.segments == Segment.ANSWER).any()]
    assert len(asks_reason) + len(asks_title) == len(examples)
    assert len(asks_reason) / len(told) == pytest.approx(reasons, abs=0.06)
    of_told = [e for e in asks_title if e.key in told]
    assert len(of_told) / len(told) == pytest.approx(titles, abs=0.06)
    assert len(asks_title) - len(of_told) == len(transitions) - len(told)  # without a reason: the answer alone
    again = model.examples("", transitions, told, {})
    assert [e.ids.tolist() for e in again] == [e.ids.tolist() for e in examples]
    with pytest.raises(UserError, match=r"method\.task_mix: expected a share between 0 and 1; got 1"):
        make("multi_task", task_mix=1)


def test_pmi_takes_off_what_a_title_has_without_a_career(make, parts, tmp_path):
    plain = reading(make, parts, tmp_path, "direct")
    _histories, before = ranked(plain, parts)
    after = reading(make, parts, tmp_path, "direct", pmi=True)
    assert after.name == "direct (PMI)"
    model, language = plain.ready()
    trie = Trie.build([[*language.title_ids(c), language.closing_ids[0]] for c in plain.taxonomy.codes])
    with inside.in_fp32(model):
        (prior,) = title_log_probs(inside.parts(model), [language.prior_prefix_ids().tolist()], trie)
    for one, other in zip(before, ranked(after, parts)[1], strict=True):
        expected = one.log_probs - prior.astype(float)
        expected -= np.logaddexp.reduce(expected)
        np.testing.assert_allclose(other.log_probs, expected, atol=1e-4)


@pytest.mark.parametrize("method", ["joint", "two_model"])
def test_preference_training_goes_on_from_what_sft_left(make, parts, tmp_path, method):
    train, valid, _test = parts
    better = ["Pay rose with every move so far.", "They stayed in this line for years."]

    def oracle(train, valid):
        rows = [
            {
                "person": t.key[0],
                "t": t.key[1],
                "chosen": better[n % 2],
                "rejected": "It was a Tuesday.",
                "margin": 3.0,
                "chosen_scores": dict.fromkeys(("factuality", "coherence", "utility"), 5),
                "rejected_scores": dict.fromkeys(("factuality", "coherence", "utility"), 4),
            }
            for n, t in enumerate(train)
        ]
        write_jsonl(tmp_path / "pairs.jsonl", rows)
        return {t.key: better[0] for t in train}, {t.key: better[0] for t in valid}

    model = make(method, oracle=oracle, preference=PREFERENCE)
    assert model.name == f"{method} + dpo"
    model.fit(train, valid, tmp_path)
    writer = "generator" if method == "two_model" else ""
    told = json.loads((tmp_path / "preference.json").read_text())
    sft, dpo = (load_file(tmp_path / f / "adapter" / "adapter_model.safetensors") for f in (f"learn/{writer}", writer))
    assert any((sft[name] != dpo[name]).any() for name in sft) and set(sft) == set(dpo)
    assert told["train"]["pairs"] == len(train)
    if method == "two_model":
        same, again = (tmp_path / f / "predictor" / "adapter" / "adapter_model.safetensors" for f in ("", "learn"))
        assert same.read_bytes() == again.read_bytes()
    first = [one.log_probs.tolist() for one in ranked(model, parts)[1]]
    # cut off before the adapter was kept: what is there is gone on from, and the result is the same
    shutil.rmtree(tmp_path / writer / "adapter")
    shutil.rmtree(tmp_path / "prefer" / "adapter")
    again = make(method, oracle=oracle, preference=PREFERENCE)
    again.fit(train, valid, tmp_path)
    assert [one.log_probs.tolist() for one in ranked(again, parts)[1]] == first
    cost = costs.read(tmp_path)
    assert cost["pair_tokens_seen"] > 0 and set(cost["seconds"]) == {"learn", "prefer", "write", "rank"}
