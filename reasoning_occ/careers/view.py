"""What of a history anyone sees: the `view` part of the configuration, applied once, where a job's task is loaded.

Recommenders, floors, teacher and judge get viewed transitions alone. Who is tested, on which transition and with which
answers does not depend on the view: the split comes before it, the present job always stays, and a transition keeps
its key.
"""

from dataclasses import dataclass, replace
from typing import Literal

from reasoning_occ.careers.types import Career, Transition


@dataclass(frozen=True, slots=True)
class View:
    """What is left of a history.

    education: whether its schooling is shown.
    jobs: "all", or "last": the present job alone, without those of its facts that tell of earlier ones (time with the
        same employer, pay against the pay before).
    titles: "text", or "codes" in their place (see `occupations.codes`).
    """

    education: bool
    jobs: Literal["all", "last"]
    titles: Literal["text", "codes"]


def viewed(transition: Transition, view: View) -> Transition:
    """The transition with its history as the view shows it; target, date and key are the same."""
    history = transition.history
    if not view.education:
        history = replace(history, education=())
    if view.jobs == "last":
        history = _present_alone(history)
    return replace(transition, history=history)


def _present_alone(history: Career) -> Career:
    present = history.jobs[-1]
    facts = replace(present.facts, tenure_years=None, pay=None)
    return replace(history, jobs=(replace(present, facts=facts),), hidden=history.past_jobs)
