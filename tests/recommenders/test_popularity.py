from math import log

import numpy as np
import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person
from reasoning_occ.errors import UserError
from reasoning_occ.recommenders.popularity import Popularity


def person(name: str, *codes: str) -> Career:
    return Career(Person(name), (), tuple(Job(code, Date(1970 + i)) for i, code in enumerate(codes)))


def test_smoothed_shares_of_the_targets_without_the_present_one(tiny_taxonomy, tmp_path):
    model = Popularity(tiny_taxonomy, smoothing=1.0)
    train = [t for c in (person("1", "c", "b"), person("2", "p", "b", "m")) for t in c.transitions()]
    model.fit(train, [], tmp_path)
    # targets b, b, m and one more of each of the six: c 1, b 3, m 2, p 1, d 1, n 1; the present one (m) is left out
    (ranking,) = model.recommend([person("3", "c", "m")])
    assert ranking.log_probs.tolist() == pytest.approx([log(1 / 7), log(3 / 7), -np.inf, *[log(1 / 7)] * 3])
    assert ranking.reason is None


def test_nothing_to_learn_from_ends_in_a_sentence(tiny_taxonomy, tmp_path):
    with pytest.raises(UserError, match="training part is empty"):
        Popularity(tiny_taxonomy, smoothing=1.0).fit([], [], tmp_path)
    with pytest.raises(UserError, match="above 0"):
        Popularity(tiny_taxonomy, smoothing=0.0)
