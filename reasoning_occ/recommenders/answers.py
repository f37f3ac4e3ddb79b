"""A model elsewhere that is asked for the next occupation and answers with one title."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.render import events
from reasoning_occ.occupations.snap import Snap
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.progress import bar
from reasoning_occ.reasons.calls.clerk import BudgetReached, Clerk, Unanswered
from reasoning_occ.reasons.calls.desk import Desk, Terms
from reasoning_occ.reasons.calls.request import Reply, Request, Stop
from reasoning_occ.reasons.privacy import shared
from reasoning_occ.reasons.prompting import data, template
from reasoning_occ.reasons.replies import Unreadable, last_object
from reasoning_occ.recommenders.base import Answer, How

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}
"""What an answer must look like."""
_FAILURES: dict[Stop, How] = {"refusal": "refused", "length": "cut off"}


class Answers:
    """Asks for one title a history, and finds the occupation that it means (`Snap`).

    A top title alone is no ranking, so metrics of rankings have no value for it. The present occupation is an answer
    like any other here, and wrong.

    Args:
        taxonomy: the occupations.
        asker: who is asked.
        terms: which model, and how.
        desk: says what may be sent.
        list_titles: the prompt lists all titles of a taxonomy that has at most so many; 0: never.
        least_similarity: of a title that is taken for one that was written otherwise; see `Snap`.
        schema: whether the answer's form is sent as a schema, or told in words alone.

    Raises:
        UserError: a value makes no sense.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        asker: Clerk,
        terms: Terms,
        desk: Desk,
        *,
        list_titles: int,
        least_similarity: float,
        schema: bool = True,
    ) -> None:
        if not isinstance(list_titles, int) or isinstance(list_titles, bool) or list_titles < 0:
            raise UserError(f"api, list_titles: expected a whole number from 0; got {list_titles!r}.")
        self.name = f"api ({terms.model.rstrip('/').rpartition('/')[-1]})"
        self.asker = asker
        self.at_once = 8 * terms.at_once  # so that few calls wait alone for the last one of a round
        self._taxonomy = taxonomy
        self._terms = terms
        self._send = desk.send
        self._schema = SCHEMA if schema else None
        self._snap = Snap(taxonomy, least_similarity)
        self._titles = _titles(taxonomy, listed=len(taxonomy) <= list_titles)

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Nothing is learnt."""

    def recommend(self, histories: Sequence[Career]) -> Iterator[Answer]:
        """One answer a history, in order. What the ledger has is not asked again.

        Raises:
            UserError: the budget is reached, a call has no answer at all, or as `Clerk.ask_all`.
        """
        with bar() as display:
            shown = display.add_task("Asking for titles", total=len(histories), note="")

            def told(words: str) -> None:
                display.update(shown, note=words)

            for start in range(0, len(histories), self.at_once):
                for reply in self._replies(histories[start : start + self.at_once], told):
                    yield self.answer(reply)
                    display.advance(shown)

    def _replies(self, histories: Sequence[Career], told: Any) -> list[Reply]:
        try:
            replies = self.asker.ask_all(self.requests(histories), told)
        except BudgetReached as error:
            raise UserError(
                "calls.budget_usd: the budget is reached, and not all people have an answer. Raise it and start again: "
                "no answer that is there is paid again."
            ) from error
        silent = [reply.why for reply in replies if isinstance(reply, Unanswered)]
        if silent:
            raise UserError(
                f"{self.name} gave no answer for {len(silent)} of {len(replies)} people ({silent[0]}). Start again "
                "later: answers that came are kept, and only the others are asked for."
            )
        return [reply for reply in replies if isinstance(reply, Reply)]

    def requests(self, histories: Sequence[Career]) -> list[Request]:
        """The calls for some histories, one each. They hold of a career what may be sent, and never its person's id."""
        return [self._request(history) for history in histories]

    def _request(self, history: Career) -> Request:
        lines = events(shared(history, self._send), self._taxonomy)
        prompt = template("next").render(titles=self._titles, history=data("\n".join(lines)))
        return self._terms.request(self.asker.provider, *prompt, self._schema, 0)

    def answer(self, reply: Reply) -> Answer:
        """The occupation that a reply names, or why it names none."""
        if (failure := _FAILURES.get(reply.stop)) is not None:
            return Answer(reply.text, failure)
        try:
            title = last_object(reply.text).get("title")
        except Unreadable:
            title = None
        if not isinstance(title, str):
            return Answer(reply.text, "unreadable")
        return Answer(title, *self._snap(title))


def _titles(taxonomy: Taxonomy, listed: bool) -> str:
    """What an answer must be, in the words of the prompt."""
    if listed:
        # one by one: a long list as a whole would be cut
        lines = "\n".join(data(o.title) for o in taxonomy)
        return f"The title must be one of these, word by word:\n<titles>\n{lines}\n</titles>"
    about = f" ({data(taxonomy.note)})" if taxonomy.note else ""
    return f"The title must be one of the taxonomy '{data(taxonomy.name)}', worded as there{about}."
