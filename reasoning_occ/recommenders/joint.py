"""One model that writes reason and title in one go: the paper's joint model, and its twin the other way round."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.learning import Own, Reasons
from reasoning_occ.recommenders.llm import Adapter
from reasoning_occ.recommenders.reasoned import Reasoned, digest


def joint(reason_first: bool, **given: Any) -> Reasoned:
    """`Joint`, or `AnswerFirst` where the reason is not to come first.

    Args:
        reason_first: which.
        given: as `Reasoned`.

    Raises:
        UserError: `reason_first` is neither true nor false.
    """
    if not isinstance(reason_first, bool):
        raise UserError(f"method.reason_first: expected true or false; got {reason_first}.")
    return Joint(**given) if reason_first else AnswerFirst(**given)


class Joint(Reasoned):
    """Learns `<think>` reason `</think><answer>` title `</answer>` from oracle reasons.

    At test time it writes a reason from the history alone, then ranks the titles after it. A transition for
    which no oracle reason passed the judge is learnt by its answer alone.
    """

    name = "joint"
    ranks = writes = "reason"
    adapters = (Adapter("", ("reason",)),)

    def examples(self, adapter: str, transitions: Sequence[Transition], reasons: Reasons, own: Own) -> list[Example]:
        """One example of a transition; two where the title is learnt after a reason of the model's own, of which the
        oracle reason is learnt in the other."""
        language = self.language(self.ranks)
        found = []
        for t in transitions:
            reason = reasons.get(t.key)
            if t.key not in own:
                found.append(language.example(t, reason))
                continue
            if reason is not None:
                found.append(language.example(t, reason).only(Segment.REASON))
            found.append(language.example(t, own[t.key]).only(Segment.ANSWER))
        return found


class AnswerFirst(Reasoned):
    """Learns `<answer>` title `</answer><think>` reason `</think>`: the reason can't help the answer but as a lesson.

    At test time titles are ranked from the history alone, then a reason is written for the first.
    """

    name = "joint, answer first"
    ranks = writes = "title_reason"
    adapters = (Adapter("", ("title_reason",)),)

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Rank, then write a reason for the first title; some people at a time, so that a cut costs little."""
        size = 4 * self.inference.batch
        for start in range(0, len(histories), size):
            some = histories[start : start + size]
            ranked = list(self.rank(some, [None] * len(some)))
            _, language = self.ready()
            prompts = {}
            for number, (history, one) in enumerate(zip(some, ranked, strict=True)):
                first = self.taxonomy.codes[int(np.argmax(one.log_probs))]
                ids = language.reason_prefix_ids(history, first)
                prompts[history.person.id, history.past_jobs, digest(ids), number] = ids
            for row, one in zip((row for rows in self.write(prompts) for row in rows), ranked, strict=True):
                yield replace(one, reason=row["reason"])
