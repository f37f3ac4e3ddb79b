"""The reasons on which judges differ most, for people to read."""

from collections.abc import Sequence
from typing import Any

from reasoning_occ.evaluation.audit.sample import Rated
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.types import CRITERIA, Criterion


def disagreements(rated: Sequence[Rated], n: int, taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """The `n` reasons with the largest gap between two judges on one criterion (equal ones: in the sum of all gaps).

    Returns:
        `{"person", "t", "history": lines, "reason", "truth": title, "gaps": {criterion: points or None},
        "judges": {name: {criterion: {"value", "justification"}}}}` for each; reasons without a gap are left out.
    """
    ordered = sorted(rated, key=_order)
    return [_told(one, taxonomy) for one in ordered[:n] if _most(one) > 0]


def gap(rated: Rated, criterion: Criterion) -> int | None:
    """Highest less lowest score on a criterion; None where fewer than two judges gave one."""
    values = [value for scores in rated.scores.values() if (value := scores[criterion].value) is not None]
    return max(values) - min(values) if len(values) > 1 else None


def _most(rated: Rated) -> int:
    return max(gap(rated, criterion) or 0 for criterion in CRITERIA)


def _order(rated: Rated) -> tuple[Any, ...]:
    every = sum(gap(rated, criterion) or 0 for criterion in CRITERIA)
    return (-_most(rated), -every, rated.asked.transition.key, rated.asked.number)


def _told(rated: Rated, taxonomy: Taxonomy) -> dict[str, Any]:
    asked = rated.asked
    person, t = asked.transition.key
    return {
        "person": person,
        "t": t,
        "history": events(asked.transition.history, taxonomy),
        "reason": asked.candidate.text,
        "truth": taxonomy.title(asked.transition.target),
        "gaps": {criterion: gap(rated, criterion) for criterion in CRITERIA},
        "judges": {
            name: {c: {"value": scores[c].value, "justification": scores[c].justification} for c in CRITERIA}
            for name, scores in rated.scores.items()
        },
    }
