"""What holds for every sequence model."""

import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from reasoning_occ import costs
from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.config import CONF, SEQUENCES, build
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders import kept
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.recommenders.sequence import recommender
from reasoning_occ.recommenders.sequence.batches import collate
from reasoning_occ.recommenders.sequence.batches import steps as in_steps
from reasoning_occ.recommenders.sequence.gru4rec import GRUModule

NAMES = [
    file.stem
    for file in sorted((CONF / "baseline").glob("*.yaml"))
    if str(OmegaConf.to_container(OmegaConf.load(file)).get("_target_", "")).endswith(SEQUENCES)  # pyright: ignore
]
SMALL = {"width": 32, "dropout": 0.0, "lr": 0.003, "batch": 8, "epochs": 40, "patience": 40}


def make(name: str, taxonomy, **values: Any):
    node = OmegaConf.merge(OmegaConf.load(CONF / "baseline" / f"{name}.yaml"), SMALL, values)
    return build(node, taxonomy=taxonomy, seed=0)  # pyright: ignore[reportArgumentType]


def person(name: str, *codes: str, stays: bool = False) -> Career:
    jobs = tuple(Job(code, Date(1970 + i)) for i, code in enumerate(codes))
    return Career(Person(name), (), jobs, stays=stays)


def steps(*careers: Career):
    return [t for career in careers for t in career.transitions()]


def planted(n: int):
    """The last two jobs decide, and neither tells anything alone: c-b -> p, m-b -> d, c-n -> d, m-n -> p."""
    rule = {("c", "b"): "p", ("m", "b"): "d", ("c", "n"): "d", ("m", "n"): "p"}
    pairs = list(rule)
    return steps(*[person(str(i), *pairs[i % 4], rule[pairs[i % 4]]) for i in range(n)])


def likeliest(model, taxonomy, *codes: str) -> str:
    (ranking,) = model.recommend([person("asked", *codes)])
    return taxonomy.codes[int(ranking.log_probs.argmax())]


@pytest.fixture(scope="module", params=NAMES)
def learnt(request, tiny_taxonomy, tmp_path_factory) -> Any:
    model = make(request.param, tiny_taxonomy)
    model.fit(planted(64), planted(16), tmp_path_factory.mktemp(request.param))
    return model


def test_every_class_that_the_configuration_calls_a_sequence_model_has_a_file():
    assert len(NAMES) == len(SEQUENCES)


def test_a_rule_of_the_last_two_jobs_together_is_learnt(learnt, tiny_taxonomy):
    told = [likeliest(learnt, tiny_taxonomy, *pair) for pair in ("cb", "mb", "cn", "mn")]
    assert told == ["p", "d", "d", "p"]


