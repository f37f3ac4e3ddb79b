"""Ranking titles: trie against each title alone, best-first search against beams, greedily, after several reasons."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel

from experiments.bench import work
from experiments.bench.measure import Comparison, in_turn, timed
from reasoning_occ.inference.model import in_fp32, inference, one_product
from reasoning_occ.inference.rank import rank, rank_reference
from reasoning_occ.inference.search import Found, top_k
from reasoning_occ.inference.trie import Trie
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.training.fit import fit

ALONE = 16
"""Titles that are scored one by one; the time of the others is that of these."""
BEAMS = 10
REASONS = 8


class Setting:
    """A model that was taught some careers, the titles, and what stands before the title of people it has not seen.

    merged: the same model for HF's side. contexts: without a reason, one a person. after_reasons: one person's, each
    with another reason.
    """

    def __init__(self, model: PeftModel, taxonomy: Taxonomy, people: int) -> None:
        self.model, self.merged = model, work.merged(model)
        speaks = work.language(taxonomy, asks="reason")
        ends = int(speaks.closing_ids[0])
        self.sequences = [[*speaks.title_ids(code).tolist(), ends] for code in taxonomy.codes]
        self.trie = Trie.build(self.sequences)
        self.allowed = np.ones(len(taxonomy), dtype=bool)
        unseen = work.careers(60, at_least=5)[-people:]
        histories = [list(work.retold(career, taxonomy).transitions())[-1].history for career in unseen]
        self.contexts = [speaks.answer_prefix_ids(history, None).tolist() for history in histories]
        # of the survey's own career: titles retold make no sense, and its length is what counts
        reasons = work.reasons(list(unseen[0].transitions())[-1], REASONS)
        self.after_reasons = [speaks.answer_prefix_ids(histories[0], reason).tolist() for reason in reasons]
        self.end = ends


def alone(setting: Setting) -> str:
    """Some titles, each in a full sequence."""
    few = setting.sequences[:: max(1, len(setting.sequences) // ALONE)][:ALONE]
    scores = rank_reference(setting.model, setting.contexts[0], few, np.ones(len(few), dtype=bool))
    return f"likeliest of {ALONE}: {np.exp(scores.max()):.3f}"


def trie(setting: Setting) -> str:
    """All titles, exactly."""
    scores = rank(setting.model, setting.contexts[0], setting.trie, setting.allowed)
    few = scores[:: max(1, len(setting.sequences) // ALONE)][:ALONE]
    return f"likeliest of {ALONE}: {np.exp(few.max() - np.logaddexp.reduce(few)):.3f}"


def beams(setting: Setting, count: int) -> list[list[int]]:
    """HF's constrained beam search: the titles of the beams, likeliest first, for every person. One beam is greedy."""
    below = setting.trie.below
    numbers = {tuple(sequence): number for number, sequence in enumerate(setting.sequences)}

    def may_follow(start: int, _: int, ids: torch.Tensor) -> list[int]:
        node = -1
        for id_ in ids[start:].tolist():
            node = next((child for child in below[node] if setting.trie.token[child] == id_), len(below) - 1)
        return [int(setting.trie.token[child]) for child in below[node]] or [setting.end]

    found = []
    for context in setting.contexts:
        ids = torch.tensor([context])
        with inference(setting.merged):
            out = setting.merged.generate(  # type: ignore[operator]
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                num_beams=count,
                num_return_sequences=count,
                max_new_tokens=max(map(len, setting.sequences)),
                prefix_allowed_tokens_fn=partial(may_follow, len(context)),
                eos_token_id=setting.end,
                pad_token_id=0,
                do_sample=False,
                **({"length_penalty": 0.0} if count > 1 else {}),
            )
        ended = [row[len(context) :].tolist() for row in out]
        ended = [row[: row.index(setting.end) + 1] if setting.end in row else row for row in ended]
        found.append([numbers[tuple(row)] for row in ended if tuple(row) in numbers])
    return found


def best(setting: Setting, k: int) -> list[Found]:
    """Best-first search for every person."""
    with one_product(setting.model):
        return [top_k(setting.model, [context], setting.trie, setting.allowed, k) for context in setting.contexts]


