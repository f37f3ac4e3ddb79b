"""Histories and targets as token ids: the one place that builds what a model reads and learns.

    [task text] [one line an event ...] [ask] | <think> reason</think> | <answer> title</answer>[end of turn]
    PROMPT                                      REASON                   ANSWER

That is what a model is asked for that writes both. Others are asked for one of the two, or for the title first; see
`Asks`.

Every piece is tokenised by itself. So the ids of a history, up to the ask, are the first ids of any
later history of the same person, and training, generation and ranking use identical ids.
"""

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int, Int8

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language import chat, window
from reasoning_occ.language.asks import (
    ASK,
    CLOSE_ANSWER,
    CLOSE_REASON,
    NO_REASON,
    OPEN_ANSWER,
    OPEN_REASON,
    SAID,
    TASK,
    Asks,
    Ranking,
    reason_room,
)
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.language.held import held
from reasoning_occ.language.render import lines, plain, written
from reasoning_occ.occupations.taxonomy import Taxonomy

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = Int[np.ndarray, " tokens"]
_LINES: dict[str, dict[str, Ids]] = {}
"""Ids of the lines of histories, by the content of the tokenizer: all languages of a job, and all jobs that a process
runs, tokenise a line once."""


def _content(tokenizer: "PreTrainedTokenizerBase") -> str:
    return hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest()  # type: ignore[attr-defined]


