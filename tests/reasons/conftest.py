"""The embedded careers' transitions, a fitted teacher and a fitted judge."""

import pytest

from reasoning_occ.careers.source import Loaded
from reasoning_occ.careers.types import Transition
from reasoning_occ.reasons.judges.rubric import RubricJudge
from reasoning_occ.reasons.statistics import Statistics, half
from reasoning_occ.reasons.teachers.grounded import GroundedTeacher

SHRINK = 20.0


@pytest.fixture(scope="session")
def transitions(nls: Loaded) -> list[Transition]:
    # a third of the survey: enough for the statistics, quick to count
    return [t for career in nls.careers[::3] for t in career.transitions()]


@pytest.fixture(scope="session")
def teacher(nls: Loaded, transitions: list[Transition]) -> GroundedTeacher:
    made = GroundedTeacher(nls.taxonomy, candidates=4, mistakes=0.0, seed=0, shrink=SHRINK)
    made.fit(transitions)
    return made


@pytest.fixture(scope="session")
def judge(nls: Loaded, transitions: list[Transition]) -> RubricJudge:
    made = RubricJudge(nls.taxonomy, shrink=SHRINK)
    made.fit(transitions)
    return made


@pytest.fixture(scope="session")
def teachers_statistics(nls: Loaded, transitions: list[Transition]) -> Statistics:
    made = Statistics(nls.taxonomy, SHRINK)
    made.fit([t for t in transitions if half(t.history.person.id) == 0])
    return made
