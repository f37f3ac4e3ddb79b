"""The reasons that are read before titles are ranked, for people of whom nothing is to be kept."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reasoning_occ.careers.types import Career
from reasoning_occ.recommenders.joint import AnswerFirst
from reasoning_occ.recommenders.reasoned import GREEDY, Key, Reasoned, digest

if TYPE_CHECKING:
    from reasoning_occ.recommenders.llm import LanguageModel


def drawn(model: object) -> int:
    """Over how many reasons of a person a run takes the mean; 1 where it reads one or none."""
    if not isinstance(model, Reasoned) or isinstance(model, AnswerFirst):
        return 1
    return model.inference.samples if model.inference.reason == "marginal" else 1


def reads(model: object) -> bool:
    """Whether a run reads reasons of its own before it ranks."""
    return isinstance(model, Reasoned) and not isinstance(model, AnswerFirst) and model.inference.reason != "none"


def reasons(model: "LanguageModel", histories: Sequence[Career]) -> list[list[str | None]] | None:
    """As `Reasoned.read` gives them, and drawn with the same seeds, but no text is written to a file.

    Returns:
        For each history as many reasons as the run reads; `None` where a model reads none or asks for them itself.
    """
    if not isinstance(model, Reasoned) or isinstance(model, AnswerFirst):
        return None
    how = model.inference.reason
    if how == "none":
        return [[None] for _ in histories]
    samples = {"greedy": 0, "sampled": 1, "marginal": model.inference.samples}[how]
    assert model.writes is not None
    _, language = model.ready(model.writes)
    first = 0 if samples else GREEDY
    keys: list[Key] = []
    prompts = {}
    for history in histories:
        ids = language.reason_prefix_ids(history)
        keys.append((history.person.id, history.past_jobs, digest(ids), first))
        prompts[keys[-1]] = ids
    written: dict[Key, list[str | None]] = {}
    for rows in model.write(prompts, samples):
        for row in rows:
            key = (row["person"], row["transition"], row["prompt"], first)
            written.setdefault(key, []).append(row["reason"])
    return [written[key] for key in keys]
