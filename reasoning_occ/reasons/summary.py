"""What is counted of a file of oracle reasons, for the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from reasoning_occ.careers.types import Transition
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.oracle import read_oracle
from reasoning_occ.reasons.types import CRITERIA, Criterion, Failure, Verdict


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts for the report.

    without: transitions that train with their answer alone. Means are over scored values: `mean_scores` and
    `coverage` of the oracle reasons, `mean_scores_all` of every candidate; `None` where nothing was scored.
    histograms: by criterion, how many judged candidates have a score of 1, 2, 3, 4, 5: "chosen", those that became
    oracle reasons, and "others". unscored: judged candidates without a score, by criterion; members_unscored: the same
    of each judge of a panel. unjudged: candidates that nobody judged though nothing was wrong with them, since no
    criterion counts. named: candidates rejected unjudged because they name their target. failed: candidates
    that are no reasons, by why. planted: candidates with a planted mistake, and planted_chosen: how many of those
    became oracle reasons. fallback and fallback_chosen: the same for what the built-in teacher wrote in place of the
    job's own. leaks: oracle reasons that name their target though the history does not (0, or something is broken).
    """

    transitions: int
    candidates: int
    without: int
    mean_scores: Mapping[Criterion, float | None]
    mean_scores_all: Mapping[Criterion, float | None]
    histograms: Mapping[Criterion, Mapping[str, tuple[int, ...]]]
    unscored: Mapping[Criterion, int]
    members_unscored: Mapping[str, Mapping[Criterion, int]]
    unjudged: int
    named: int
    failed: Mapping[Failure, int]
    coverage: float | None
    planted: int
    planted_chosen: int
    fallback: int
    fallback_chosen: int
    leaks: int
    mean_words: float | None


def summary(path: Path, explained: Sequence[Transition], taxonomy: Taxonomy) -> Summary:
    """Count what is in a `reasons.jsonl` of these transitions, for the report."""
    by_key = {t.key: t for t in explained}
    lines = list(read_oracle(path))
    chosen = [(line.key, line.oracle) for line in lines if line.oracle is not None]
    pairs = [pair for line in lines for pair in zip(line.candidates, line.verdicts, strict=True)]
    verdicts = [verdict for _, verdict in pairs if verdict.judged]
    oracles = [oracle for _, oracle in chosen]
    passed, judged = [_histograms(some) for some in ([oracle.verdict for oracle in oracles], verdicts)]
    leaks = [
        key for key, oracle in chosen if target_names(oracle.text, by_key[key].history, by_key[key].target, taxonomy)
    ]
    return Summary(
        transitions=len(lines),
        candidates=len(pairs),
        without=len(lines) - len(chosen),
        mean_scores={c: _mean(_values((o.verdict for o in oracles), c)) for c in CRITERIA},
        mean_scores_all={c: _mean(_values(verdicts, c)) for c in CRITERIA},
        histograms={
            c: {"chosen": passed[c], "others": tuple(a - b for a, b in zip(judged[c], passed[c], strict=True))}
            for c in CRITERIA
        },
        unscored={c: sum(v.scores[c].value is None for v in verdicts) for c in CRITERIA},
        members_unscored={
            name: {c: sum(v.members[name][c].value is None for v in verdicts) for c in CRITERIA}
            for name in dict.fromkeys(name for v in verdicts for name in v.members)
        },
        unjudged=sum(not verdict.judged and candidate.rejected is None for candidate, verdict in pairs),
        named=sum(bool(candidate.named) for candidate, _ in pairs),
        failed={why: sum(candidate.failure == why for candidate, _ in pairs) for why in get_args(Failure)},
        coverage=_mean([o.verdict.coverage for o in oracles if o.verdict.judged]),
        planted=sum(c.planted is not None for line in lines for c in line.candidates),
        planted_chosen=sum(o.candidate.planted is not None for o in oracles),
        fallback=sum(c.fallback for line in lines for c in line.candidates),
        fallback_chosen=sum(o.candidate.fallback for o in oracles),
        leaks=len(leaks),
        mean_words=_mean([len(o.text.split()) for o in oracles]),
    )


def _histograms(verdicts: Sequence[Verdict]) -> dict[Criterion, tuple[int, ...]]:
    return {c: tuple(_values(verdicts, c).count(score) for score in range(1, 6)) for c in CRITERIA}


def _values(verdicts, criterion: Criterion) -> list[int]:
    return [value for verdict in verdicts if (value := verdict.scores[criterion].value) is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
