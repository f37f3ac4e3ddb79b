from dataclasses import asdict, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl
from reasoning_occ.reasons.oracle import Judged, make_oracle, read_oracle
from reasoning_occ.reasons.pairs import Pair, Pairing, balanced, pairs_of, read_pairs, write_pairs
from reasoning_occ.reasons.selection import Selection
from reasoning_occ.reasons.teachers.grounded import GroundedTeacher
from reasoning_occ.reasons.types import CRITERIA, Candidate, Score, Verdict

THRESHOLDS = {"factuality": 4, "coherence": 4, "utility": 3}
PAIRING = Pairing(margin=2, weights=dict.fromkeys(CRITERIA, 1), per_transition=2, longest_share=0.6)


def judged(*rows, key=("anna", 0)) -> Judged:
    """Candidates of (text, three scores, written by the stand-in)."""
    verdicts = [Verdict({c: Score(v, "") for c, v in zip(CRITERIA, row[1], strict=True)}) for row in rows]
    candidates = [Candidate(row[0], fallback=len(row) > 2 and row[2]) for row in rows]
    return Judged(key, tuple(candidates), tuple(verdicts), None)


def texts(pairs):
    return [(pair.chosen, pair.rejected, pair.margin) for pair in pairs]


def test_the_largest_margins_come_first_and_no_text_twice():
    one = judged(("best", (5, 5, 5)), ("good", (4, 4, 4)), ("poor", (2, 2, 2)), ("bad", (1, 1, 1)))
    assert texts(pairs_of(one, THRESHOLDS, PAIRING)) == [("best", "bad", 12), ("good", "poor", 6)]
    assert texts(pairs_of(one, THRESHOLDS, replace(PAIRING, per_transition=1))) == [("best", "bad", 12)]


def test_the_chosen_passes_and_the_rejected_was_scored():
    assert pairs_of(judged(("a", (5, 3, 5)), ("b", (1, 1, 1))), THRESHOLDS, PAIRING) == []  # below a threshold
    assert pairs_of(judged(("a", (5, 5, 5)), ("b", (1, 1, None))), THRESHOLDS, PAIRING) == []  # partly unscored
    assert pairs_of(judged(("a", (5, 5, 5)), ("b", (None, None, None))), THRESHOLDS, PAIRING) == []  # named its target
    assert pairs_of(judged(("a", (5, 5, 5)), ("a", (1, 1, 1))), THRESHOLDS, PAIRING) == []  # one text
    assert pairs_of(judged(("a", (5, 5, 5)), ("b", (5, 5, 4))), THRESHOLDS, PAIRING) == []  # too close
    assert len(pairs_of(judged(("a", (5, 5, 5)), ("b", (5, 5, 3))), THRESHOLDS, PAIRING)) == 1  # both pass


def test_writers_are_not_set_against_each_other():
    one = judged(("theirs", (1, 1, 1)), ("ours", (5, 5, 5), True), ("ours too", (4, 4, 2), True))
    assert texts(pairs_of(one, THRESHOLDS, PAIRING)) == [("ours", "ours too", 5)]


def test_weights_say_what_counts_and_mean_what_they_say():
    one = judged(("a", (5, 4, 3)), ("b", (4, 5, 3)))
    weights = {"factuality": 0.3, "coherence": 0.1, "utility": 0}
    # 0.3 - 0.1 is a little less than 0.2 in floating point
    assert texts(pairs_of(one, THRESHOLDS, replace(PAIRING, margin=0.2, weights=weights))) == [("a", "b", 0.2)]


def pair(chosen: int, rejected: int, margin: float, t: int = 0) -> Pair:
    """A pair of texts with so many words."""
    return Pair("anna", t, " ".join("c" * chosen), " ".join("r" * rejected), margin, {}, {})


def test_the_side_in_excess_loses_its_smallest_margins():
    longer = [pair(2, 1, margin, t) for t, margin in enumerate((5, 3, 4, 3, 6))]
    shorter, equal = [pair(1, 2, 2, 5), pair(1, 2, 2, 6)], [pair(1, 1, 2, 7)]
    assert [p.t for p in balanced([*longer, *shorter, *equal], 0.6)] == [0, 2, 4, 5, 6, 7]
    assert [p.t for p in balanced([*longer, *shorter, *equal], 1)] == list(range(8))
    assert balanced([*longer, *equal], 0.6) == equal  # nothing to weigh them up


SCORES = st.tuples(*[st.none() | st.integers(1, 5)] * 3)
ROW = st.tuples(st.sampled_from(["a", "b", "a b", "b a", "a b c"]), SCORES, st.booleans())
LINES = st.lists(st.lists(ROW, max_size=6), max_size=6)
PAIRINGS = st.builds(
    Pairing,
    margin=st.sampled_from([0.5, 1, 2, 5]),
    weights=st.fixed_dictionaries(dict.fromkeys(CRITERIA, st.sampled_from([0.5, 1, 2]))),
    per_transition=st.integers(1, 3),
    longest_share=st.sampled_from([0.5, 0.6, 0.75, 1]),
)