def taught(taxonomy: Taxonomy, quick: bool) -> PeftModel:
    """The embedded model after a short training, every other title after a reason: as sure as a user's."""
    model = work.model("bf16")
    speaks = work.language(taxonomy, asks="reason")
    careers = work.careers(20 if quick else 80)
    learnt = []
    for career in careers:
        told = work.retold(career, taxonomy).transitions()
        for number, (retold, own) in enumerate(zip(told, career.transitions(), strict=True)):
            learnt.append(speaks.example(retold, work.reasons(own)[0] if number % 2 == 0 else None))
    with tempfile.TemporaryDirectory() as folder:
        fit(
            model,
            learnt,
            [],
            Path(folder),
            settings=replace(work.settings(8, 2 if quick else 20), lr=1e-3, warmup=0.1),
            logger=None,
            what="A model to rank with",
        )
    return model.eval()


def compare(quick: bool) -> Iterator[Comparison]:
    """For the survey's titles and O*NET's."""
    rounds = 1 if quick else 3
    for name, taxonomy in work.titles().items():
        if quick and name != "nls":
            continue
        model = taught(taxonomy, quick)
        setting = Setting(model, taxonomy, 1 if quick else 2)
        with in_fp32(model):
            exactly = _exactly(setting, rounds, 100 if name == "onet" else None)
        yield exactly
        yield _against_beams(setting, rounds, 3)
        if name == "nls":
            yield _against_greedy(setting, rounds)
        yield _reasons(setting, rounds)


def _exactly(setting: Setting, rounds: int, goal: float | None) -> Comparison:
    titles = len(setting.trie.paths)
    return in_turn(
        f"{titles} titles, exactly, fp32",
        "person",
        {
            "each title alone": timed(lambda: alone(setting)),
            "one pass over the trie": timed(lambda: trie(setting)),
        },
        units={"each title alone": ALONE / titles, "one pass over the trie": 1.0},
        rounds=rounds,
        goal=goal,
    )


def _against_beams(setting: Setting, rounds: int, goal: float) -> Comparison:
    truth = [np.argsort(-rank(setting.model, c, setting.trie, setting.allowed))[:BEAMS] for c in setting.contexts]

    def recall(found: Sequence[Sequence[int]]) -> float:
        return float(np.mean([len(set(f) & set(t.tolist())) / len(t) for f, t in zip(found, truth, strict=True)]))

    return in_turn(
        f"the best {BEAMS} of {len(setting.trie.paths)} titles, bf16",
        "person",
        {
            "HF constrained beams": timed(lambda: f"recall {recall(beams(setting, BEAMS)):.2f}"),
            "best-first search": timed(
                lambda: f"recall {recall([f.titles.tolist() for f in best(setting, BEAMS)]):.2f}"
            ),
        },
        units=dict.fromkeys(("HF constrained beams", "best-first search"), float(len(setting.contexts))),
        rounds=rounds,
        goal=goal,
    )


def _against_greedy(setting: Setting, rounds: int) -> Comparison:
    """HF finds the title of the likeliest tokens one by one; ours the likeliest title."""
    truth = [int(rank(setting.model, c, setting.trie, setting.allowed).argmax()) for c in setting.contexts]

    def share(found: Sequence[int]) -> str:
        hits = sum(one == best for one, best in zip(found, truth, strict=True))
        return f"the best title of {hits} of {len(truth)} people"

    return in_turn(
        f"the likeliest of {len(setting.trie.paths)} titles, bf16",
        "person",
        {
            "HF constrained greedy": timed(lambda: share([titles[0] for titles in beams(setting, 1)])),
            "best-first search": timed(lambda: share([int(found.titles[0]) for found in best(setting, 1)])),
        },
        units=dict.fromkeys(("HF constrained greedy", "best-first search"), float(len(setting.contexts))),
        rounds=rounds,
    )


def _reasons(setting: Setting, rounds: int) -> Comparison:
    contexts = setting.after_reasons
    # of many titles only some of the rankings: the others take as long
    several = contexts if len(setting.sequences) < 500 else contexts[: REASONS // 4]
    everything = setting.trie, setting.allowed

    def one_by_one() -> str:
        with one_product(setting.model):
            probs_rt = np.exp([rank(setting.model, context, *everything) for context in several])
        return f"best by {len(several)} of them {int(probs_rt.mean(axis=0).argmax())}"

    def together() -> str:
        with one_product(setting.model):
            found = top_k(setting.model, contexts, *everything, BEAMS)
        return f"best {int(found.titles[0])}, {found.tokens:,} tokens behind the reasons"

    return in_turn(
        f"the best {BEAMS} of {len(setting.trie.paths)} titles by the mean over {REASONS} reasons, bf16",
        "person",
        {f"{REASONS} rankings": timed(one_by_one), "one joint search": timed(together)},
        units={f"{REASONS} rankings": len(several) / REASONS, "one joint search": 1.0},
        rounds=rounds,
        goal=6,
    )