class Language:
    """Turns careers into token ids for one tokenizer and one taxonomy.

    Args:
        tokenizer: with a chat template.
        taxonomy: gives codes their titles.
        max_tokens: the window; no example is longer. A quarter of it is kept for the reason.
        asks: what the prompt asks for.
        ranking: how titles are learnt. "tokens": as text. "head": an example ends where its title would begin, and
            names the title's number. "copying_head": and the numbers of those held, which the head may prefer.

    Raises:
        UserError: the chat template can't be used, a title can't be told from the grammar, the window has no room for
            a task and an answer, or nothing is asked and titles are to be ranked by their text.
    """

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        taxonomy: Taxonomy,
        max_tokens: int,
        asks: Asks = "reason",
        ranking: Ranking = "tokens",
    ) -> None:
        if asks == "nothing" and ranking == "tokens":
            raise UserError("Where nothing is asked, no title is written: choose ranking=head or copying_head.")
        self.tokenizer = tokenizer
        self.taxonomy = taxonomy
        self.max_tokens = max_tokens
        self.asks: Asks = asks
        self.ranking: Ranking = ranking
        frame = chat.frame(tokenizer, TASK)
        self.end_of_turn = frame.end_of_turn
        self.head_ids = self._encode(frame.head)
        self.tail_ids = self._encode("" if asks == "nothing" else ASK[asks] + frame.tail)
        self.said_ids, self.line_end_ids = self._encode(SAID), self._encode("\n")
        self.reason_open_ids = self._encode(OPEN_REASON)
        self.reason_close_ids = self._encode(CLOSE_REASON)
        self.answer_open_ids = self._encode("" if asks == "nothing" else OPEN_ANSWER)
        self.closing_ids = np.append(self._encode(CLOSE_ANSWER), np.int32(frame.end_of_turn))
        self._titles = {o.code: self._title(o.title) for o in taxonomy}
        self._lines = _LINES.setdefault(_content(tokenizer), {})
        self.room = self._room()

    def prompt_ids(self, history: Career, reason: str | None = None) -> Ids:
        """Task, the history's lines (the latest of them, if the window is too small for all) and the ask.

        Args:
            history: up to now.
            reason: stands in the prompt, between lines and ask, where asks="title_given_reason"; no other prompt has
                a reason.

        Raises:
            UserError: one job's line alone is longer than the window.
            UnknownOccupation: a job's code is not in the taxonomy.
        """
        said = [] if reason is None else [self.said_ids, self.reason_ids(reason), self.line_end_ids]
        return np.concatenate([self.trunk_ids(history), *said, self.tail_ids])

    def trunk_ids(self, history: Career) -> Ids:
        """The prompt without its ask: the part that a person's transitions share within a piece.

        Raises:
            UserError, UnknownOccupation: as `prompt_ids`.
        """
        kept = self.line_ids(history)[self.first_line(history) :]
        return np.concatenate([self.head_ids, *kept])

    def line_ids(self, history: Career) -> list[Ids]:
        """Ids of every line of a history, each with its line end."""
        return [self._line(line.text) for line in lines(history, self.taxonomy)]

    def first_line(self, history: Career) -> int:
        """Which line the window keeps first: 0, or the line of the oldest job of the history's last piece.

        Raises:
            UserError: one job's line alone is longer than the window.
        """
        told = lines(history, self.taxonomy)
        return window.starts([len(self._line(line.text)) for line in told], [line.job for line in told], self.room)[-1]

    def pieces(self, career: Career) -> int:
        """How many overlapping pieces the window cuts a career into; 1 where it fits."""
        told = lines(career, self.taxonomy)
        lengths = [len(self._line(line.text)) for line in told]
        return len(set(window.starts(lengths, [line.job for line in told], self.room)))

    def target(self, reason: str | None, code: str) -> tuple[Ids, Int8[np.ndarray, " tokens"]]:
        """Ids that follow the prompt, and the segment of each.

        Without a reason a language that asks for one first gives an empty think block, which carries no loss: the
        model learns the answer alone and is not taught to say nothing. One that asks for it last ends with the title.

        Raises:
            UserError: a reason is given where none is asked, or none where nothing else is.
            UnknownOccupation: the code is not in the taxonomy.
        """
        parts = {
            "reason": [self._think(reason), self._answer(code)],
            "title": [self._answer(code)],
            "nothing": [self._answer(code)],
            "reason_only": [self._think(reason), (self.closing_ids[-1:], Segment.REASON)],
            "title_given_reason": [self._answer(code)],
            "title_reason": [self._answer(code, closing=self.closing_ids[:-1]), *self._afterthought(reason)],
        }
        if reason is None and self.asks == "reason_only":
            raise UserError("A language that asks for the reason alone was given none; leave such transitions out.")
        if reason is not None and self.asks in NO_REASON:
            raise UserError("A language that asks for no reason was given one; use asks='reason'.")
        ids, kinds = zip(*parts[self.asks], strict=True)
        segments = [np.full(len(part), kind, dtype=np.int8) for part, kind in zip(ids, kinds, strict=True)]
        return np.concatenate(ids), np.concatenate(segments)

    def _think(self, reason: str | None) -> tuple[Ids, Segment]:
        said = [] if reason is None else [self.reason_ids(reason)]
        kind = Segment.PROMPT if reason is None else Segment.REASON
        return np.concatenate([self.reason_open_ids, *said, self.reason_close_ids]), kind

    def _afterthought(self, reason: str | None) -> list[tuple[Ids, Segment]]:
        return [] if reason is None else [self._think(reason), (self.closing_ids[-1:], Segment.REASON)]

    def _answer(self, code: str, closing: Ids | None = None) -> tuple[Ids, Segment]:
        if self.ranking != "tokens":
            return self.answer_open_ids, Segment.PROMPT
        end = self.closing_ids if closing is None else closing
        return np.concatenate([self.answer_open_ids, self.title_ids(code), end]), Segment.ANSWER

    def example(self, transition: Transition, reason: str | None) -> Example:
        """One training sequence. Never truncated.

        Raises:
            UserError: prompt and target are longer than the window; names the person.
            UnknownOccupation: a code is not in the taxonomy.
        """
        prompt = self.prompt_ids(transition.history, self._in_prompt(reason))
        target, segments = self.target(reason, transition.target)
        if len(prompt) + len(target) > self.max_tokens:
            person, t = transition.key
            raise UserError(
                f"Person {person}, transition {t + 1}: the target of {len(target)} tokens does not fit in "
                f"model.max_tokens={self.max_tokens} after a prompt of {len(prompt)}. A target is never cut: "
                "raise model.max_tokens or use shorter reasons."
            )
        before = np.full(len(prompt), Segment.PROMPT, dtype=np.int8)
        ids, kinds = np.concatenate([prompt, target]), np.concatenate([before, segments])
        if self.ranking == "tokens":
            return Example(transition.key, ids, kinds)
        history, named = transition.history, self.asks != "reason_only"
        places = held(history, self.taxonomy)
        return Example(
            transition.key,
            ids,
            kinds,
            title=self.taxonomy.index(transition.target) if named else -1,
            barred=int(places[0]) if named and not history.stays else -1,
            held=places if self.ranking == "copying_head" else places[:0],
        )

    def reason_prefix_ids(self, history: Career, code: str | None = None) -> Ids:
        """What stands before a reason that is still to be written.

        Args:
            history: up to now.
            code: the occupation that the model has named, where it is asked for the title first.

        Raises:
            UnknownOccupation: the code is not in the taxonomy.
        """
        named = [] if code is None else [self.answer_open_ids, self.title_ids(code), self.closing_ids[:-1]]
        return np.concatenate([self.prompt_ids(history), *named, self.reason_open_ids])

    def answer_prefix_ids(self, history: Career, reason: str | None) -> Ids:
        """What stands before the title, given a reason (`None`: an empty one, or none where none comes before).

        Raises:
            UserError: the reason leaves no room for an answer in the window, or none may come before.
        """
        if reason is not None and self.asks not in ("reason", "title_given_reason"):
            raise UserError("A reason was given to a language that asks for none before the title.")
        think = [self._think(reason)[0]] if self.asks == "reason" else []
        ids = np.concatenate([self.prompt_ids(history, self._in_prompt(reason)), *think, self.answer_open_ids])
        if len(ids) + self.longest_answer > self.max_tokens:
            raise UserError(
                f"Person {history.person.id}: prompt and reason take {len(ids)} tokens and leave no room for an "
                f"answer in model.max_tokens={self.max_tokens}. Raise it or write shorter reasons."
            )
        return ids

    def prior_prefix_ids(self) -> Ids:
        """What stands before the title where no career is told: the prompt without its lines and without a reason."""
        think = [self._think(None)[0]] if self.asks == "reason" else []
        return np.concatenate([self.head_ids, self.tail_ids, *think, self.answer_open_ids])

    def _in_prompt(self, reason: str | None) -> str | None:
        return reason if self.asks == "title_given_reason" else None

    def fitting(self, history: Career, reason: str | None) -> str | None:
        """The reason, its end cut off where the window has no room for all of it and an answer."""
        if reason is None:
            return None
        room = self.max_tokens - self.longest_answer - len(self.answer_prefix_ids(history, None))
        if self._in_prompt(reason) is not None:
            room -= len(self.said_ids) + len(self.line_end_ids)
        ids = self.reason_ids(reason)
        keep = room
        while len(ids) > room:
            # a cut may fall inside a letter, and text can have more tokens when it is read anew
            reason = plain(self.decode(ids[:keep]).rstrip("\ufffd"))
            ids, keep = self.reason_ids(reason), keep - 1
        return reason or None

    def title_ids(self, code: str) -> Ids:
        """Ids of an occupation's title as it stands in an answer.

        Raises:
            UnknownOccupation: the code is not in the taxonomy.
        """
        self.taxonomy.index(code)
        return self._titles[code]

    def reason_ids(self, reason: str) -> Ids:
        """Ids of a reason's text, between its marks."""
        return self._encode(" " + plain(reason))

    def decode(self, ids: Ids) -> str:
        """Text of generated ids, marks included."""
        return str(self.tokenizer.decode(ids.tolist(), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def parse(self, text: str) -> str | None:
        """The reason in generated text, see `render.written`."""
        return written(text, self.tokenizer.all_special_tokens)

    @property
    def reason_room(self) -> int:
        """Tokens that a reason is sure to find room for after any history."""
        return 0 if self.asks in NO_REASON else reason_room(self.max_tokens)

    @property
    def longest_answer(self) -> int:
        """Tokens of the longest title with what closes an answer."""
        return max(len(ids) for ids in self._titles.values()) + len(self.closing_ids)

    def _line(self, text: str) -> Ids:
        if text not in self._lines:
            self._lines[text] = self._encode(text + "\n")
        return self._lines[text]

    def _title(self, title: str) -> Ids:
        if title != plain(title):
            raise UserError(f"The title '{title}' can't be used: it has a line break or a mark such as '<a'.")
        return self._encode(" " + title)

    def _encode(self, text: str) -> Ids:
        return np.array(self.tokenizer.encode(text, add_special_tokens=False), dtype=np.int32)

    def _room(self) -> int:
        """Tokens that the lines of a prompt may take, the same for every history so that it never moves."""
        think = 0 if self.asks in NO_REASON else len(self._think(None)[0])
        said = len(self.said_ids) + len(self.line_end_ids) if self.asks == "title_given_reason" else 0
        marks = think + said + len(self.answer_open_ids) + self.longest_answer
        room = self.max_tokens - len(self.head_ids) - len(self.tail_ids) - marks - self.reason_room
        if room <= 0:
            raise UserError(f"model.max_tokens={self.max_tokens} has no room for a career; raise it.")
        return room
