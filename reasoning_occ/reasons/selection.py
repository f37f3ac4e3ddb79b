"""Which candidate becomes a transition's oracle reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.types import CRITERIA, Candidate, Criterion, Verdict

Fallback = Literal["drop", "best", "grounded"]
Keep = Literal["best", "first", "worst"]


@dataclass(frozen=True, slots=True)
class Selection:
    """How oracle reasons are chosen: the `oracle` part of the configuration.

    keep: which of the candidates that pass: the best, the first or the worst.
    criteria: those that count. The others are judged too, but no threshold of theirs and no score of theirs decides.
        Without any nobody judges, and the first candidate passes.
    thresholds: least score a criterion.
    retries: how often a teacher is asked again, told of the errors found, where no candidate passed.
    fallback: for a transition of which no candidate ever passed. "drop": it is learnt by its answer alone. "best": the
        best candidate that was scored on every criterion that counts is taken (with keep=worst the worst). "grounded":
        the built-in teacher writes in its teacher's place, and what it writes must pass too.
    max_unscored: largest share of scores that may be missing; above it the stage fails.
    """

    keep: Keep
    criteria: Sequence[Criterion]
    thresholds: Mapping[Criterion, int]
    retries: int
    fallback: Fallback
    max_unscored: float

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
        if self.keep not in get_args(Keep):
            raise UserError(f"oracle.keep: expected {', '.join(get_args(Keep))}; got '{self.keep}'.")
        named = self.criteria
        if isinstance(named, str) or len(set(named)) != len(named) or not set(named) <= set(CRITERIA):
            raise UserError(f"oracle.criteria: expected some of {', '.join(CRITERIA)}, each once; got {named}.")
        if not named and self.keep != "first":
            raise UserError(
                f"oracle.keep={self.keep}: without oracle.criteria nobody judges, so no candidate is better than "
                "another; choose oracle.keep=first."
            )
        given = dict(self.thresholds)
        if set(given) != set(CRITERIA) or any(not isinstance(v, int) or not 1 <= v <= 5 for v in given.values()):
            raise UserError(
                f"oracle.thresholds: expected a whole number from 1 to 5 for each of {', '.join(CRITERIA)}; "
                f"got {given}."
            )
        if not isinstance(self.retries, int) or isinstance(self.retries, bool) or self.retries < 0:
            raise UserError(f"oracle.retries: expected a whole number from 0; got {self.retries}.")
        if self.fallback not in get_args(Fallback):
            raise UserError(f"oracle.fallback: expected {', '.join(get_args(Fallback))}; got '{self.fallback}'.")
        share = self.max_unscored
        if not isinstance(share, int | float) or isinstance(share, bool) or not 0 <= share <= 1:
            raise UserError(f"oracle.max_unscored: expected a share from 0 to 1; got {share}.")

    @property
    def counted(self) -> dict[Criterion, int]:
        """The thresholds of the criteria that count."""
        return {criterion: self.thresholds[criterion] for criterion in CRITERIA if criterion in self.criteria}

    def choose(self, candidates: Sequence[Candidate], verdicts: Sequence[Verdict], *, last: bool) -> int | None:
        """The place of the oracle reason among candidates with these verdicts, `None` without one.

        Args:
            candidates: all so far.
            verdicts: one each.
            last: whether no more will come, so that the fallback is taken.
        """
        left = [None if c.rejected else verdict for c, verdict in zip(candidates, verdicts, strict=True)]
        chosen = choose(left, self.counted, self.keep)
        if chosen is None and last and self.fallback == "best":
            return choose(left, dict.fromkeys(self.counted, 1), self.keep)
        return chosen


def choose(verdicts: Sequence[Verdict | None], thresholds: Mapping[Criterion, int], keep: Keep = "best") -> int | None:
    """The place of the best verdict that reaches every threshold; `None` if none does.

    Best is the highest mean score, then the highest utility, then the first; only criteria with a threshold count. What
    a judge could not score does not reach its threshold.

    Args:
        verdicts: one a candidate; `None`: it was rejected unjudged and never passes.
        thresholds: least score of each criterion that counts.
        keep: "best"; "first" that passes; "worst": the lowest mean score, then the lowest utility, then the first.
    """
    passed: list[tuple[float, int, int]] = []
    for i, verdict in enumerate(verdicts):
        if verdict is None:
            continue
        values = {c: verdict.scores[c].value or 0 for c in thresholds}  # thresholds are 1 or more
        if all(values[c] >= thresholds[c] for c in thresholds):
            passed.append((sum(values.values()) / max(len(values), 1), values.get("utility", 0), i))
    if not passed:
        return None
    if keep == "first":
        return passed[0][2]
    return (min(passed) if keep == "worst" else max(passed, key=lambda one: (*one[:2], -one[2])))[2]
