import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.popularity import Popularity
from reasoning_occ.recommenders.previous import Previous


def person(name: str, *codes: str) -> Career:
    return Career(Person(name), (), tuple(Job(code, Date(1970 + i)) for i, code in enumerate(codes)))


def steps(*careers: Career):
    return [t for career in careers for t in career.transitions()]


def probs(model, *codes: str) -> dict[str, float]:
    (ranking,) = model.recommend([person("asked", *codes)])
    return dict(zip("cbmpdn", np.exp(ranking.log_probs).tolist(), strict=True))


def test_counts_are_blended_with_the_group_and_popularity(tiny_taxonomy, tmp_path):
    model = Markov(tiny_taxonomy, back_off=2.0, smoothing=1.0)
    model.fit(steps(person("1", "c", "b"), person("2", "c", "b"), person("3", "m", "n")), [], tmp_path)
    # by hand: popularity (c b m p d n) = (1 3 1 1 1 2) / 9
    popular = np.array([1, 3, 1, 1, 1, 2]) / 9
    food = (np.array([0, 2, 0, 0, 0, 1]) + 2 * popular) / 5
    cooks = (np.array([0, 2, 0, 0, 0, 0]) + 2 * food) / 4
    expected = cooks * [0, 1, 1, 1, 1, 1]
    assert list(probs(model, "c").values()) == pytest.approx((expected / expected.sum()).tolist())


def test_an_unseen_occupation_follows_its_group_and_an_unseen_group_popularity(tiny_taxonomy, tmp_path):
    model = Markov(tiny_taxonomy, back_off=2.0, smoothing=1.0)
    model.fit(
        steps(person("1", "p", "n"), person("2", "p", "n"), *[person(f"x{i}", "c", "b") for i in range(5)]),
        [],
        tmp_path,
    )
    # bus drivers were never left, pilots of the same group became nurses; nurses have no group mates
    assert max(probs(model, "d"), key=probs(model, "d").__getitem__) == "n"
    assert max(probs(model, "n"), key=probs(model, "n").__getitem__) == "b"


@given(
    st.lists(st.lists(st.sampled_from("cbmpdn"), min_size=2, max_size=5), min_size=1, max_size=20),
    st.lists(st.sampled_from("cbmpdn"), min_size=1, max_size=4),
    st.floats(0.01, 100),
)
def test_every_baseline_gives_a_distribution_over_what_is_allowed(
    tiny_taxonomy, tmp_path_factory, past, asked, back_off
):
    history = person("asked", *asked)
    train = steps(*(person(str(i), *codes) for i, codes in enumerate(past)))
    models = (
        Popularity(tiny_taxonomy, 1.0),
        Markov(tiny_taxonomy, back_off, 1.0),
        Previous(tiny_taxonomy, back_off, 1.0),
    )
    for model in models:
        model.fit(train, [], tmp_path_factory.getbasetemp())
        (ranking,) = model.recommend([history])
        assert np.exp(ranking.log_probs).sum() == pytest.approx(1.0)
        assert (np.isfinite(ranking.log_probs) == allowed(history, tiny_taxonomy)).all()


def test_a_strength_of_nothing_ends_in_a_sentence(tiny_taxonomy):
    with pytest.raises(UserError, match="back_off=0"):
        Markov(tiny_taxonomy, back_off=0, smoothing=1.0)
    with pytest.raises(UserError, match="smoothing=-1"):
        Markov(tiny_taxonomy, back_off=1, smoothing=-1)
