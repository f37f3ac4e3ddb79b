from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_occ.careers.split import last_transitions, split_by_person
from reasoning_occ.careers.types import Career, Date, Facts, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.recommenders.base import Answer, Recommendation, allowed
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.previous import Previous
from reasoning_occ.recommenders.rolled import Rolled, usual_years

CODES = "cbmpdn"


def career(walk, person="7", stays=False):
    jobs = tuple(Job(o, Date(1970 + 2 * i), facts=Facts(hours=40)) for i, o in enumerate(walk))
    return Career(Person(person, 1950), (), jobs, stays=stays)


class Memory:
    """A recommender that looks at the two latest jobs, and remembers what it was asked."""

    name = "memory"

    def __init__(self, taxonomy, seed):
        self.taxonomy, self.asked = taxonomy, []
        self.table = np.random.default_rng(seed).dirichlet(np.full(6, 0.5), (7, 6)) + 1e-3

    def fit(self, train, valid, folder):
        pass

    def recommend(self, histories):
        for history in histories:
            self.asked.append(history)
            *before, here = [CODES.index(job.occupation) for job in history.jobs]
            probs = self.table[before[-1] if before else 6, here] * allowed(history, self.taxonomy)
            with np.errstate(divide="ignore"):
                yield Recommendation(np.log(probs / probs.sum()), f"because {len(self.asked)}")


def by_enumeration(recommender, history, ahead):
    """Over every career that could be imagined: the obvious way, which takes the number of occupations to the power."""
    total = np.zeros(6)
    for walk in product(CODES, repeat=ahead):
        here, p = history, 1.0
        for occupation in walk:
            (told,) = recommender.recommend([here])
            p *= np.exp(told.log_probs[CODES.index(occupation)])
            if p == 0:
                break
            here = Career(here.person, (), (*here.jobs, Job(occupation, Date(2000))), stays=here.stays)
        total[CODES.index(walk[-1])] += p
    return total


@settings(max_examples=15)
@given(st.integers(0, 1000), st.integers(2, 3), st.booleans(), st.lists(st.sampled_from(CODES), min_size=1, max_size=3))
def test_with_paths_enough_a_beam_is_what_enumerating_gives(tiny_taxonomy, seed, ahead, stays, walk):
    walk = [o for i, o in enumerate(walk) if stays or i == 0 or o != walk[i - 1]]
    history, inner = career(walk, stays=stays), Memory(tiny_taxonomy, seed)
    (found,) = Rolled(inner, tiny_taxonomy, [], ahead, paths=1000).recommend([history])
    assert np.exp(found.log_probs) == pytest.approx(by_enumeration(inner, history, ahead), abs=1e-9)
    assert found.reason == "because 1"


@pytest.fixture
def markov(tiny_taxonomy, tmp_path):
    rng = np.random.default_rng(0)
    train = []
    for person in range(60):
        walk = [CODES[rng.integers(6)]]
        for _ in range(4):
            walk.append(rng.choice([o for o in CODES if o != walk[-1]]))
        train += career(walk, str(person)).transitions()
    out = Markov(tiny_taxonomy, back_off=5.0, smoothing=0.5)
    out.fit(train, (), tmp_path)
    return out


@pytest.mark.parametrize("ahead", [2, 3, 4])
def test_a_markov_chain_is_rolled_exactly(tiny_taxonomy, markov, ahead):
    (found,) = Rolled(markov, tiny_taxonomy, [], ahead, paths=2).recommend([career("cb")])
    assert np.exp(found.log_probs) == pytest.approx(by_enumeration(markov, career("cb"), ahead))


def test_one_ahead_is_the_recommender_itself_to_the_last_digit(tiny_taxonomy, markov):
    histories = [career("cb"), career("p"), career("nd")]
    plain, rolled = markov.recommend(histories), Rolled(markov, tiny_taxonomy, [], 1, paths=2).recommend(histories)
    for a, b in zip(plain, rolled, strict=True):
        assert np.array_equal(a.log_probs, b.log_probs)


