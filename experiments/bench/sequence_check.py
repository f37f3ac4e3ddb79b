"""gru4rec, sasrec and bert4rec beside RecBole's models of these names, bert4rec also beside Hugging Face's BERT: same
people, settings and metrics, three seeds.

    python -m experiments.bench.sequence_check ENV            24 trainings, about a quarter of an hour on one core
    python -m experiments.bench.sequence_check ENV --write    and puts the figures into sequence_check.md and .json

ENV is a folder for an environment of RecBole's own; where there is none it is made (Python 3.11 or 3.12). Settings are
those of conf/baseline without what RecBole's models lack: side features, the bonus for occupations held before, groups
and titles. They were fixed before the first look at a figure and nothing of ours is chosen by what comes out, so test
people are scored; one side was added after a look, see sequence_check.md.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from hydra.errors import HydraException
from jaxtyping import Float
from omegaconf.errors import OmegaConfBaseException

from experiments.bench.sequence_sides import (
    BERT,
    BERT_LESS,
    MODELS,
    PACKAGES,
    RECBOLE,
    SIDES,
    Ranked,
    configured,
    environment,
    exchanged,
    ours,
    public,
    settings,
    theirs,
)
from experiments.marks import put
from reasoning_occ.complaint import sentence
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation import intervals
from reasoning_occ.evaluation.metrics import MEANS
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.evaluation.scored import score
from reasoning_occ.files import write_json
from reasoning_occ.identity import data_content, identity
from reasoning_occ.machine import prepare
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.task import Task, load

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)
COMPARED, SHOWN = ("AccEM", "MRR", "log-loss"), ("AccEM", "MRR", "Hit@10", "log-loss")
CHANGE = (BERT_LESS, BERT)
"""Two sides that differ in one thing."""


def measured(ranked: Ranked, task: Task, name: str) -> Float[np.ndarray, "transitions metrics"]:
    """Every transition's scores by this project's metrics, in the order of `MEANS`."""
    rows = zip(task.test, ranked, strict=True)
    return score([predict(t, Recommendation(row), task.published, name, ()) for t, row in rows], task.published).means


def kept(file: Path, rank: Callable[[], Ranked]) -> Ranked:
    """One training's rankings, from their file where an earlier call has left them."""
    if not file.is_file():
        ranked = rank()
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part.npz")
        np.savez(unfinished, ranked=ranked)
        unfinished.replace(file)
    with np.load(file) as found:
        return found["ranked"]


def compare(pythons: Mapping[str, Path], name: str, words: Sequence[str], threads: int) -> Iterator[tuple[str, Ranked]]:
    """All sides of one model in turn, a training a seed each.

    pythons: side -> whose Python trains it.
    """
    for seed in SEEDS:
        cfg = configured(name, seed, words)
        task, folder = load(cfg), Path(cfg.output) / "sequence_check"
        trainings = [("ours", f"{name}-{identity(cfg, data_content(cfg))}.npz", partial(ours, cfg, task))]
        for side in public(name):
            told = exchanged(cfg, task, name, side)
            made_by = [told, made_with(side), SIDES[side][0].read_text(encoding="utf-8")]
            file = f"{name}-public-{sha256(json.dumps(made_by).encode()).hexdigest()[:12]}.npz"
            trainings.append((side, file, partial(theirs, pythons[side], side, told, task, threads)))
        for side, file, rank in trainings:
            ranked = kept(folder / file, rank)
            means = measured(ranked, task, name).mean(0)
            shown = ", ".join(f"{m} {means[MEANS.index(m)]:.3f}" for m in SHOWN)
            print(f"{name}, seed {seed}, {side}: {shown}", flush=True)
            yield side, ranked


def made_with(side: str) -> Sequence[Sequence[str]]:
    """The packages that a public implementation runs with."""
    return PACKAGES if side == RECBOLE else [[f"{name}=={version(name)}" for name in ("torch", "transformers")]]


