"""What the baselines that learn from whole histories share: no order of people counts, nothing is impossible."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders import kept
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.recommenders.features import features
from reasoning_occ.recommenders.linear import Linear
from reasoning_occ.recommenders.markov2 import Markov2
from reasoning_occ.recommenders.text_knn import TextKNN

MAKE = {
    "markov2": lambda taxonomy: Markov2(taxonomy, 1.0, 1.0, 1.0),
    "linear": lambda taxonomy: Linear(taxonomy, [1.0, 10.0], 0.02, 1.0, 100),
    "text_knn": lambda taxonomy: TextKNN(taxonomy, 10, 0.5, 1.0, 1.0, 1.0, 0),
}
each = pytest.mark.parametrize("name", MAKE)


def person(name: str, *codes: str, race: str = "white", schooling: str = "12 years of school") -> Career:
    jobs = tuple(Job(code, Date(1970 + i), facts=Facts(sector="trade", hours=40)) for i, code in enumerate(codes))
    return Career(Person(name, 1950, {"race": race}), (Education(Date(1968), schooling, 12),), jobs)


def steps(*careers: Career):
    return [t for career in careers for t in career.transitions()]


@pytest.fixture
def people():
    # after bakers: from cooks to pilots, from butchers to nurses; nobody ever becomes a bus driver
    codes = (["c", "b", "p"], ["m", "b", "n"]) * 20
    return steps(*(person(f"{i}", *mine, race=("white", "black")[i % 3 == 0]) for i, mine in enumerate(codes)))


def told(model, *histories: Career) -> np.ndarray:
    return np.array([r.log_probs for r in model.recommend(histories)])


@each
def test_it_learns_a_second_order_rule(name, people, tiny_taxonomy, tmp_path):
    model = MAKE[name](tiny_taxonomy)
    model.fit(people, people[-4:], tmp_path)
    best = told(model, person("x", "c", "b"), person("y", "m", "b")).argmax(1)
    assert [tiny_taxonomy.codes[i] for i in best] == ["p", "n"]


@each
def test_all_that_is_allowed_is_possible_and_the_present_occupation_is_not(name, people, tiny_taxonomy, tmp_path):
    model = MAKE[name](tiny_taxonomy)
    model.fit(people, people[-4:], tmp_path)
    # bus drivers were never seen, neither as a history nor as an answer
    for history in (person("x", "c", "b"), person("x", "d"), person("x", "b", "d", "n")):
        (log_probs,) = told(model, history)
        assert (np.isfinite(log_probs) == allowed(history, tiny_taxonomy)).all()
        assert np.exp(log_probs).sum() == pytest.approx(1)
    stays = replace(person("x", "c", "b"), stays=True)
    assert np.isfinite(told(model, stays)).all()


@each
def test_the_order_of_people_changes_nothing(name, people, tiny_taxonomy, tmp_path):
    asked = [person("x", "c", "b"), person("y", "m", "b"), person("z", "p", "n")]
    found = []
    for train, order in ((people, [0, 1, 2]), (people[::-1], [2, 0, 1])):
        model = MAKE[name](tiny_taxonomy)
        model.fit(train, people[-4:], tmp_path / str(order[0]))
        found.append(told(model, *(asked[i] for i in order))[np.argsort(order)])
    assert (found[0] == found[1]).all()


@each
def test_race_is_not_read(name, people, tiny_taxonomy, tmp_path):
    asked, found = person("x", "c", "b"), []
    for race in ("white", "black"):
        model = MAKE[name](tiny_taxonomy)
        recoloured = [replace(t, history=replace(t.history, person=replace(t.history.person, slices={"race": race})))
                      for t in people]  # fmt: skip
        model.fit(recoloured, people[-4:], tmp_path / race)
        found.append(told(model, asked))
    assert (found[0] == found[1]).all()


def test_features_hold_what_is_dated_and_no_slice(tiny_taxonomy):
    found = features(person("x", "c", "b", "c", race="black"), tiny_taxonomy)
    assert {"occupation 0 back=c", "occupation 1 back=b", "group 0 back=Food", "times held=c", "age=20"} <= set(found)
    assert found["times held=c"] == pytest.approx(np.log(2))
    assert not [name for name in found if "black" in name or "race" in name]


def test_linear_takes_the_strength_that_validation_people_like_best(people, tiny_taxonomy, tmp_path):
    # the rule again, on validation people: weak penalties fit; and the reverse of it, for which strong ones lose least
    reverse = [replace(t, target={"p": "n", "n": "p"}.get(t.target, t.target)) for t in people]
    asked = person("x", "c", "b")
    sure = []
    for place, valid in (("same", people), ("reverse", reverse)):
        model = Linear(tiny_taxonomy, [10.0, 0.001], 0.02, 1.0, 100)
        model.fit(people, valid, tmp_path / place)
        sure.append(np.exp(told(model, asked)).max())
    assert sure[0] > 0.9 > sure[1]


def test_linear_needs_validation_people_only_for_a_choice(people, tiny_taxonomy, tmp_path):
    with pytest.raises(UserError, match=r"split\.valid"):
        Linear(tiny_taxonomy, [1.0, 10.0], 0.02, 1.0, 100).fit(people, [], tmp_path / "two")
    Linear(tiny_taxonomy, [1.0], 0.02, 1.0, 100).fit(people, [], tmp_path / "one")
    with pytest.raises(UserError, match="the training part is empty"):
        Linear(tiny_taxonomy, [1.0], 0.02, 1.0, 100).fit([], [], tmp_path / "nobody")


def test_linear_with_one_answer_ever_seen_says_popularity(tiny_taxonomy, tmp_path):
    model = Linear(tiny_taxonomy, [1.0], 0.02, 1.0, 100)
    model.fit(steps(person("1", "c", "b"), person("2", "m", "b")), [], tmp_path)
    assert np.exp(told(model, person("x", "c")))[0].tolist() == pytest.approx([0, 3 / 7, 1 / 7, 1 / 7, 1 / 7, 1 / 7])


@pytest.mark.parametrize("answers", [1, 2, 4])
def test_linear_keeps_what_it_learnt_and_ranks_the_same(answers, tiny_taxonomy, tmp_path, monkeypatch):
    train = steps(*(person(str(i), *"cb"[i % 2], "pnmd"[i % answers], schooling="at Mill Road") for i in range(24)))
    asked = [person("x", "c"), person("y", "b", schooling="never seen"), person("z", "c", "b", "n")]
    learnt, again, taken = (Linear(tiny_taxonomy, [1.0, 10.0], 0.02, 1.0, 100) for _ in range(3))
    learnt.fit(train, train[-4:], tmp_path)
    want = told(learnt, *asked)
    monkeypatch.setattr(Linear, "_learn", lambda *_: pytest.fail("learnt again"))
    again.fit(train, train[-4:], tmp_path)
    taken.take_up(tmp_path)
    assert (told(again, *asked) == want).all() and (told(taken, *asked) == want).all()
    assert b"Mill Road" not in (tmp_path / kept.FILE).read_bytes()
    with pytest.raises(UserError, match="it is of other occupations, settings or code"):
        Linear(tiny_taxonomy, [1.0], 0.02, 1.0, 100).take_up(tmp_path)


def test_linear_as_scikit_learn_has_it(people, tiny_taxonomy, tmp_path):
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = Linear(tiny_taxonomy, [1.0], 1e-9, 1.0, 100)
    model.fit(people, [], tmp_path)
    plain = make_pipeline(DictVectorizer(), LogisticRegression(C=1.0, tol=1e-3))
    train = sorted(people, key=lambda t: t.key)
    plain.fit([features(t.history, tiny_taxonomy) for t in train], [t.target for t in train])
    asked = person("x", "c", "d")
    want = dict(zip(plain.classes_, plain.predict_proba([features(asked, tiny_taxonomy)])[0], strict=True))
    for code, prob in want.items():
        assert np.exp(told(model, asked))[0][tiny_taxonomy.index(code)] == pytest.approx(prob, abs=1e-4)


def test_nearest_texts_vote_with_their_similarity(tiny_taxonomy, tmp_path):
    # nobody but the person's own other transition is as near; it must not vote
    train = steps(person("1", "c", "n"), person("2", "c", "n"), person("asked", "c", "p"))
    model = TextKNN(tiny_taxonomy, 2, 0.5, 1.0, 1.0, 1.0, 0)
    model.fit(train, [], tmp_path)
    (chain,) = (np.exp(r.log_probs) for r in model._markov.recommend([person("asked", "c")]))
    expected = chain.copy()
    expected[tiny_taxonomy.index("n")] += 2
    assert np.exp(told(model, person("asked", "c")))[0].tolist() == pytest.approx((expected / 3).tolist())


def test_more_neighbours_than_asked_for_do_not_vote(tiny_taxonomy, tmp_path):
    near = [person(str(i), "c", "n") for i in range(3)]
    far = [person(f"far{i}", "d", "c", "p") for i in range(9)]
    model = TextKNN(tiny_taxonomy, 3, 1.0, 1e-6, 1.0, 1.0, 0)
    model.fit(steps(*near, *far), [], tmp_path)
    assert np.exp(told(model, person("x", "c")))[0][tiny_taxonomy.index("n")] > 0.99


def test_settings_out_of_range_end_in_a_sentence(tiny_taxonomy):
    for key, value in (("neighbours", 0), ("recency", 0), ("recency", 1.5), ("weight", 0)):
        given: dict[str, Any] = {
            "neighbours": 1,
            "recency": 0.5,
            "weight": 1.0,
            "back_off": 1.0,
            "smoothing": 1.0,
            "seed": 0,
        }
        with pytest.raises(UserError, match=rf"baseline\.{key}={value}"):
            TextKNN(tiny_taxonomy, **{**given, key: value})
    with pytest.raises(UserError, match="strengths"):
        Linear(tiny_taxonomy, [], 0.02, 1.0, 100)
    with pytest.raises(UserError, match="popularity=1"):
        Linear(tiny_taxonomy, [1.0], 1, 1.0, 100)
