"""A teacher in this process: a chat model of the user's own, or the one that is trained later, before it learns."""

import hashlib
import re
from collections.abc import Callable, Sequence

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.reasons.settings import check_counts, check_model
from reasoning_occ.reasons.teachers.llm import distinct, task
from reasoning_occ.reasons.types import Candidate, Chat, Told

_SENTENCES = re.compile(r".*[.!?][\"')\]]*(?=\s|$)", re.DOTALL)


class LocalTeacher:
    """Writes candidates by a chat model, several at once; nothing leaves the machine.

    A text that does not end within `max_tokens` keeps its whole sentences; one that has none failed.

    Args:
        taxonomy: the occupations.
        chat: gives a model by name (see conf/teacher/local.yaml); called when there is something to write.
        model: its name; None: the job's own.
        candidates: how many for a transition; equal ones count once.
        words: at most in a reason, as the prompt says.
        max_tokens: of a text.
        temperature: above 0; less writes likelier texts.
        batch: texts that are written together.
        seed: with the transition, fixes what is written.

    Raises:
        UserError: an argument out of range.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        chat: Callable[[str | None], Chat],
        *,
        model: str | None,
        candidates: int,
        words: int,
        max_tokens: int,
        temperature: float,
        batch: int,
        seed: int,
    ) -> None:
        check_counts("teacher", candidates=candidates, words=words, max_tokens=max_tokens, batch=batch)
        check_model("teacher", model)
        if not temperature > 0:
            raise UserError(f"teacher.temperature: expected a number above 0; got {temperature}.")
        self.recalls = False
        self.at_once = max(1, 4 * batch // candidates)
        self._taxonomy = taxonomy
        self._chat = chat
        self._model = model
        self._candidates = candidates
        self._words = words
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._batch = batch
        self._seed = seed

    def fit(self, train: Sequence[Transition]) -> None:
        """Nothing is learnt from the training transitions."""

    def write_all(
        self,
        transitions: Sequence[Transition],
        feedback: Sequence[Sequence[str]] | None = None,
        told: Told | None = None,
    ) -> list[tuple[Candidate, ...]]:
        """Candidates for each transition; see `Teacher`.

        Raises:
            UserError: the model can't be read, or a prompt doesn't fit its window.
        """
        if told is not None:
            told(f"writing for {len(transitions):,}")
        errors = feedback if feedback is not None else [()] * len(transitions)
        texts = self._chat(self._model).write(
            [
                task(transition, wrong, self._taxonomy, words=self._words, send=FIELDS)
                for transition, wrong in zip(transitions, errors, strict=True)
            ],
            samples=self._candidates,
            temperature=self._temperature,
            seeds=[self._of(transition, wrong) for transition, wrong in zip(transitions, errors, strict=True)],
            max_tokens=self._max_tokens,
            batch=self._batch,
        )
        return [distinct(_candidate(*one) for one in written) for written in texts]

    def _of(self, transition: Transition, feedback: Sequence[str]) -> int:
        """A seed of its own for each transition and round, in whatever order and company they come."""
        digest = hashlib.sha256(repr((self._seed, transition.key, list(feedback))).encode())
        return int.from_bytes(digest.digest()[:8], "big")


def _candidate(text: str, ended: bool) -> Candidate:
    """The text in one line, without a sentence that was cut off."""
    line = " ".join(text.split())
    if ended:
        return Candidate(line, failure=None if line else "empty")
    found = _SENTENCES.match(line)
    return Candidate(found.group()) if found else Candidate(line, failure="cut off")
