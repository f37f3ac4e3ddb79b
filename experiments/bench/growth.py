"""How time and memory grow with people, with the length of histories and with titles: slopes of log-log lines."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from experiments.bench import work
from experiments.bench.measure import peak
from reasoning_occ.inference.model import in_fp32
from reasoning_occ.inference.rank import rank
from reasoning_occ.inference.trie import Trie
from reasoning_occ.language.example import Example, Segment
from reasoning_occ.models.tree_attention.interface import fastest, tree_attention
from reasoning_occ.training.batches import all_rows, trees_of
from reasoning_occ.training.fused import fused
from reasoning_occ.training.loss import segment_losses


@dataclass(frozen=True, slots=True)
class Growth:
    """Seconds and MiB at several sizes. A slope of 1: twice the size takes twice as much."""

    work: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    mib: tuple[float, ...]

    @property
    def slopes(self) -> tuple[float, float]:
        """Of time and of memory."""
        sizes = np.log(self.sizes)
        return tuple(float(np.polyfit(sizes, np.log(np.maximum(y, 1e-9)), 1)[0]) for y in (self.seconds, self.mib))  # type: ignore[return-value]


def grow(quick: bool) -> Iterator[Growth]:
    """Training over people and over history length, ranking over titles and over history length; quick: the first."""
    yield _growth("training, people", (2, 4) if quick else (4, 8, 16), _train_people)
    if quick:
        return
    yield _growth("training, tokens of a history", (256, 512, 1024, 2048), _train_length)
    titles = max(len(taxonomy) for taxonomy in work.titles().values())
    yield _growth("ranking, titles", (titles // 8, titles // 4, titles // 2, titles), _rank_titles)
    yield _growth("ranking 108 titles, tokens of a history", (512, 1024, 2048, 4096), _rank_length)


def _growth(what: str, sizes: Sequence[int], make: Callable[[int], Callable[[], object]]) -> Growth:
    seconds, mib = [], []
    make(sizes[0])()  # warms up
    for size in sizes:
        do = make(size)
        with peak() as memory:
            began = time.perf_counter()
            do()
            seconds.append(time.perf_counter() - began)
        mib.append(memory.get("mib", float("nan")))
    return Growth(what, tuple(sizes), tuple(seconds), tuple(mib))


def _train(examples: Sequence[Example], micro_tokens: int) -> Callable[[], object]:
    from reasoning_occ.training.precision import autocast, set_precision

    model = work.model("bf16").train()
    set_precision(model, "bf16")
    cpu = torch.device("cpu")

    def step() -> None:
        with tree_attention(model, fastest(cpu)), fused(model), autocast(cpu, "bf16"):
            for row in all_rows(trees_of(examples, micro_tokens), micro_tokens):
                segment_losses(model, row).sum().backward()
        model.zero_grad()

    return step


def _train_people(people: int) -> Callable[[], object]:
    return _train(work.examples([t for career in work.careers(people) for t in career.transitions()], False), 1024)


def _train_length(tokens: int) -> Callable[[], object]:
    ids = np.random.default_rng(0).integers(1000, 40000, tokens)
    segments = np.full(tokens, Segment.PROMPT, dtype=np.int8)
    segments[-10:] = Segment.ANSWER
    return _train([Example(("one", 0), ids, segments)], tokens)


def _rank_titles(count: int) -> Callable[[], object]:
    taxonomy = max(work.titles().values(), key=len)
    speaks = work.language(taxonomy)
    codes = np.random.default_rng(0).permutation(taxonomy.codes)[:count]
    return _rank([[*speaks.title_ids(code).tolist(), int(speaks.closing_ids[0])] for code in codes], 300)


def _rank_length(tokens: int) -> Callable[[], object]:
    speaks = work.language()
    ends = int(speaks.closing_ids[0])
    return _rank([[*speaks.title_ids(code).tolist(), ends] for code in speaks.taxonomy.codes], tokens)


def _rank(sequences: list[list[int]], context: int) -> Callable[[], object]:
    model = work.model("bf16", young=False).eval()
    trie = Trie.build(sequences)
    ids = np.random.default_rng(1).integers(1000, 40000, context).tolist()

    def do() -> None:
        with in_fp32(model):
            rank(model, ids, trie, np.ones(len(sequences), dtype=bool))

    return do
