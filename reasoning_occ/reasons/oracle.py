"""Selection: for each training transition the best candidate above the thresholds becomes its oracle reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.files import Journal, read_jsonl
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.progress import bar
from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.types import CRITERIA, Candidate, Criterion, Judge, Score, Teacher, Verdict

Key = tuple[str, int]
# how much work a cut can cost: rows are pushed to the disk this many at a time
_ROWS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class OracleReason:
    """The candidate that was chosen, with what the judge said of it."""

    text: str
    candidate: Candidate
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """All candidates of one transition, with a verdict each. `chosen`: place of the oracle reason, `None` without."""

    key: Key
    candidates: tuple[Candidate, ...]
    verdicts: tuple[Verdict, ...]
    chosen: int | None

    @property
    def oracle(self) -> OracleReason | None:
        """The oracle reason, or `None` where no candidate passed."""
        if self.chosen is None:
            return None
        candidate = self.candidates[self.chosen]
        return OracleReason(candidate.text, candidate, self.verdicts[self.chosen])


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts for the report.

    without: transitions that train with their answer alone. Means are over scored values: `mean_scores` and
    `coverage` of the oracle reasons, `mean_scores_all` of every candidate; `None` where nothing was scored.
    unscored: candidates without a score, by criterion. planted: candidates with a planted mistake, and
    planted_chosen: how many of those became oracle reasons. leaks: oracle reasons that name their target though the
    history does not (0, or something is broken).
    """

    transitions: int
    candidates: int
    without: int
    mean_scores: Mapping[Criterion, float | None]
    mean_scores_all: Mapping[Criterion, float | None]
    unscored: Mapping[Criterion, int]
    coverage: float | None
    planted: int
    planted_chosen: int
    leaks: int
    mean_words: float | None


def check_thresholds(thresholds: Mapping[Criterion, int]) -> None:
    """Raise a `UserError` unless there is one threshold from 1 to 5 for each criterion and nothing else."""
    if set(thresholds) != set(CRITERIA) or any(not 1 <= value <= 5 for value in thresholds.values()):
        raise UserError(
            f"oracle.thresholds: expected a number from 1 to 5 for each of {', '.join(CRITERIA)}; "
            f"got {dict(thresholds)}."
        )


