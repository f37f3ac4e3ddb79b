"""Selection: for each training transition the best candidate above the thresholds becomes its oracle reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.files import Journal, read_jsonl
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.progress import bar
from reasoning_occ.reasons.calls.clerk import BudgetReached
from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.selection import Selection
from reasoning_occ.reasons.types import CRITERIA, Candidate, Case, Criterion, Judge, Score, Teacher, Told, Verdict

Key = tuple[str, int]


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


def make_oracle(
    transitions: Sequence[Transition],
    teacher: Teacher,
    judge: Judge | None,
    selection: Selection,
    path: Path,
    taxonomy: Taxonomy,
    stand_in: Teacher | None = None,
) -> dict[Key, OracleReason | None]:
    """Write, judge and choose reasons; kept in `path` and read back when it is there, or gone on with where cut off.

    Args:
        transitions: whose reasons are wanted: training transitions, or validation transitions.
        teacher: fitted on the training transitions (for a split by time: those before the cut), whatever `transitions`.
        judge: fitted likewise; `None`: nobody judges, for a selection without criteria.
        selection: how a reason is chosen.
        path: `reasons.jsonl`, one line a transition with every candidate. The caller sees to it that a file found there
            was made from the same inputs (a run's folder is named by them).
        taxonomy: by it a candidate that names its target is found; it is rejected.
        stand_in: fitted likewise; writes where no candidate of the teacher passed. `None`: nobody does.

    Returns:
        The oracle reason of every transition, `None` where it trains with its answer alone.

    Raises:
        UserError: the file is not of these transitions, too many scores are missing, or the budget for calls is
            reached; what was answered until then is kept.
    """
    if not path.exists():
        _write(transitions, teacher, judge, selection, path, taxonomy, stand_in)
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


def _write(
    wanted: Sequence[Transition],
    teacher: Teacher,
    judge: Judge | None,
    selection: Selection,
    path: Path,
    taxonomy: Taxonomy,
    stand_in: Teacher | None,
) -> None:
    writers = (teacher,) * (1 + selection.retries) + ((stand_in,) if stand_in is not None else ())
    journal = Journal(path)
    done = len(journal.rows)
    if [(row.get("person"), row.get("t")) for row in journal.rows] != [t.key for t in wanted[:done]]:
        raise UserError(f"{journal.path} was begun for other transitions. Delete it and start again.")
    with bar() as display:
        task = display.add_task("oracle reasons", total=len(wanted), completed=done, note="")

        def told(words: str) -> None:
            display.update(task, note=words)

        size = max(teacher.at_once, judge.at_once) if teacher.recalls and judge is not None else teacher.at_once
        for start in range(done, len(wanted), size):
            chunk = wanted[start : start + size]
            try:
                explained = _explain(chunk, writers, judge, selection, taxonomy, told)
            except BudgetReached as error:
                raise UserError(
                    f"calls.budget_usd: the budget is reached; {start} of {len(wanted)} transitions have their "
                    "reasons. Raise it and start again: no answer that is there is paid again."
                ) from error
            journal.append(map(_row, explained))
            display.advance(task, len(chunk))
    _check_unscored(journal, selection)
    journal.finish()


def _explain(
    chunk: Sequence[Transition],
    writers: Sequence[Teacher],
    judge: Judge | None,
    selection: Selection,
    taxonomy: Taxonomy,
    told: Told,
) -> list[Judged]:
    """Candidates and verdicts of some transitions; where none passed the next of the writers is asked."""
    found = {t.key: Judged(t.key, (), (), None) for t in chunk}
    waiting = list(chunk)
    for attempt, writer in enumerate(writers):
        feedback = [wrong(found[t.key]) for t in waiting] if attempt else None
        written = [
            tuple(_looked_at(c, t, taxonomy) for c in candidates)
            for t, candidates in zip(waiting, writer.write_all(waiting, feedback, told), strict=True)
        ]
        if attempt > selection.retries:
            written = [_instead(c, found[t.key]) for t, c in zip(waiting, written, strict=True)]
        cases = [
            Case(t.history, c.text, t.target)
            for t, candidates in zip(waiting, written, strict=True)
            for c in candidates
            if c.rejected is None
        ]
        judged = iter(
            judge.judge_all(cases, told) if judge is not None else [_unjudged("nobody was asked")] * len(cases)
        )
        for t, candidates in zip(waiting, written, strict=True):
            earlier = found[t.key]
            every = (*earlier.candidates, *candidates)
            verdicts = (*earlier.verdicts, *(_unjudged(c.rejected) if c.rejected else next(judged) for c in candidates))
            chosen = selection.choose(every, verdicts, last=attempt + 1 == len(writers))
            found[t.key] = Judged(t.key, every, verdicts, chosen)
        waiting = [t for t in waiting if found[t.key].chosen is None]
        if not waiting:
            break
    return list(found.values())


def _looked_at(candidate: Candidate, transition: Transition, taxonomy: Taxonomy) -> Candidate:
    """The candidate with the names of its target in it; one that failed has been looked at enough."""
    if candidate.failure is not None:
        return candidate
    return replace(candidate, named=target_names(candidate.text, transition.history, transition.target, taxonomy))


def _instead(candidates: Sequence[Candidate], earlier: Judged) -> tuple[Candidate, ...]:
    """What a stand-in wrote, marked; a text that did not pass before is left out."""
    known = {candidate.text for candidate in earlier.candidates}
    return tuple(replace(candidate, fallback=True) for candidate in candidates if candidate.text not in known)


def wrong(judged: Judged) -> list[str]:
    """What was found wrong with all candidates so far, each thing once.

    Their number comes first: it makes the question of every round another one, which the ledger has no answer to yet.
    """
    first = f"{len(judged.candidates)} reasons did not pass."
    named = ["It names what the person did next." for candidate in judged.candidates if candidate.named]
    long = ["It was too long and cut off." for candidate in judged.candidates if candidate.failure == "cut off"]
    return list(
        dict.fromkeys([first, *named, *long, *(error for verdict in judged.verdicts for error in verdict.errors)])
    )


def _unjudged(why: str) -> Verdict:
    return Verdict(dict.fromkeys(CRITERIA, Score(None, f"Not judged: {why}.")), judged=False)


def _check_unscored(journal: Journal, selection: Selection) -> None:
    """Many missing scores say that something is wrong with the judge, not with the reasons. Only the criteria that
    count are looked at."""
    most, counted = selection.max_unscored, selection.counted
    judged = [c for row in journal.rows for c in row["candidates"] if c["judged"]]
    by_judge = {"": [c["scores"] for c in judged]}
    for name in dict.fromkeys(name for c in judged for name in c["members"]):
        by_judge[f" of the panel's {name}"] = [c["members"][name] for c in judged]
    for whose, scored in by_judge.items():
        missing = sum(scores[c]["value"] is None for scores in scored for c in counted)
        total = len(judged) * len(counted)
        if missing > most * total:
            # out of the way: the next start asks again for what had no answer, and the ledger has the other answers
            aside = journal.path.with_suffix(".unscored.jsonl")
            journal.path.replace(aside)
            raise UserError(
                f"oracle.max_unscored: {missing} of {total} scores{whose} are missing, more than {most:.0%}; {aside} "
                "says why of each. Mend that and start again, or raise oracle.max_unscored."
            )


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
                "named": list(candidate.named),
                "fallback": candidate.fallback,
                "failure": candidate.failure,
                "scores": _scores_row(verdict.scores),
                "errors": list(verdict.errors),
                "coverage": verdict.coverage,
                "members": {name: _scores_row(scores) for name, scores in verdict.members.items()},
                "judged": verdict.judged,
            }
            for candidate, verdict in zip(judged.candidates, judged.verdicts, strict=True)
        ],
    }


def _scores_row(scores: Mapping[Criterion, Score]) -> dict[str, Any]:
    return {c: asdict(scores[c]) for c in CRITERIA}


def _scores(row: Mapping[str, Any]) -> dict[Criterion, Score]:
    return {c: Score(row[c]["value"], row[c]["justification"], tuple(row[c]["shares"])) for c in CRITERIA}


def _judged(row: Mapping[str, Any]) -> Judged:
    rows = row["candidates"]
    judged = Judged(
        key=(str(row["person"]), int(row["t"])),
        candidates=tuple(
            Candidate(r["text"], tuple(r["evidence"]), r["planted"], tuple(r["named"]), r["fallback"], r["failure"])
            for r in rows
        ),
        verdicts=tuple(
            Verdict(
                _scores(r["scores"]),
                tuple(r["errors"]),
                float(r["coverage"]),
                {name: _scores(scores) for name, scores in r["members"].items()},
                r["judged"],
            )
            for r in rows
        ),
        chosen=row["chosen"],
    )
    if judged.chosen is not None and not 0 <= judged.chosen < len(rows):
        raise ValueError(f"candidate {judged.chosen} of {len(rows)} is chosen")
    return judged
