import logging

import numpy as np
import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.inference.generate import Written, generate_reasons, sample_reasons

LIMIT = 12
EOS = 95


def prompts(n=7, seed=3):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 90, size=size).tolist() for size in rng.integers(1, 25, size=n)]


def one_by_one(model, prompt, stop, eos):
    """Greedy decoding as plain as can be: the whole sequence again for every token."""
    model.eval()
    ids, new = list(prompt), []
    while len(new) < LIMIT:
        with torch.no_grad():
            token = int(model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
        ids.append(token)
        new.append(token)
        if new[-len(stop) :] == list(stop):
            return Written(new[: -len(stop)], "stop")
        if token in eos:
            return Written(new[:-1], "eos")
    return Written(new, "cut")


def some_stop(model):
    """A pair of tokens and a single one that this model does write, so that rows end at different steps."""
    free = [one_by_one(model, prompt, (-1,), ()).ids for prompt in prompts()[:3]]
    return tuple(free[0][6:8]), {free[1][9], free[2][4], EOS}


def test_equals_plain_decoding(model):
    stop, eos = some_stop(model)
    expected = [one_by_one(model, prompt, stop, eos) for prompt in prompts()]
    for batch_size in (1, 3, 7):
        got = generate_reasons(
            model, prompts(), stop=stop, eos=eos, max_new_tokens=LIMIT, batch_size=batch_size, label=None
        )
        assert got == expected
    # rows must really leave at different times for this to test anything
    assert len({len(one.ids) for one in expected}) > 2
    assert "eos" in {one.ended for one in expected}


def test_equals_the_greedy_writing_of_transformers(model):
    eos = sorted(some_stop(model)[1])
    ended = set()
    for prompt in prompts():
        ids = torch.tensor([prompt])
        model.eval()
        whole = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=LIMIT,
            eos_token_id=eos,
            pad_token_id=0,
        )
        new = whole[0, len(prompt) :].tolist()
        expected = Written(new[:-1], "eos") if new[-1] in eos else Written(new, "cut")
        (got,) = generate_reasons(model, [prompt], stop=(-1,), eos=eos, max_new_tokens=LIMIT, batch_size=1, label=None)
        assert got == expected
        ended.add(expected.ended)
    assert ended == {"eos", "cut"} and len(set(map(len, prompts()))) > 3


def test_ends_by_stop_sequence_and_not_by_its_first_token(model):
    free = one_by_one(model, prompts()[0], (-1,), ()).ids
    at = 6
    stop = tuple(free[at : at + 3])
    (got,) = generate_reasons(
        model, prompts()[:1], stop=stop, eos=(), max_new_tokens=LIMIT, batch_size=1, label="Writing"
    )
    first = next(n for n in range(LIMIT) if tuple(free[n : n + 3]) == stop)
    assert got == Written(free[:first], "stop")


def test_what_is_cut_is_counted(model, caplog):
    with caplog.at_level(logging.WARNING):
        got = generate_reasons(
            model, prompts(), stop=(-1,), eos=(), max_new_tokens=3, batch_size=4, label="Writing reasons"
        )
    assert [one.ended for one in got] == ["cut"] * 7
    assert [len(one.ids) for one in got] == [3] * 7
    assert "7 of 7 reasons were cut off at 3 tokens" in caplog.text


def test_what_can_not_be_written_is_refused(model):
    given = {"eos": (), "batch_size": 2, "label": None}
    assert generate_reasons(model, [], stop=(1,), max_new_tokens=3, **given) == []
    with pytest.raises(ValueError, match="not empty"):
        generate_reasons(model, [[1], []], stop=(1,), max_new_tokens=3, **given)
    with pytest.raises(ValueError, match="not empty"):
        generate_reasons(model, [[1]], stop=(), max_new_tokens=3, **given)
    with pytest.raises(UserError, match="window is 128"):
        generate_reasons(model, [[1] * 100], stop=(1,), max_new_tokens=29, **given)


def drawn_plainly(model, prompt, stream, stop, eos, temperature):
    """Sampling as plain as can be: the whole sequence again for every token, one random number a token."""
    model.eval()
    ids, new = list(prompt), []
    while len(new) < LIMIT:
        with torch.no_grad():
            logits_v = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        probs = np.exp(logits_v.double().numpy() / temperature)
        token = int(np.searchsorted(np.cumsum(probs / probs.sum()), stream.random(), side="right"))
        ids.append(token)
        new.append(token)
        if new[-len(stop) :] == list(stop):
            return Written(new[: -len(stop)], "stop")
        if token in eos:
            return Written(new[:-1], "eos")
    return Written(new, "cut")


@pytest.mark.parametrize("batch_size", [1, 6, 50])
def test_samples_are_drawn_from_the_model_whatever_the_batch(model, batch_size):
    eos = set(range(80, 97))
    expected = [
        [drawn_plainly(model, p, np.random.default_rng([7 + number, sample]), (-1,), eos, 0.8) for sample in range(3)]
        for number, p in enumerate(prompts())
    ]
    got = sample_reasons(
        model,
        prompts(),
        samples=3,
        temperature=0.8,
        seeds=range(7, 7 + len(prompts())),
        stop=(-1,),
        eos=eos,
        max_new_tokens=LIMIT,
        batch_size=batch_size,
        label=None,
    )
    assert got == expected
    assert len({len(one.ids) for row in expected for one in row}) > 2
    assert len({tuple(one.ids) for one in expected[0]}) > 1


def test_a_low_temperature_is_greedy(model):
    given = {"stop": (-1,), "eos": (), "max_new_tokens": LIMIT, "batch_size": 4, "label": None}
    greedy = generate_reasons(model, prompts(), **given)
    cold = sample_reasons(model, prompts(), samples=2, temperature=1e-4, seeds=[0] * len(prompts()), **given)
    assert cold == [[one, one] for one in greedy]
    for wrong in ({"samples": 0, "temperature": 1.0}, {"samples": 1, "temperature": 0.0}):
        with pytest.raises(ValueError, match="samples of 1 or more"):
            sample_reasons(model, prompts(), seeds=[0] * len(prompts()), **wrong, **given)
