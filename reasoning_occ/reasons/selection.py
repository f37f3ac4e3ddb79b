"""Which candidate becomes a transition's oracle reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.types import CRITERIA, Criterion, Verdict

Fallback = Literal["drop", "best", "grounded"]


@dataclass(frozen=True, slots=True)
class Selection:
    """How oracle reasons are chosen: the `oracle` part of the configuration.

    thresholds: least score a criterion.
    retries: how often a teacher is asked again, told of the errors found, where no candidate passed.
    fallback: for a transition of which no candidate ever passed. "drop": it is learnt by its answer alone. "best": the
        best candidate that was scored on every criterion is taken. "grounded": the built-in teacher writes in its
        teacher's place, and what it writes must pass too.
    max_unscored: largest share of scores that may be missing; above it the stage fails.
    """

    thresholds: Mapping[Criterion, int]
    retries: int
    fallback: Fallback
    max_unscored: float

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
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

    def choose(self, verdicts: Sequence[Verdict], *, last: bool) -> int | None:
        """The place of the oracle reason among candidates with these verdicts, `None` without one.

        Args:
            verdicts: of all candidates so far.
            last: whether no more will come, so that the fallback is taken.
        """
        chosen = choose(verdicts, self.thresholds)
        if chosen is None and last and self.fallback == "best":
            return choose(verdicts, dict.fromkeys(CRITERIA, 1))
        return chosen


def choose(verdicts: Sequence[Verdict], thresholds: Mapping[Criterion, int]) -> int | None:
    """The place of the best verdict that reaches every threshold; `None` if none does.

    Best is the highest mean score, then the highest utility, then the first. What a judge could not score does not
    reach its threshold; nor does a candidate that names its target, which is not judged.
    """
    best: tuple[float, int, int] | None = None
    for i, verdict in enumerate(verdicts):
        values = {criterion: verdict.scores[criterion].value for criterion in CRITERIA}
        scored = [value for value in values.values() if value is not None]
        if len(scored) < len(CRITERIA) or any((values[c] or 0) < thresholds[c] for c in CRITERIA):
            continue
        rank = (sum(scored) / len(scored), values["utility"] or 0, -i)
        best = rank if best is None else max(best, rank)
    return None if best is None else -best[2]