def test_neighbours_in_the_batch_and_their_order_change_nothing(learnt):
    asked = [person("1", "c"), person("2", "c", "b"), person("3", *"cbcbmn"), person("4", "m", "n")]
    forth = [r.log_probs for r in learnt.recommend(asked)]
    back = [r.log_probs for r in learnt.recommend(asked[::-1])][::-1]
    alone = [next(iter(learnt.recommend([one]))).log_probs for one in asked]  # no padding
    for one, other, third in zip(forth, back, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
        np.testing.assert_allclose(one, third, atol=1e-5)


def test_what_comes_later_changes_no_step_before_it(learnt):
    career = person("asked", *"cbnmcd")
    with torch.inference_mode():
        whole = learnt._module(collate([in_steps(career, {}, learnt._features, learnt._taxonomy)]))
    for end in range(len(career.jobs)):
        (ranking,) = learnt.recommend([career.until(end)])
        np.testing.assert_allclose(np.exp(ranking.log_probs), whole[0, end].exp(), atol=1e-5)


@pytest.mark.parametrize("stays", [False, True])
def test_the_ranking_is_a_distribution_over_what_is_allowed(learnt, tiny_taxonomy, stays):
    history = person("asked", "c", "b", stays=stays)
    (ranking,) = learnt.recommend([history])
    assert np.exp(ranking.log_probs).sum() == pytest.approx(1.0)
    assert (np.isfinite(ranking.log_probs) == allowed(history, tiny_taxonomy)).all()


def test_slices_such_as_race_are_never_read(learnt):
    history = person("asked", "c", "b")
    told = replace(history, person=Person("asked", None, {"race": "black", "sex": "female"}))
    (one,), (other,) = learnt.recommend([history]), learnt.recommend([told])
    assert (one.log_probs == other.log_probs).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(name, tiny_taxonomy, tmp_path):
    def ranked(model) -> np.ndarray:
        return np.stack([r.log_probs for r in model.recommend([person("asked", *codes) for codes in ("c", "cb")])])

    choices = {"epochs": 4, "dropout": 0.3}
    whole = make(name, tiny_taxonomy, **choices)
    whole.fit(planted(32), planted(8), tmp_path / "whole")
    make(name, tiny_taxonomy, **choices | {"epochs": 2}).fit(planted(32), planted(8), tmp_path / "cut")
    again = make(name, tiny_taxonomy, **choices)
    again.fit(planted(32), planted(8), tmp_path / "cut")
    assert (ranked(whole) == ranked(again)).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_was_learnt_is_kept_and_ranks_the_same(name, tiny_taxonomy, tmp_path, monkeypatch):
    choices = {"epochs": 2, "dropout": 0.3}
    learnt = make(name, tiny_taxonomy, **choices)
    learnt.fit(planted(32), planted(8), tmp_path)
    asked = [person("asked", *codes) for codes in ("c", "cb", "mnb")]
    want = np.stack([r.log_probs for r in learnt.recommend(asked)])
    taken, again = (make(name, tiny_taxonomy, **choices) for _ in range(2))
    with monkeypatch.context() as patched:
        patched.setattr(recommender, "train_module", lambda *_: pytest.fail("learnt again"))
        taken.take_up(tmp_path)
        again.fit(planted(32), planted(8), tmp_path)
    for model in (taken, again):
        assert (np.stack([r.log_probs for r in model.recommend(asked)]) == want).all()
    other = make(name, tiny_taxonomy, **choices | {"lr": 0.01})
    other.fit(planted(32), planted(8), tmp_path)  # other settings: learnt anew
    assert (np.stack([r.log_probs for r in other.recommend(asked)]) != want).any()


def test_what_is_no_model_of_this_run_is_told(tiny_taxonomy, tmp_path):
    model = make("gru4rec", tiny_taxonomy, epochs=1)
    with pytest.raises(UserError, match=r"learnt\.safetensors: not what this recommender learnt \(No such file"):
        model.take_up(tmp_path)
    model.fit(planted(16), planted(8), tmp_path)
    path = tmp_path / kept.FILE
    fewer = tiny_taxonomy.only(tiny_taxonomy.codes[:-1])
    others = [make("gru4rec", tiny_taxonomy, epochs=1, **values) for values in ({"width": 16}, {"side": ["time"]})]
    for other in (*others, make("gru4rec", fewer, epochs=1)):
        with pytest.raises(
            UserError, match=r"not what this recommender learnt \(it is of other occupations, settings or code"
        ):
            other.take_up(tmp_path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match="Take it away, and it learns again from its data"):
        model.take_up(tmp_path)
    model.fit(planted(16), planted(8), tmp_path)  # a spoilt file is written anew
    model.take_up(tmp_path)


def test_ctrl_c_stops_and_the_same_again_ends_as_if_nothing_had_been(tiny_taxonomy, tmp_path):
    class Struck(GRUModule):
        def training_step(self, batch, number):
            if self.current_epoch == 1:
                signal.raise_signal(signal.SIGINT)
            return super().training_step(batch, number)

    before = signal.getsignal(signal.SIGINT)
    choices = {"epochs": 3, "dropout": 0.3}
    struck = make("gru4rec", tiny_taxonomy, **choices)
    struck.module = Struck
    with pytest.raises(KeyboardInterrupt):
        struck.fit(planted(32), planted(8), tmp_path / "cut")
    assert signal.getsignal(signal.SIGINT) is before
    told = []
    for folder in ("cut", "whole"):
        model = make("gru4rec", tiny_taxonomy, **choices)
        model.fit(planted(32), planted(8), tmp_path / folder)
        told.append(next(iter(model.recommend([person("asked", "c", "b")]))).log_probs)
    assert (told[0] == told[1]).all()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"side": ["race"]}, "baseline.side"),
        ({"side": ["time", "time"]}, "baseline.side"),
        ({"width": 0}, "baseline.width=0"),
        ({"dropout": 1.0}, "baseline.dropout=1.0"),
    ],
)
def test_a_value_that_can_not_work_ends_in_a_sentence(values, told, tiny_taxonomy):
    with pytest.raises(UserError, match=told):
        make("gru4rec", tiny_taxonomy, **values)


def test_what_it_took_is_on_record(tiny_taxonomy, tmp_path):
    train = planted(16)
    model = make("gru4rec", tiny_taxonomy, epochs=3)
    model.fit(train, planted(8), tmp_path)
    cost = costs.read(tmp_path)
    assert cost["transitions_seen"] == 3 * len(train) and cost["seconds"]["learn"] > 0
    assert cost["trained_parameters"] == sum(weights.numel() for weights in model._module.parameters())


def test_without_validation_people_there_is_no_choice(tiny_taxonomy, tmp_path):
    with pytest.raises(UserError, match="validation"):
        make("gru4rec", tiny_taxonomy).fit(planted(4), [], tmp_path)
