"""What a run's reasons cost: its calls are made up again and looked up in the ledger, without asking anybody."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reasoning_occ.careers.types import Transition
from reasoning_occ.reasons.calls.clerk import Clerk, Unanswered
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.providers.anthropic_batches import AnthropicBatches
from reasoning_occ.reasons.calls.records import Answer
from reasoning_occ.reasons.calls.request import Provider, Reply, Request
from reasoning_occ.reasons.oracle import Judged, Key, wrong
from reasoning_occ.reasons.selection import choose
from reasoning_occ.reasons.teachers.llm import Silent
from reasoning_occ.reasons.types import CRITERIA, Case, Criterion, Judge, Teacher, Told


@dataclass(slots=True)
class Bill:
    """Answers of a ledger that were looked up, each once by its key; the names of all that were asked for."""

    answers: dict[str, Answer] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    models: set[tuple[str, str]] = field(default_factory=set)

    @property
    def unpriced(self) -> int:
        """Answers whose price is unknown."""
        return sum(answer.usd is None for answer in self.answers.values())

    @property
    def usd(self) -> float | None:
        """What all of them cost together; None where a price is unknown."""
        return None if self.unpriced else sum(answer.usd or 0.0 for answer in self.answers.values())


class FromLedger(Clerk):
    """Answers from a ledger alone, and puts them on a bill; what is not there is unanswered.

    Args:
        provider: whose answers; it is not asked.
        ledger: opens the ledger.
        bill: gets what was looked up.
    """

    def __init__(self, provider: Provider, ledger: Callable[[], Ledger], bill: Bill) -> None:
        super().__init__(provider, ledger, price=None, budget=None, replay=False)
        self._bill = bill

    async def _all(self, requests: Sequence[Request], told: Told | None) -> list[Reply | Unanswered]:
        """The answers that are there; see `Clerk`."""
        answers = await asyncio.gather(*(self._ledger.answer(request.key) for request in requests))
        return [self._noted(*pair) for pair in zip(requests, answers, strict=True)]

    def _noted(self, request: Request, answer: Answer | None) -> Reply | Unanswered:
        self._bill.models.add((request.provider, request.model))
        if answer is None:
            self._bill.missing.add(request.key)
            return Unanswered("not in the ledger")
        self._bill.answers[request.key] = answer
        return answer.reply


class Archive(Desk):
    """A desk at which nobody is asked. Those who ask from it need no key, and get what the ledger has.

    Args:
        ledger: a ledger that is there.
        send: fields of a career that were sent.
    """

    def __init__(self, ledger: Path, send: Sequence[str]) -> None:
        super().__init__(ledger=ledger, prices=Path(), budget_usd=None, send=send, local_only=False)
        self.bill = Bill()

    def asker(self, provider: Provider, terms: Terms, key: str | None) -> Clerk:
        """Looks up answers of a provider; see `Desk`."""
        return FromLedger(provider, lambda: self.ledger, self.bill)

    def batches(self, provider: AnthropicBatches, terms: Terms, key: str | None, interval: float) -> Clerk:
        """As `asker`: it is the same ledger."""
        return self.asker(provider, terms, key)


def written_again(
    teacher: Teacher,
    lines: Sequence[Judged],
    by_key: Mapping[Key, Transition],
    thresholds: Mapping[Criterion, int],
    retries: int,
) -> bool:
    """Make up the teacher's calls again, round by round; whether its answers are the candidates on record.

    Args:
        teacher: asks from an `Archive`.
        lines: of a `reasons.jsonl`.
        by_key: their transitions.
        thresholds: by which the run chose, so that it is known who was asked again.
        retries: how often at most.
    """
    done = dict.fromkeys((line.key for line in lines), 0)
    waiting = list(lines)
    for attempt in range(1 + retries):
        feedback = [wrong(_first(line, done[line.key])) for line in waiting] if attempt else None
        try:
            written = teacher.write_all([by_key[line.key] for line in waiting], feedback)
        except Silent:
            return False  # the ledger has nothing of some of them
        for line, candidates in zip(waiting, written, strict=True):
            known = line.candidates[done[line.key] : done[line.key] + len(candidates)]
            if [candidate.text for candidate in known] != [candidate.text for candidate in candidates]:
                return False
            done[line.key] += len(candidates)
        waiting = [line for line in waiting if choose(line.verdicts[: done[line.key]], thresholds) is None]
    return True


def judged_again(judge: Judge, lines: Sequence[Judged], by_key: Mapping[Key, Transition]) -> bool:
    """Make up the judge's calls again; whether its answers are the scores on record. Arguments as `written_again`."""
    pairs = [
        (Case(by_key[line.key].history, candidate.text, by_key[line.key].target), verdict)
        for line in lines
        for candidate, verdict in zip(line.candidates, line.verdicts, strict=True)
        if candidate.rejected is None
    ]
    found = judge.judge_all([case for case, _ in pairs])
    return all(
        now.scores[criterion].value == then.scores[criterion].value
        for now, (_, then) in zip(found, pairs, strict=True)
        for criterion in CRITERIA
    )


def _first(line: Judged, n: int) -> Judged:
    return Judged(line.key, line.candidates[:n], line.verdicts[:n], None)
