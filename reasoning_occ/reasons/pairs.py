"""Preference pairs: of two reasons for one transition the better and the worse, for a model to learn the difference."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from math import isfinite
from pathlib import Path
from typing import Any

from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl, write_jsonl
from reasoning_occ.reasons.oracle import Judged, read_oracle
from reasoning_occ.reasons.selection import choose
from reasoning_occ.reasons.types import CRITERIA, Criterion, Verdict

_DECIMALS = 9
"""Of sums and products, so that weights such as 0.1 and shares such as 0.57 do what they say."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """How pairs are made: the `oracle.pairs` part of the configuration.

    margin: least lead of the chosen reason in the weighted sum of the three scores.
    weights: of each score in that sum.
    per_transition: most pairs of one transition; no text is in two of them.
    longest_share: of the pairs whose two reasons differ in length, the largest share in which the chosen one may be
        the longer, and likewise the shorter, so that length is not what a model learns (0.5-1).
    """

    margin: float
    weights: Mapping[Criterion, float]
    per_transition: int
    longest_share: float

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
        if not _number(self.margin) or self.margin <= 0:
            raise UserError(f"oracle.pairs.margin: expected a number above 0; got {self.margin}.")
        given = dict(self.weights)
        if (
            set(given) != set(CRITERIA)
            or any(not _number(w) or w < 0 for w in given.values())
            or not sum(given.values())
        ):
            raise UserError(
                f"oracle.pairs.weights: expected a number from 0 for each of {', '.join(CRITERIA)}, not all 0; "
                f"got {given}."
            )
        most = self.per_transition
        if not isinstance(most, int) or isinstance(most, bool) or most < 1:
            raise UserError(f"oracle.pairs.per_transition: expected a whole number above 0; got {most}.")
        if not _number(self.longest_share) or not 0.5 <= self.longest_share <= 1:
            raise UserError(f"oracle.pairs.longest_share: expected a share from 0.5 to 1; got {self.longest_share}.")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reasons for the transition (`person`, `t`), and by how much the chosen one leads."""

    person: str
    t: int
    chosen: str
    rejected: str
    margin: float
    chosen_scores: Mapping[Criterion, int]
    rejected_scores: Mapping[Criterion, int]

    @property
    def longer(self) -> int:
        """1 where the chosen one has more words, -1 where it has fewer, else 0."""
        chosen, rejected = len(self.chosen.split()), len(self.rejected.split())
        return (chosen > rejected) - (chosen < rejected)


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Counts for the report.

    transitions: those with a pair. longer, shorter, equal: pairs by the chosen reason's length in words. dropped: pairs
    given up so that lengths are balanced. mean_margin: `None` without a pair.
    """

    pairs: int
    transitions: int
    mean_margin: float | None
    longer: int
    shorter: int
    equal: int
    dropped: int


def write_pairs(reasons: Path, path: Path, thresholds: Mapping[Criterion, int], pairing: Pairing) -> PairCounts:
    """Make the pairs of a `reasons.jsonl` and write them, one a line, in its order.

    Args:
        reasons: what `make_oracle` wrote.
        path: `pairs.jsonl`.
        thresholds: least scores of a chosen reason, of the criteria that count.
        pairing: how pairs are made.

    Raises:
        UserError: `reasons` can't be read, or `path` not be written.
    """
    every = [pair for judged in read_oracle(reasons) for pair in pairs_of(judged, thresholds, pairing)]
    kept = balanced(every, pairing.longest_share)
    write_jsonl(path, map(asdict, kept))
    sides = Counter(pair.longer for pair in kept)
    return PairCounts(
        pairs=len(kept),
        transitions=len({(pair.person, pair.t) for pair in kept}),
        mean_margin=sum(pair.margin for pair in kept) / len(kept) if kept else None,
        longer=sides[1],
        shorter=sides[-1],
        equal=sides[0],
        dropped=len(every) - len(kept),
    )


def read_pairs(path: Path) -> Iterator[Pair]:
    """The pairs that `write_pairs` wrote, in its order.

    Raises:
        UserError: the file is missing, or a line is no pair (names the file and what is wrong).
    """
    for number, row in enumerate(read_jsonl(path), start=1):
        try:
            yield Pair(**row)
        except TypeError as error:
            raise UserError(f"{path}, pair {number}: expected the fields of a pair ({error}).") from error


def pairs_of(judged: Judged, thresholds: Mapping[Criterion, int], pairing: Pairing) -> list[Pair]:
    """The pairs of one transition, largest margin first, before lengths are balanced.

    The chosen reason reaches every threshold, the rejected one has all its scores, and one writer wrote both: whose
    style a reason has is not what a model should learn. A criterion without a threshold doesn't count, in the margin
    either; without any criterion there is no better and no worse.
    """
    found = sorted(_possible(judged, thresholds, pairing), key=lambda pair: -pair.margin)
    taken: list[Pair] = []
    used: set[str] = set()
    for pair in found:
        if len(taken) < pairing.per_transition and used.isdisjoint((pair.chosen, pair.rejected)):
            taken.append(pair)
            used |= {pair.chosen, pair.rejected}
    return taken


def balanced(pairs: Sequence[Pair], share: float) -> list[Pair]:
    """The pairs, in their order, without those of smallest margin (of equal ones the last) on the side in excess."""
    sides = {
        side: sorted((i for i, pair in enumerate(pairs) if pair.longer == side), key=lambda i: (-pairs[i].margin, i))
        for side in (1, -1)
    }
    more, fewer = sorted(sides.values(), key=len, reverse=True)
    while len(more) > round(share * (len(more) + len(fewer)), _DECIMALS):
        more.pop()
    kept = {*more, *fewer}
    return [pair for i, pair in enumerate(pairs) if i in kept or not pair.longer]


def _possible(judged: Judged, thresholds: Mapping[Criterion, int], pairing: Pairing) -> Iterator[Pair]:
    scored = [
        (candidate, verdict, values)
        for candidate, verdict in zip(judged.candidates, judged.verdicts, strict=True)
        if thresholds and set(thresholds) <= set(values := _values(verdict))
    ]
    for (better, verdict, high), (worse, _, low) in product(scored, scored):
        margin = round(sum(pairing.weights[c] * (high[c] - low[c]) for c in thresholds), _DECIMALS)
        if margin < pairing.margin or better.text == worse.text or better.fallback != worse.fallback:
            continue
        if choose([verdict], thresholds) is not None:
            yield Pair(*judged.key, better.text, worse.text, margin, high, low)


def _values(verdict: Verdict) -> dict[Criterion, int]:
    return {c: value for c in CRITERIA if (value := verdict.scores[c].value) is not None}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
