"""One model with two tasks, each with a prompt of its own: history to reason, history and reason to title."""

import hashlib
from collections.abc import Sequence
from typing import Any

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example
from reasoning_occ.recommenders.learning import Own, Reasons
from reasoning_occ.recommenders.llm import Adapter
from reasoning_occ.recommenders.reasoned import Reasoned


class MultiTask(Reasoned):
    """Learns both tasks with one adapter, mixed in every step. At test time it is asked twice.

    Args:
        task_mix: share of the examples that ask for a reason, among those of transitions that have one. At 0.5 each
            gives both of its examples. Away from it, examples of the other task are left out, the same in every epoch.
        kwargs: as `Reasoned`.

    Raises:
        UserError: `task_mix` is no share.
    """

    name = "multi_task"
    ranks, writes = "title_given_reason", "reason_only"
    adapters = (Adapter("", ("reason_only", "title_given_reason")),)

    def __init__(self, task_mix: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(task_mix, bool) or not isinstance(task_mix, int | float) or not 0 < task_mix < 1:
            raise UserError(f"method.task_mix: expected a share between 0 and 1; got {task_mix}.")
        self._task_mix = task_mix

    def examples(self, adapter: str, transitions: Sequence[Transition], reasons: Reasons, own: Own) -> list[Example]:
        """Two examples of a transition, one a task; where there is no oracle reason, the title's alone."""
        writer, reader = self.language("reason_only"), self.language("title_given_reason")
        keep_reason = min(1.0, self._task_mix / (1 - self._task_mix))
        keep_title = min(1.0, (1 - self._task_mix) / self._task_mix)
        found = []
        for t in transitions:
            reason, drawn = reasons.get(t.key), _drawn(t, self.trainer.seed)
            if reason is not None and drawn < keep_reason:
                found.append(writer.example(t, reason))
            if reason is None or drawn < keep_title:
                found.append(reader.example(t, own.get(t.key, reason)))
        return found


def _drawn(transition: Transition, seed: int) -> float:
    """A number from 0 to below 1 that depends on the transition and the seed alone."""
    digest = hashlib.sha256(f"{seed} {transition.key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
