"""What a judge says of the reasons a model wrote for test people."""

from collections.abc import Sequence
from typing import Any

from reasoning_occ.careers.types import Transition
from reasoning_occ.evaluation.intervals import mean, share
from reasoning_occ.evaluation.judging import Judges, judged
from reasoning_occ.evaluation.predictions import Prediction
from reasoning_occ.reasons.types import CRITERIA, Case


def quality(
    judge: Judges,
    test: Sequence[Transition],
    predictions: Sequence[Prediction],
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Mean scores of generated reasons, 1-5, each with n and a 95% bootstrap interval over people.

    Utility is judged with the truth at hand: it describes the reasons and says nothing of quality that
    could be known beforehand.

    Returns:
        `{"factuality": {"value", "n", "low", "high"}, "coherence": ..., "utility": ..., "coverage": ...,
        "unscored": {criterion: n}, "without_reason": n, "all_facts_hold": ...}`; `all_facts_hold` is the share of
        scored reasons with the highest factuality, with Wilson's interval where it is 0 or 1.
    """
    reasons = {p.key: p.reason for p in predictions}
    cases = [Case(t.history, reason, t.target) for t in test if (reason := reasons.get(t.key))]
    people = [case.history.person.id for case in cases]
    verdicts = list(zip(people, judged(judge, cases, "reasons of test people"), strict=True))
    out: dict[str, Any] = {}
    for criterion in CRITERIA:
        scored = [(person, v.scores[criterion].value) for person, v in verdicts]
        out[criterion] = mean(
            [(person, float(value)) for person, value in scored if value is not None], resamples, seed
        )
    facts = [(person, v.scores["factuality"].value) for person, v in verdicts]
    out["all_facts_hold"] = share(
        [(person, value == 5) for person, value in facts if value is not None], resamples, seed
    )
    out["coverage"] = mean([(person, v.coverage) for person, v in verdicts], resamples, seed)
    out["unscored"] = {c: sum(v.scores[c].value is None for _, v in verdicts) for c in CRITERIA}
    out["without_reason"] = len(test) - len(verdicts)
    return out