def choose(verdicts: Sequence[Verdict], thresholds: Mapping[Criterion, int]) -> int | None:
    """The place of the best verdict that reaches every threshold; `None` if none does.

    Best is the highest mean score, then the highest utility, then the first. What a judge could not score does not
    reach its threshold.
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


def make_oracle(
    transitions: Sequence[Transition],
    teacher: Teacher,
    judge: Judge,
    thresholds: Mapping[Criterion, int],
    path: Path,
) -> dict[Key, OracleReason | None]:
    """Write, judge and choose reasons; kept in `path` and read back when it is there, or gone on with where cut off.

    Args:
        transitions: whose reasons are wanted: training transitions, or validation transitions.
        teacher: fitted on the training transitions (for a split by time: those before the cut), whatever `transitions`.
        judge: fitted likewise.
        thresholds: least score a criterion.
        path: `reasons.jsonl`, one line a transition with every candidate. The caller sees to it that a file found there
            was made from the same inputs (a run's folder is named by them).

    Returns:
        The oracle reason of every transition, `None` where it trains with its answer alone.

    Raises:
        UserError: thresholds are not one a criterion, or the file is not of these transitions.
    """
    check_thresholds(thresholds)
    if not path.exists():
        _write(transitions, teacher, judge, thresholds, path)
    oracle = {judged.key: judged.oracle for judged in read_oracle(path)}
    if set(oracle) != {t.key for t in transitions}:
        raise UserError(
            f"{path} holds reasons for {len(oracle)} transitions, not for the {len(transitions)} of this split. "
            "Move it away and start again."
        )
    return oracle


def read_oracle(path: Path) -> Iterator[Judged]:
    """Every line of a `reasons.jsonl`.

    Raises:
        UserError: the file is missing or a line is not what `make_oracle` writes (names the line).
    """
    for number, row in enumerate(read_jsonl(path), start=1):
        try:
            yield _judged(row)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{path}, line {number}: not a line of reasons ({error!r}). "
                "Delete the file; the next start writes it again."
            ) from error


def summary(path: Path, explained: Sequence[Transition], taxonomy: Taxonomy) -> Summary:
    """Count what is in a `reasons.jsonl` of these transitions, for the report."""
    by_key = {t.key: t for t in explained}
    lines = list(read_oracle(path))
    chosen = [(line.key, line.oracle) for line in lines if line.oracle is not None]
    verdicts = [verdict for line in lines for verdict in line.verdicts]
    oracles = [oracle for _, oracle in chosen]
    named = [
        key for key, oracle in chosen if target_names(oracle.text, by_key[key].history, by_key[key].target, taxonomy)
    ]
    return Summary(
        transitions=len(lines),
        candidates=len(verdicts),
        without=len(lines) - len(chosen),
        mean_scores={c: _mean(_values((o.verdict for o in oracles), c)) for c in CRITERIA},
        mean_scores_all={c: _mean(_values(verdicts, c)) for c in CRITERIA},
        unscored={c: sum(v.scores[c].value is None for v in verdicts) for c in CRITERIA},
        coverage=_mean([o.verdict.coverage for o in oracles]),
        planted=sum(c.planted is not None for line in lines for c in line.candidates),
        planted_chosen=sum(o.candidate.planted is not None for o in oracles),
        leaks=len(named),
        mean_words=_mean([len(o.text.split()) for o in oracles]),
    )


def _write(
    wanted: Sequence[Transition], teacher: Teacher, judge: Judge, thresholds: Mapping[Criterion, int], path: Path
) -> None:
    journal = Journal(path)
    done = len(journal.rows)
    if [(row.get("person"), row.get("t")) for row in journal.rows] != [t.key for t in wanted[:done]]:
        raise UserError(f"{journal.path} was begun for other transitions. Delete it and start again.")
    with bar() as display:
        task = display.add_task("oracle reasons", total=len(wanted), completed=done, note="")
        for start in range(done, len(wanted), _ROWS_AT_ONCE):
            chunk = wanted[start : start + _ROWS_AT_ONCE]
            journal.append([_row(_judge_all(transition, teacher, judge, thresholds)) for transition in chunk])
            display.advance(task, len(chunk))
    journal.finish()


def _judge_all(transition: Transition, teacher: Teacher, judge: Judge, thresholds: Mapping[Criterion, int]) -> Judged:
    candidates = teacher.write(transition)
    verdicts = tuple(judge.judge(transition.history, c.text, transition.target) for c in candidates)
    return Judged(transition.key, candidates, verdicts, choose(verdicts, thresholds))


def _row(judged: Judged) -> dict[str, Any]:
    return {
        "person": judged.key[0],
        "t": judged.key[1],
        "chosen": judged.chosen,
        "candidates": [
            {
                "text": candidate.text,
                "evidence": list(candidate.evidence),
                "planted": candidate.planted,
                "scores": {
                    c: {"value": verdict.scores[c].value, "justification": verdict.scores[c].justification}
                    for c in CRITERIA
                },
                "errors": list(verdict.errors),
                "coverage": verdict.coverage,
            }
            for candidate, verdict in zip(judged.candidates, judged.verdicts, strict=True)
        ],
    }


def _judged(row: Mapping[str, Any]) -> Judged:
    rows = row["candidates"]
    judged = Judged(
        key=(str(row["person"]), int(row["t"])),
        candidates=tuple(Candidate(r["text"], tuple(r["evidence"]), r["planted"]) for r in rows),
        verdicts=tuple(
            Verdict(
                {c: Score(r["scores"][c]["value"], r["scores"][c]["justification"]) for c in CRITERIA},
                tuple(r["errors"]),
                float(r["coverage"]),
            )
            for r in rows
        ),
        chosen=row["chosen"],
    )
    if judged.chosen is not None and not 0 <= judged.chosen < len(rows):
        raise ValueError(f"candidate {judged.chosen} of {len(rows)} is chosen")
    return judged


def _values(verdicts, criterion: Criterion) -> list[int]:
    return [value for verdict in verdicts if (value := verdict.scores[criterion].value) is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
