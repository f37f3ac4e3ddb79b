import numpy as np
import pytest

from reasoning_occ.careers.split import last_transitions, split_from_file
from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.popularity import Popularity
from reasoning_occ.recommenders.previous import Previous


def person(name: str, *codes: str) -> Career:
    return Career(Person(name), (), tuple(Job(code, Date(1970 + i)) for i, code in enumerate(codes)))


def ask(model, *codes: str):
    (ranking,) = model.recommend([person("asked", *codes)])
    return np.exp(ranking.log_probs)


@pytest.fixture
def fitted(tiny_taxonomy, tmp_path):
    # two of the three second steps go back, and bakers nearly always become nurses
    careers = [person("1", "c", "b", "c"), person("2", "p", "b", "p"), person("3", "d", "b", "n")]
    careers += [person(f"x{i}", "b", "n") for i in range(50)]
    train = [t for career in careers for t in career.transitions()]
    models = (Previous(tiny_taxonomy, 1.0, 1.0), Markov(tiny_taxonomy, 1.0, 1.0))
    for model in models:
        model.fit(train, [], tmp_path)
    return models


def test_a_first_job_is_followed_as_markov_says(fitted):
    previous, markov = fitted
    assert ask(previous, "b").tolist() == ask(markov, "b").tolist()


def test_the_occupation_before_the_present_one_gets_the_share_of_returns(fitted):
    previous, markov = fitted
    share = (2 + 1) / (3 + 2)
    chain = ask(markov, "m", "c")
    expected = (1 - share) * chain
    expected[2] += share
    assert ask(previous, "m", "c").tolist() == pytest.approx(expected.tolist())


def test_it_comes_first_even_where_markov_is_nearly_sure(tiny_taxonomy, tmp_path):
    # of 60 second steps none goes back and all go to nurses
    careers = [person(str(i), "c", "b", "n") for i in range(60)]
    model = Previous(tiny_taxonomy, 1.0, 1.0)
    model.fit([t for career in careers for t in career.transitions()], [], tmp_path)
    ranking = ask(model, "c", "b")
    assert ranking.argmax() == tiny_taxonomy.index("c")
    assert np.argsort(-ranking)[1] == tiny_taxonomy.index("n")


@pytest.mark.parametrize(
    ("model", "published"),
    [
        (lambda taxonomy: Popularity(taxonomy, 1.0), (0.07, None, None)),
        (lambda taxonomy: Markov(taxonomy, 10.0, 1.0), (0.18, 0.52, 0.35)),
        (lambda taxonomy: Previous(taxonomy, 10.0, 1.0), (0.25, 0.57, 0.40)),
    ],
    ids=["popularity", "markov", "previous"],
)
def test_figures_on_the_survey(nls, data_dir, tmp_path, model, published):
    """AccEM, Hit@5 and MRR of the last move of 635 test people, learned from all others."""
    split = split_from_file(nls.careers, data_dir / "nls" / "test_people.txt", seed=0, valid=0.1)
    test = last_transitions(split.test)
    assert len(test) == 635
    recommender = model(nls.taxonomy)
    recommender.fit((*split.train, *split.valid), (), tmp_path)
    ranks = []
    for t, ranking in zip(test, recommender.recommend([t.history for t in test]), strict=True):
        mine = ranking.log_probs[nls.taxonomy.index(t.target)]
        ranks.append(1 + int((ranking.log_probs > mine).sum()))
    ranks = np.array(ranks)
    for value, figure in zip([(ranks == 1).mean(), (ranks <= 5).mean(), (1 / ranks).mean()], published, strict=True):
        if figure is not None:
            assert value == pytest.approx(figure, abs=0.015)
