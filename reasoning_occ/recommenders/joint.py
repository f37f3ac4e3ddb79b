"""One model that writes the reason and then the title: the paper's joint model."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.files import Journal, read_jsonl
from reasoning_occ.language.prompt import Ids
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.llm import LanguageModel

Reasons = Mapping[tuple[str, int], str]
Key = tuple[str, int, str]
"""Person, number of past jobs, digest of the prompt."""
Oracle = Callable[[Sequence[Transition], Sequence[Transition]], tuple[Reasons, Reasons]]


class Joint(LanguageModel):
    """Learns `<think>` reason `</think><answer>` title `</answer>` from oracle reasons.

    At test time it writes a reason from the history alone, then ranks the titles after it. A transition for
    which no oracle reason passed the judge is learnt by its answer alone.

    Args:
        oracle: gives oracle reasons for training and validation transitions.
        kwargs: as `LanguageModel`.
    """

    name = "joint"
    asks = "reason"

    def __init__(self, oracle: Oracle, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._oracle = oracle

    def reasons(self, train: Sequence[Transition], valid: Sequence[Transition]) -> tuple[Reasons, Reasons]:
        """Oracle reasons by transition."""
        return self._oracle(train, valid)

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Write a reason for each history, then rank after it. Reasons already written are read from the folder."""
        yield from self.rank(histories, self._reasons_for(histories))

    def _reasons_for(self, histories: Sequence[Career]) -> list[str | None]:
        _, language = self.ready()
        assert self.folder is not None
        final = self.folder / "generated.jsonl"
        earlier = list(read_jsonl(final)) if final.is_file() else []
        journal = Journal(final)
        known = {_key(row): row["reason"] for row in [*earlier, *journal.rows]}
        prompts = [language.reason_prefix_ids(history) for history in histories]
        asked = [(h.person.id, h.past_jobs, _digest(ids)) for h, ids in zip(histories, prompts, strict=True)]
        missing = {key: ids for key, ids in zip(asked, prompts, strict=True) if key not in known}
        for rows in self.write(missing):
            journal.append(rows)
            known |= {_key(row): row["reason"] for row in rows}
        if journal.rows:
            already = {_key(row) for row in journal.rows}
            journal.append(row for row in earlier if _key(row) not in already)
            journal.finish()
        return [known[key] for key in asked]

    def write(self, prompts: Mapping[Key, Ids]) -> Iterator[list[dict[str, Any]]]:
        """Write a reason after each prompt (`Language.reason_prefix_ids`), keeping nothing.

        Yields:
            Rows of generated.jsonl, a few batches at a time, so that a cut costs little.

        Raises:
            UserError: nothing was trained.
        """
        from reasoning_occ.inference.generate import generate_reasons

        model, language = self.ready()
        size = 4 * self.inference.batch
        for done in range(0, len(prompts), size):
            chunk = list(islice(prompts.items(), done, done + size))
            texts = generate_reasons(
                model,
                [ids.tolist() for _, ids in chunk],
                stop=language.reason_close_ids.tolist(),
                eos={language.end_of_turn},
                max_new_tokens=self.inference.max_reason_tokens,
                batch_size=self.inference.batch,
                label=f"Reasons {done + 1}-{done + len(chunk)} of {len(prompts)}",
            )
            yield [
                {
                    "person": person,
                    "transition": transition,
                    "prompt": digest,
                    "reason": language.parse(language.decode(np.array(text.ids, dtype=np.int32))),
                    "ended": text.ended,
                }
                for ((person, transition, digest), _), text in zip(chunk, texts, strict=True)
            ]


def _digest(ids: Ids) -> str:
    # a career that was mended, or is told otherwise, must not get the reason of the old one
    return hashlib.sha256(ids.astype("<i8").tobytes()).hexdigest()[:16]


def _key(row: Mapping[str, Any]) -> Key:
    return row["person"], row["transition"], row["prompt"]