def compared(sides: Mapping[str, Sequence[Ranked]], task: Task, name: str) -> dict[str, Any]:
    """Each metric by seed; and of pairs of sides, in each metric of `COMPARED`, the one's mean less the other's, its
    95% interval over people, and whether it is within the seeds' spread."""
    scores = {side: np.stack([measured(one, task, name) for one in found]) for side, found in sides.items()}
    by_seed = {side: {m: of[..., MEANS.index(m)].mean(1).tolist() for m in SHOWN} for side, of in scores.items()}
    means = {side: of.mean(0) for side, of in scores.items()}
    people = [t.history.person.id for t in task.test]
    pairs = [("ours", side) for side in sides if side != "ours"] + [CHANGE] * (set(CHANGE) <= set(sides))
    differences: dict[str, dict[str, Any]] = {}
    for (one, other), metric in product(pairs, COMPARED):
        column = MEANS.index(metric)
        gaps = zip(people, means[one][:, column] - means[other][:, column], strict=True)
        bound = spread(by_seed[one][metric], by_seed[other][metric])
        told = intervals.mean([(person, float(gap)) for person, gap in gaps], resamples=1000, seed=0)
        named = differences.setdefault(f"{one} less {other}", {})
        named[metric] = told | {"spread": bound, "within": abs(told["value"]) <= bound}
    return {"seeds": by_seed, "differences": differences}


def spread(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Two standard deviations of the difference between one training of one side and one of another.

    With three seeds a side, means are further apart than this for about 1 in 40 pairs of equal models (Student's t
    with four degrees of freedom, beyond 3.46 standard errors)."""
    return 2 * (stdev(ours) ** 2 + stdev(theirs) ** 2) ** 0.5


def markdown(found: dict[str, dict[str, Any]], counts: str) -> Iterator[str]:
    """A table of means and ranges of the seeds, one of differences, and what was counted."""
    yield from (f"| model | side | {' | '.join(SHOWN)} |", "|---|---|" + "---|" * len(SHOWN))
    for name, one in found.items():
        for side, values in one["seeds"].items():
            cells = (f"{mean(values[m]):.3f} [{min(values[m]):.3f}, {max(values[m]):.3f}]" for m in SHOWN)
            yield f"| {name} | {side} | {' | '.join(cells)} |"
    yield from ("", "| model | sides | metric | difference | over people, 95% | seeds' spread | within |")
    yield "|---|---|---|---:|---|---:|---|"
    for name, one in found.items():
        for sides, differences in one["differences"].items():
            for metric, d in differences.items():
                people = f"[{d['low']:+.3f}, {d['high']:+.3f}]"
                word = "yes" if d["within"] else "no"
                yield f"| {name} | {sides} | {metric} | {d['value']:+.3f} | {people} | {d['spread']:.3f} | {word} |"
    yield from ("", counts)


def main() -> int:
    """Train, print the tables, and put them where they belong; 1 after an error that was told in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", type=Path, metavar="ENV")
    parser.add_argument("words", nargs="*", metavar="WORD", help="of the configuration, as data.people=300")
    parser.add_argument("--model", choices=MODELS, action="append", help="this one alone; may be given again")
    parser.add_argument("--threads", type=int, default=1, help="of each training (%(default)s)")
    parser.add_argument("--write", action="store_true", help="put the figures into sequence_check.md and .json")
    chosen = parser.parse_args()
    try:
        check(chosen)
    except (HydraException, OmegaConfBaseException, UserError) as error:
        print(sentence(error), file=sys.stderr)
        return 1
    return 0


def check(chosen: argparse.Namespace) -> None:
    """All that was asked for.

    Raises:
        UserError: RecBole's environment can't be made or its training failed, or the words can't work.
    """
    task = load(configured("gru4rec", 0, chosen.words))
    pythons = {side: Path(sys.executable) for side in SIDES} | {RECBOLE: environment(chosen.environment.absolute())}
    prepare(chosen.threads, "fp32")
    found: dict[str, dict[str, Any]] = {}
    for name in chosen.model or MODELS:
        sides: dict[str, list[Ranked]] = {}
        for side, ranked in compare(pythons, name, chosen.words, chosen.threads):
            sides.setdefault(side, []).append(ranked)
        found[name] = compared(sides, task, name)
    counts = (
        f"{len(SEEDS)} seeds: mean [least, most]. Learnt from {len(task.train):,} transitions, stopped by the log-loss "
        f"of {len(task.valid):,}, tested on the last of {len(task.test):,} people; {len(task.taxonomy)} occupations."
    )
    lines = list(markdown(found, counts))
    print("\n".join(lines))
    if chosen.write:
        put(HERE / "sequence_check.md", "figures", lines)
        told = {name: settings(configured(name, 0, chosen.words), task) for name in found}
        write_json(HERE / "sequence_check.json", {"seeds": SEEDS, "settings": told, "found": found})


if __name__ == "__main__":
    sys.exit(main())
