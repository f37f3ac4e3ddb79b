from random import Random
from statistics import pstdev

import numpy as np
import pytest

from reasoning_occ.evaluation.audit.changes import changes
from reasoning_occ.evaluation.audit.repeats import repeats
from reasoning_occ.reasons.types import CRITERIA, Score, Verdict


def verdicts(n, seed):
    rng = Random(seed)
    return [Verdict({c: Score(rng.choice((1, 2, 3, 4, 5, None)), "") for c in CRITERIA}) for _ in range(n)]


def interval(people, values, resamples, seed):
    """The 95% interval of a mean by drawing people one after another."""
    ids = sorted(set(people))
    drawn = np.random.default_rng(seed).integers(len(ids), size=(resamples, len(ids)))
    means = []
    for draw in drawn:
        got = [v for i in draw for person, v in zip(people, values, strict=True) if person == ids[i]]
        means.append(np.mean(got))
    return tuple(np.percentile(means, [2.5, 97.5]))


def test_changes_are_counted_pair_by_pair():
    people = [f"p{i // 3}" for i in range(60)]
    before, after = verdicts(60, 1), verdicts(60, 2)
    found = changes(people, before, after, "coherence", 100, 7)
    for c in CRITERIA:
        pairs = [(p, b.scores[c].value, a.scores[c].value) for p, b, a in zip(people, before, after, strict=True)]
        kept = [(p, a - b) for p, b, a in pairs if a is not None and b is not None]
        assert found["unscored"][c] == 60 - len(kept) > 0
        effect = found["effect"][c]
        assert effect["n"] == len(kept) and effect["value"] == pytest.approx(np.mean([d for _, d in kept]))
        assert (effect["low"], effect["high"]) == pytest.approx(interval(*zip(*kept, strict=True), 100, 7))
        if c == "coherence":
            fell = [(p, float(d < 0)) for p, d in kept]
            assert found["detected"]["value"] == pytest.approx(np.mean([f for _, f in fell]))
            assert found["risen"]["value"] == pytest.approx(np.mean([d > 0 for _, d in kept]))
            ends = (found["detected"]["low"], found["detected"]["high"])
            assert ends == pytest.approx(interval(*zip(*fell, strict=True), 100, 7))


def test_what_can_not_be_scored_is_no_fall():
    good = Verdict({c: Score(5, "") for c in CRITERIA})
    lost = Verdict({c: Score(None, "") for c in CRITERIA})
    found = changes(["a", "b"], [good, good], [lost, lost], "factuality", 10, 0)
    assert found["detected"] == {"value": None, "n": 0, "low": None, "high": None}
    assert found["unscored"] == dict.fromkeys(CRITERIA, 2)


def test_a_share_of_all_or_none_has_a_width():
    good = Verdict({c: Score(5, "") for c in CRITERIA})
    bad = Verdict({c: Score(1, "") for c in CRITERIA})
    found = changes(["a", "b", "c"], [good] * 3, [bad] * 3, "utility", 10, 0)
    assert found["detected"]["value"] == 1 and 0 < found["detected"]["low"] < found["detected"]["high"]
    assert found["risen"]["value"] == 0 and found["risen"]["high"] > 0


def test_repeats_are_counted_reason_by_reason():
    people = [f"p{i // 2}" for i in range(50)]
    rounds = [verdicts(50, seed) for seed in (1, 2, 3)]
    limits = {"factuality": 4, "coherence": 2, "utility": 3}
    found = repeats(people, rounds, limits, 20, 0)
    for c in CRITERIA:
        each = [[one[i].scores[c].value for one in rounds] for i in range(50)]
        kept = [values for values in each if None not in values]
        assert found[c]["unscored"] == 50 - len(kept) > 0 and found[c]["spread"]["n"] == len(kept)
        assert found[c]["spread"]["value"] == pytest.approx(np.mean([pstdev(v) for v in kept]))
        assert found[c]["same"]["value"] == pytest.approx(np.mean([max(v) == min(v) for v in kept]))
        flipped = [min(v) < limits[c] <= max(v) for v in kept]
        assert found[c]["flipped"]["value"] == pytest.approx(np.mean(flipped))
