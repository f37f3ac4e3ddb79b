"""What a job's teacher and judge, or its recommender, would be asked: the same prompts, made but not sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.asking import STAND_IN, Hands, asking_nodes, choosing, desk, needs_nothing, reasoner, shown
from reasoning_occ.careers.types import Transition
from reasoning_occ.config import asks, build, learns_reasons, recommender_node
from reasoning_occ.errors import UserError
from reasoning_occ.occupations import nls
from reasoning_occ.progress import console
from reasoning_occ.reasons.calls.estimate import Estimate
from reasoning_occ.reasons.calls.request import Reply
from reasoning_occ.reasons.naming import target_names
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.reasons.teachers.llm import LLMTeacher
from reasoning_occ.reasons.types import CRITERIA, Candidate, Case
from reasoning_occ.task import Task, load
from reasoning_occ.validation import validate

_WORDS = 60
"""Of a reason that is not written yet, where the teacher doesn't say."""


@dataclass(frozen=True, slots=True)
class Line:
    """Calls of one teacher or judge.

    assumed: how many of them are for texts that are not written yet. more: how many calls may come on top, of further
    rounds and of a stand-in. repairs: whether each may be asked once more, its answer in sight.
    """

    who: str
    model: str
    estimate: Estimate
    assumed: int = 0
    more: int = 0
    repairs: bool = False

    @property
    def most_usd(self) -> float | None:
        """What all of this may cost, with what comes on top; None where the price is unknown."""
        e = self.estimate
        if e.most_usd is None or e.price is None:
            return None
        further = self.more / e.calls if e.calls else 0.0
        most = e.most_usd + further * e.price.most(e.whole_input, e.whole_output)
        if self.repairs:
            most += (1 + further) * e.price.most(e.whole_input + e.whole_output, e.whole_output)
        return most


def lines(cfg: DictConfig, *, counts: bool) -> Iterator[Line]:
    """What a job would ask: its oracle stage, teacher first, or its recommender.

    Args:
        cfg: the job.
        counts: whether providers may be asked to count tokens.

    Raises:
        UserError: the job can't work, or has nobody to ask.
    """
    validate(cfg)
    if asks(cfg):
        yield _answers(cfg, counts)
        return
    if not learns_reasons(cfg):
        raise UserError("method: this one learns from no reasons, so there is nobody to ask; choose method=joint.")
    asking = {role: list(asking_nodes(cfg[role], role)) for role in ("teacher", "judge")}
    if not any(asking.values()):
        raise UserError("teacher and judge: both are of this machine, so nothing is asked and nothing costs.")
    choosing(cfg)
    hands = Hands(desk(cfg, keys=False), chat=_no_model, predict=_no_model)
    for role in asking:
        reasoner(cfg[role], nls.taxonomy(), hands)  # so that its settings are looked at
    ledger = hands.desk.ledger if hands.desk.has_ledger else None
    with console.status("Making the prompts"):
        task = load(cfg)
        told = task.test if cfg.inference.reason == "oracle" else ()
        transitions = shown(cfg, [*task.train, *task.valid, *told])
        candidates = _Candidates(cfg, task, transitions)
        for name, node in asking["teacher"]:
            teacher = reasoner(node, task.taxonomy, hands)
            requests = teacher.requests(transitions)
            found = teacher.asker.estimate(requests, ledger, counts=counts)
            yield Line(name, node.model, found, more=cfg.oracle.retries * len(requests))
            replies = {} if ledger is None else ledger.replies([request.key for request in requests])
            candidates.known(teacher, [replies.get(request.key) for request in requests])
        # without a criterion that counts, reasons to learn from are judged by nobody
        cases, assumed = candidates.cases() if cfg.oracle.criteria else ([], 0)
        more = len(CRITERIA) * len(transitions) * _further(cfg)
        for name, node in asking["judge"]:
            repairs = node.get("schema") is False
            judge = reasoner(node, task.taxonomy, hands)
            if cfg.oracle.criteria:
                found = judge.asker.estimate(judge.requests(cases), ledger, counts=counts)
                yield Line(name, node.model, found, len(CRITERIA) * assumed, more, repairs)
            if test := _test_cases(cfg, task, candidates):
                found = judge.asker.estimate(judge.requests(test), ledger, counts=counts)
                yield Line(f"{name}, for test people", node.model, found, len(CRITERIA) * len(test), repairs=repairs)


def _answers(cfg: DictConfig, counts: bool) -> Line:
    """What a recommender that asks elsewhere would ask of test people."""
    role, node = "method" if cfg.get("baseline") is None else "baseline", recommender_node(cfg)
    hands = Hands(desk(cfg, keys=False), chat=_no_model, predict=_no_model)
    reasoner(node, nls.taxonomy(), hands)  # so that its settings are looked at
    with console.status("Making the prompts"):
        task = load(cfg)
        asked = reasoner(node, task.taxonomy, hands)
        ledger = hands.desk.ledger if hands.desk.has_ledger else None
        requests = asked.requests([t.history for t in task.test])
        return Line(role, node.model, asked.asker.estimate(requests, ledger, counts=counts))


def _further(cfg: DictConfig) -> int:
    """Most candidates of a transition that are written and judged after a first round in which none passed."""
    instead = OmegaConf.load(STAND_IN).candidates if cfg.oracle.fallback == "grounded" else 0
    return cfg.oracle.retries * cfg.teacher.candidates + instead


def _no_model(name: str | None) -> Any:
    raise UserError(f"A plan reads no model, and {name or 'the job itself'} would be one.")


class _Candidates:
    """Reasons that are written already, and for those that are not a text of the same length."""

    def __init__(self, cfg: DictConfig, task: Task, transitions: Sequence[Transition]) -> None:
        self._taxonomy = task.taxonomy
        self._transitions = transitions
        self._each = int(cfg.teacher.candidates)
        self._words = int(cfg.teacher.get("words", _WORDS))
        self._number = count()
        self._written: list[tuple[Candidate, ...]] = [()] * len(transitions)
        self._missing = [self._each] * len(transitions)
        if needs_nothing(cfg.teacher):
            teacher = build(cfg.teacher, taxonomy=task.taxonomy)
            teacher.fit(transitions[: len(task.train)])
            self._written, self._missing = teacher.write_all(transitions), [0] * len(transitions)

    def known(self, teacher: LLMTeacher, replies: Sequence[Reply | None]) -> None:
        """Take over what is answered of a teacher's calls for all transitions; None: is not."""
        self._written = teacher.candidates(replies)
        self._missing = [
            replies[start : start + self._each].count(None) for start in range(0, len(replies), self._each)
        ]

    def assumed(self) -> str:
        """A text nobody wrote, unlike any other."""
        return f"{next(self._number)} " + "reason " * (self._words - 1)

    def cases(self) -> tuple[list[Case], int]:
        """All that would be judged, and how many of those are assumed."""
        found = []
        for transition, written, missing in zip(self._transitions, self._written, self._missing, strict=True):
            history, target = transition.history, transition.target
            texts = [
                c.text
                for c in written
                if c.failure is None and not target_names(c.text, history, target, self._taxonomy)
            ]
            texts += [self.assumed() for _ in range(missing)]
            found += [Case(history, text, target) for text in texts]
        return found, sum(self._missing)


def _test_cases(cfg: DictConfig, task: Task, candidates: _Candidates) -> list[Case]:
    """Reasons for test people, which go to a judge elsewhere only if all of a history may."""
    if set(cfg.privacy.send) != set(FIELDS):
        return []
    return [Case(t.history, candidates.assumed(), t.target) for t in task.test]
