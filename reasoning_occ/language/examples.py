"""Prompts that show careers of other people, with their answers, before the one in question."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.language.asks import CLOSE_ANSWER
from reasoning_occ.language.prompt import Ids, Language

OTHERS = "Careers of other people, and the occupation that came next:\n\n"
NEXT = "Next:\n"
QUESTION = "The career in question:\n"


class WithExamples(Language):
    """As `Language` for titles alone, with examples between the task and the career.

        [task text] [OTHERS] ([line of an example ...] [NEXT] <answer> title</answer>) ... [QUESTION] [line ...] [ask]

    The nearest example stands last. The career in question keeps all lines that it has without examples; of them,
    nearest first, as many are shown as fit beside it, each with the lines that a career of its own would keep.

    Args:
        nearest: for a history, what may be shown with it, nearest first.
        args, kwargs: as `Language`.
    """

    def __init__(self, *args: Any, nearest: Callable[[Career], Sequence[Transition]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._nearest = nearest
        self._others_ids, self._question_ids = self._encode(OTHERS), self._encode(QUESTION)
        self._next_ids, self._end_ids = self._encode(NEXT), self._encode(f"{CLOSE_ANSWER}\n\n")

    def trunk_ids(self, history: Career) -> Ids:
        """The prompt without its ask, examples included; see `Language`."""
        examples = [self._example_ids(t) for t in reversed(self.shown(history))]
        before = [self._others_ids, *examples, self._question_ids] if examples else []
        return np.concatenate([self.head_ids, *before, *self._kept_ids(history)])

    def shown(self, history: Career) -> list[Transition]:
        """The examples that fit, nearest first; one that does not is passed over for a shorter one."""
        around = (self.head_ids, self._others_ids, self._question_ids, self.tail_ids, self.answer_open_ids)
        left = self.max_tokens - self.longest_answer - sum(map(len, (*around, *self._kept_ids(history))))
        shown = []
        for transition in self._nearest(history):
            length = len(self._example_ids(transition))
            if length <= left:
                shown.append(transition)
                left -= length
        return shown

    def _kept_ids(self, history: Career) -> list[Ids]:
        return self.line_ids(history)[self.first_line(history) :]

    def _example_ids(self, transition: Transition) -> Ids:
        lines = self._kept_ids(transition.history)
        answer = [self.answer_open_ids, self.title_ids(transition.target), self._end_ids]
        return np.concatenate([*lines, self._next_ids, *answer])
