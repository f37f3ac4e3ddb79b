import numpy as np
import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.markov2 import Markov2


def person(name: str, *codes: str) -> Career:
    return Career(Person(name), (), tuple(Job(code, Date(1970 + i)) for i, code in enumerate(codes)))


def ask(model, *codes: str):
    (ranking,) = model.recommend([person("asked", *codes)])
    return np.exp(ranking.log_probs)


@pytest.fixture
def fitted(tiny_taxonomy, tmp_path):
    # who came to bakers from cooks becomes a pilot, who came from butchers a nurse
    careers = [person(f"{i}", *codes) for i, codes in enumerate((["c", "b", "p"], ["m", "b", "n"]) * 20)]
    train = [t for career in careers for t in career.transitions()]
    models = (Markov2(tiny_taxonomy, 1.0, 2.0, 1.0), Markov(tiny_taxonomy, 1.0, 1.0))
    for model in models:
        model.fit(train, [], tmp_path)
    return models


def test_it_learns_a_second_order_rule_that_markov_cannot(fitted, tiny_taxonomy):
    second, first = fitted
    for before, then in (("c", "p"), ("m", "n")):
        assert ask(second, before, "b").argmax() == tiny_taxonomy.index(then)
    assert ask(first, "c", "b").tolist() == ask(first, "m", "b").tolist()


def test_a_pair_is_blended_with_the_first_order_chain(fitted, tiny_taxonomy):
    second, first = fitted
    counts = np.zeros(6)
    counts[tiny_taxonomy.index("p")] = 20
    # blended over all occupations, then shared out among those allowed
    chain = first._next["b"]
    expected = (counts + 2 * chain) / 22
    expected[tiny_taxonomy.index("b")] = 0
    assert ask(second, "c", "b").tolist() == pytest.approx((expected / expected.sum()).tolist())


def test_first_jobs_and_unseen_pairs_follow_the_first_order_chain(fitted):
    second, first = fitted
    assert ask(second, "b").tolist() == ask(first, "b").tolist()
    assert ask(second, "d", "b").tolist() == ask(first, "d", "b").tolist()


def test_a_strength_of_nothing_ends_in_a_sentence(tiny_taxonomy):
    with pytest.raises(UserError, match="pair_back_off=0"):
        Markov2(tiny_taxonomy, 1.0, 0.0, 1.0)