@given(st.integers(0, 1000), st.integers(2, 4), st.integers(2, 5))
def test_a_short_beam_still_gives_every_occupation_a_probability(tiny_taxonomy, seed, ahead, paths):
    inner = Memory(tiny_taxonomy, seed)
    told = list(Rolled(inner, tiny_taxonomy, [], ahead, paths).recommend([career("cb"), career("n", "8")]))
    for found in told:
        assert np.exp(found.log_probs).sum() == pytest.approx(1) and np.isfinite(found.log_probs).all()
    assert len(inner.asked) <= 2 * (1 + paths * (ahead - 1))


def test_an_imagined_job_has_an_occupation_a_usual_start_and_nothing_else(tiny_taxonomy):
    train = list(career("cbp").transitions())
    assert usual_years(train) == 2
    inner = Memory(tiny_taxonomy, 0)
    list(Rolled(inner, tiny_taxonomy, train, 2, paths=2).recommend([career("cb")]))
    asked = inner.asked[1]
    assert [job.start for job in asked.jobs] == [Date(1970), Date(1972), Date(1974)]
    assert asked.jobs[1].end == Date(1974) and asked.jobs[2].facts == Facts() and asked.jobs[2].end is None
    assert asked.jobs[1].facts == Facts(hours=40)


def test_who_sees_the_present_job_alone_sees_the_imagined_one_alone(tiny_taxonomy):
    inner = Memory(tiny_taxonomy, 0)
    one = Career(Person("7"), (), (Job("b", Date(1972)),), hidden=3)
    list(Rolled(inner, tiny_taxonomy, [], 3, paths=2, last_only=True).recommend([one]))
    assert {(len(c.jobs), c.past_jobs) for c in inner.asked} == {(1, 3), (1, 4), (1, 5)}


def test_one_title_is_nothing_to_roll(tiny_taxonomy):
    class Names(Memory):
        def recommend(self, histories):
            for _ in histories:
                yield Answer("Cooks", "exact", "c")

    with pytest.raises(UserError, match="names one title"):
        list(Rolled(Names(tiny_taxonomy, 0), tiny_taxonomy, [], 2, 2).recommend([career("b")]))


def test_the_present_occupation_may_be_the_truth_two_jobs_ahead(tiny_taxonomy, markov):
    steps = list(career("cbc").transitions(2))
    assert [(t.target, t.key, t.ahead) for t in steps] == [("c", ("7", 0), 2)]
    (told,) = Rolled(markov, tiny_taxonomy, [], 2, paths=2).recommend([steps[0].history])
    assert predict(steps[0], told, tiny_taxonomy, "x", []).log_prob == pytest.approx(told.log_probs[0])
    with pytest.raises(UserError, match="present one"):
        next_one = Transition(steps[0].history, "c", Date(1974))
        predict(next_one, told, tiny_taxonomy, "x", [])


def test_on_real_careers_a_beam_comes_near_the_exact_chain(nls, tmp_path):
    split = split_by_person(nls.careers, 0, 0.1, 0.2)
    test = last_transitions(split.test)[:40]
    markov = Markov(nls.taxonomy, back_off=5.0, smoothing=0.5)
    exact = Rolled(markov, nls.taxonomy, split.train, 2, paths=2)
    exact.fit(split.train, split.valid, tmp_path)

    class Hidden(Previous):
        """A chain that does not say that it is one."""

        def __init__(self):
            super().__init__(nls.taxonomy, back_off=5.0, smoothing=0.5)

        def recommend(self, histories):
            return markov.recommend(histories)

    histories = [t.history for t in test]

    def distance(paths):
        told = Rolled(Hidden(), nls.taxonomy, split.train, 2, paths).recommend(histories)
        both = zip(told, exact.recommend(histories), strict=True)
        return np.mean([np.abs(np.exp(a.log_probs) - np.exp(b.log_probs)).sum() / 2 for a, b in both])

    assert distance(108) < 1e-9 < distance(32) < distance(8) < 0.3