def slow(lines, thresholds, pairing):
    """What `pairs_of` and `balanced` do, in the order of the rule's words."""
    every = []
    for line in lines:
        taken = []
        possible = []
        for a, (text, high, writer) in enumerate(line):
            for b, (other, low, other_writer) in enumerate(line):
                if None in high or None in low or text == other or writer != other_writer:
                    continue
                lead = sum(pairing.weights[c] * (high[i] - low[i]) for i, c in enumerate(CRITERIA))
                if all(high[i] >= thresholds[c] for i, c in enumerate(CRITERIA)) and lead >= pairing.margin:
                    possible.append((lead, -a, -b, text, other))
        for lead, _, _, text, other in sorted(possible, reverse=True):
            said = [word for pair in taken for word in pair[:2]]
            if text not in said and other not in said and len(taken) < pairing.per_transition:
                taken.append((text, other, lead))
        every += taken

    def side(pair):
        return len(pair[0].split()) - len(pair[1].split())

    def share(pairs, sign):
        differ = [p for p in pairs if side(p)]
        return Fraction(sum(side(p) * sign > 0 for p in differ), len(differ) or 1)

    kept = every
    for sign in (1, -1):
        while share(kept, sign) > Fraction(str(pairing.longest_share)):
            least = min(p[2] for p in kept if side(p) * sign > 0)
            last = max(i for i, p in enumerate(kept) if side(p) * sign > 0 and p[2] == least)
            kept = kept[:last] + kept[last + 1 :]
    return kept


@given(LINES, PAIRINGS)
def test_pairs_are_those_of_the_slow_rule(lines, pairing):
    every = [p for line in lines for p in pairs_of(judged(*line), THRESHOLDS, pairing)]
    assert texts(balanced(every, pairing.longest_share)) == slow(lines, THRESHOLDS, pairing)


def test_pairs_of_a_file_are_written_and_counted(tmp_path, nls, transitions, judge):
    teacher = GroundedTeacher(nls.taxonomy, candidates=4, mistakes=0.4, seed=0, shrink=20.0)
    teacher.fit(transitions)
    reasons, path = tmp_path / "reasons.jsonl", tmp_path / "pairs.jsonl"
    chosen = Selection("best", CRITERIA, THRESHOLDS, retries=0, fallback="drop", max_unscored=0.1)
    make_oracle(transitions[:100], teacher, judge, chosen, reasons, nls.taxonomy)
    counts = write_pairs(reasons, path, THRESHOLDS, PAIRING)
    rows = list(read_jsonl(path))
    assert counts.pairs == len(rows) == counts.longer + counts.shorter + counts.equal > 20
    assert counts.transitions == len({(row["person"], row["t"]) for row in rows})
    assert counts.mean_margin == pytest.approx(sum(row["margin"] for row in rows) / len(rows))
    assert max(counts.longer, counts.shorter) <= 0.6 * (counts.longer + counts.shorter)
    written = {line.key: line for line in read_oracle(reasons)}
    for row in rows:
        line = written[row["person"], row["t"]]
        verdicts = {c.text: v for c, v in zip(line.candidates, line.verdicts, strict=True)}
        for role in ("chosen", "rejected"):
            assert row[f"{role}_scores"] == {c: verdicts[row[role]].scores[c].value for c in CRITERIA}
        assert row["margin"] == sum(row["chosen_scores"].values()) - sum(row["rejected_scores"].values()) >= 2
    before = path.read_bytes()
    assert write_pairs(reasons, path, THRESHOLDS, PAIRING) == counts and path.read_bytes() == before
    every = [pair for judged in read_oracle(reasons) for pair in pairs_of(judged, THRESHOLDS, PAIRING)]
    assert list(read_pairs(path)) == balanced(every, PAIRING.longest_share)
    none = write_pairs(reasons, path, THRESHOLDS, replace(PAIRING, margin=13))
    assert none.pairs == 0 and none.mean_margin is None and path.read_text() == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"margin": 0},
        {"margin": True},
        {"margin": float("inf")},
        {"margin": None},
        {"weights": {}},
        {"weights": dict.fromkeys(CRITERIA, 0)},
        {"weights": {**dict.fromkeys(CRITERIA, 1), "utility": -1}},
        {"weights": {**dict.fromkeys(CRITERIA, 1), "style": 1}},
        {"weights": {**dict.fromkeys(CRITERIA, 1), "utility": "much"}},
        {"per_transition": 0},
        {"per_transition": 1.5},
        {"longest_share": 0.4},
        {"longest_share": 60},
    ],
)
def test_a_senseless_pairing_is_refused_by_its_key(changed):
    with pytest.raises(UserError, match=rf"oracle\.pairs\.{next(iter(changed))}: expected"):
        Pairing(**{**asdict(PAIRING), **changed})


def test_a_criterion_that_does_not_count_makes_no_pair():
    verdicts = [
        Verdict({c: Score(v, "") for c, v in zip(CRITERIA, row, strict=True)}) for row in ((5, 4, 4), (1, 4, 4))
    ]
    judged = Judged(("1", 0), (Candidate("true"), Candidate("false")), tuple(verdicts), 0)
    assert len(pairs_of(judged, {"factuality": 4, "coherence": 4, "utility": 3}, PAIRING)) == 1
    assert pairs_of(judged, {"coherence": 4, "utility": 3}, PAIRING) == pairs_of(judged, {}, PAIRING) == []
