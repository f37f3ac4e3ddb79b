"""One model that writes the reason and then the title: the paper's joint model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.files import Journal
from reasoning_occ.language.prompt import Language
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.llm import LanguageModel

Reasons = Mapping[tuple[str, int], str]
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
        model, language = self.ready()
        written = self._write(model, language, histories)
        yield from self._rank(model, language, histories, written)

    def _write(self, model: Any, language: Language, histories: Sequence[Career]) -> list[str | None]:
        from reasoning_occ.inference.generate import generate_reasons

        assert self.folder is not None
        journal = Journal(self.folder / "generated.jsonl")
        known = {(row["person"], row["transition"]): row for row in journal.rows}
        missing = [h for h in histories if (h.person.id, len(h.jobs) - 1) not in known]
        # a few batches at a time, so that a cut costs little of what was written
        size = 4 * self.inference.batch
        for done in range(0, len(missing), size):
            chunk = missing[done : done + size]
            texts = generate_reasons(
                model,
                [language.reason_prefix_ids(history) for history in chunk],
                stop=language.reason_close_ids.tolist(),
                eos={language.end_of_turn},
                max_new_tokens=self.inference.max_reason_tokens,
                batch_size=self.inference.batch,
                label=f"Reasons {done + 1}-{done + len(chunk)} of {len(missing)}",
            )
            rows = [
                {
                    "person": history.person.id,
                    "transition": len(history.jobs) - 1,
                    "reason": language.parse(language.decode(np.array(text.ids, dtype=np.int32))),
                    "ended": text.ended,
                }
                for history, text in zip(chunk, texts, strict=True)
            ]
            journal.append(rows)
            known |= {(row["person"], row["transition"]): row for row in rows}
        return [known[h.person.id, len(h.jobs) - 1]["reason"] for h in histories]
