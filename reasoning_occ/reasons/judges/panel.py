"""A panel: several judges on the same reasons, and how far they agree."""

import statistics
from collections.abc import Mapping, Sequence

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.reasons.types import CRITERIA, Case, Criterion, Judge, Repeatable, Score, Told, Verdict


class Panel:
    """The median of several judges, criterion by criterion; what each said is kept.

    Of two middle scores the lower counts: a reason is not better than half of the panel thinks. Judges without a score
    have no vote; where nobody has one, the criterion is unscored. Errors are those of all, coverage is the least.

    Args:
        members: the judges by name.

    Raises:
        UserError: fewer than two.
    """

    def __init__(self, members: Mapping[str, Judge]) -> None:
        if not isinstance(members, Mapping) or len(members) < 2:
            got = f"{len(members)} ({', '.join(members)})" if isinstance(members, Mapping) else members
            raise UserError(f"judge.members: a panel has two judges or more; got {got}.")
        self._members = dict(members)
        self.at_once = max(judge.at_once for judge in self._members.values())

    def fit(self, train: Sequence[Transition]) -> None:
        """Let each judge see the training transitions."""
        for judge in self._members.values():
            judge.fit(train)

    def judge_all(self, cases: Sequence[Case], told: Told | None = None) -> list[Verdict]:
        """Scores of many reasons; see `Judge`.

        Raises:
            BudgetReached, UserError: as its members.
        """
        by_member = {name: judge.judge_all(cases, told) for name, judge in self._members.items()}
        return [_joined({name: said[place] for name, said in by_member.items()}) for place in range(len(cases))]

    def again(self, sample: int) -> Judge:
        """The panel in another round, of those members whose answers may differ; itself where there are none."""
        members = {name: j.again(sample) if isinstance(j, Repeatable) else j for name, j in self._members.items()}
        return self if all(members[name] is j for name, j in self._members.items()) else Panel(members)


def _joined(said: Mapping[str, Verdict]) -> Verdict:
    return Verdict(
        scores={criterion: _median(criterion, said) for criterion in CRITERIA},
        errors=tuple(dict.fromkeys(error for verdict in said.values() for error in verdict.errors)),
        coverage=min(verdict.coverage for verdict in said.values()),
        members={name: verdict.scores for name, verdict in said.items()},
    )


def _median(criterion: Criterion, said: Mapping[str, Verdict]) -> Score:
    values = {name: verdict.scores[criterion].value for name, verdict in said.items()}
    votes = [value for value in values.values() if value is not None]
    told = ", ".join(f"{name} {'unscored' if value is None else value}" for name, value in values.items())
    return Score(statistics.median_low(votes) if votes else None, told)
