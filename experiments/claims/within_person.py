"""Claim (c) within a person: of several reasons that a model draws for one person, do the better ones serve better?
And claim (a), marginal reasons: is the mean probability over all of them better than what comes after one?

    python -m experiments.claims.within_person runs/joint-... --people 200 --samples 8

For each person the model draws reasons, ranks after each, and the job's judge scores each. What is compared is the log-
probability of the true title (nats) with factuality and coherence, each person's own means taken off: so neither easy
people nor better models can make the link. Utility is judged with the truth at hand and has no place here. A second
table reads the same reasons otherwise: one at a time (the mean over them of each figure), or all (the mean probability
over them, as inference.reason=marginal). Validation people unless --part test says else. Reasons are kept in the run's
stage and found again; the run's own folder stays as it is.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Float

from reasoning_occ.asking import asks_others, reasoner
from reasoning_occ.careers.split import last_transitions
from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.intervals import mean
from reasoning_occ.evaluation.judging import judged
from reasoning_occ.evaluation.within import within
from reasoning_occ.making import hands
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.privacy import FIELDS
from reasoning_occ.reasons.types import Case, Criterion
from reasoning_occ.recommend.opened import opened
from reasoning_occ.recommend.ready import ready
from reasoning_occ.recommenders.joint import AnswerFirst
from reasoning_occ.recommenders.reasoned import Reasoned
from reasoning_occ.task import load

QUALITY: tuple[Criterion, ...] = ("factuality", "coherence")


def measure(run: Path, people: int, samples: int, part: str) -> list[str]:
    """The lines to print.

    Args:
        run: folder of a finished run of a method that writes a reason before it answers.
        people: at most so many, the first ones, at their last transition.
        samples: reasons a person.
        part: "valid" or "test".

    Raises:
        UserError: the folder is none of such a run, or its judge may not see what a model writes.
    """
    found = opened(run, None)
    cfg, task = found.cfg, load(found.cfg)
    asked = list(last_transitions(task.valid if part == "valid" else task.test))[:people]
    if asks_others(cfg.judge) and set(cfg.privacy.send) != set(FIELDS):
        raise UserError(
            f"{run}: its judge is asked elsewhere, and a model writes its reasons from whole histories; they are sent "
            "only where privacy.send lists all fields."
        )
    scratch = TemporaryDirectory()
    with scratch:
        recommender = ready(found, scratch)
        if not isinstance(recommender, Reasoned) or isinstance(recommender, AnswerFirst):
            raise UserError(
                f"{run}: expected a run of a method that writes a reason before it answers, as method=joint."
            )
        rows, said = _drawn(recommender, asked, samples)
    at = task.taxonomy.index
    truths = [float(log_probs[at(t.target)]) for (t, _), log_probs in zip(rows, said, strict=True)]
    judge = reasoner(cfg.judge, task.taxonomy, hands(cfg, task))
    judge.fit(task.train)
    verdicts = judged(judge, [Case(t.history, text, t.target) for t, text in rows], "drawn reasons")
    out = [f"{len(asked)} {part} people, {samples} reasons each; {len(asked) * samples - len(rows)} were empty."]
    out += [
        "",
        "| judged | unscored | people in whom it varies | correlation | nats a point |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in QUALITY:
        pairs = [
            (t.history.person.id, float(score), truth)
            for (t, _), verdict, truth in zip(rows, verdicts, truths, strict=True)
            if (score := verdict.scores[name].value) is not None
        ]
        linked = within(pairs, cfg.evaluation.resamples, cfg.split.seed)
        cells = [_told(linked[figure]) for figure in ("correlation", "slope")]
        out.append(
            f"| {name} | {len(rows) - len(pairs)} | {linked['varied']} of {linked['people']} | {' | '.join(cells)} |"
        )
    return [*out, "", *_read_together(rows, said, task.taxonomy, cfg.evaluation.resamples, cfg.split.seed)]


def _read_together(
    rows: Sequence[tuple[Transition, str]],
    said: Sequence[Float[np.ndarray, " occupations"]],
    taxonomy: Taxonomy,
    resamples: int,
    seed: int,
) -> list[str]:
    """What one reason and what the mean over a person's reasons gives the truth."""
    of: dict[tuple[str, int], tuple[int, list[np.ndarray]]] = {}
    for (t, _), log_probs in zip(rows, said, strict=True):
        of.setdefault(t.key, (taxonomy.index(t.target), []))[1].append(log_probs)
    one, together = [], []
    for (person, _), (truth, each) in of.items():
        stacked = np.stack(each)
        single = np.mean([_figures(log_probs, truth) for log_probs in stacked], axis=0)
        marginal = _figures(np.logaddexp.reduce(stacked, axis=0) - np.log(len(each)), truth)
        one.append((person, single))
        together.append((person, marginal))
    lines = ["| read | MRR | log-loss |", "|---|---:|---:|"]
    less = [(person, b - a) for (person, a), (_, b) in zip(one, together, strict=True)]
    for label, told in (("one", one), ("all, their mean", together), ("all less one", less)):
        figures = (mean([(person, float(row[n])) for person, row in told], resamples, seed) for n in range(2))
        lines.append(f"| {label} | {' | '.join(map(_told, figures))} |")
    return lines


def _figures(log_probs: Float[np.ndarray, " occupations"], truth: int) -> Float[np.ndarray, "2"]:
    """MRR and log-loss of one ranking."""
    return np.array([1 / (1 + (log_probs > log_probs[truth]).sum()), -log_probs[truth]])


def _drawn(
    recommender: Reasoned, asked: Sequence[Transition], samples: int
) -> tuple[list[tuple[Transition, str]], list[Float[np.ndarray, " occupations"]]]:
    """Each reason that was drawn, with its transition, and the log-probabilities of all titles after it."""
    written = recommender.written([t.history for t in asked], range(samples))
    rows = [(t, text) for t, texts in zip(asked, written, strict=True) for text in texts if text is not None]
    told = recommender.rank([t.history for t, _ in rows], [text for _, text in rows])
    return rows, [one.log_probs for one in told]


def _told(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "-"
    low, high = figure["low"], figure["high"]
    return f"{figure['value']:+.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def main() -> int:
    """Print the table; 1 after an error that was told in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN_DIR")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--samples", type=int, default=8, help="reasons a person")
    parser.add_argument("--part", choices=("valid", "test"), default="valid")
    chosen = parser.parse_args()
    try:
        print("\n".join(measure(chosen.run, chosen.people, chosen.samples, chosen.part)))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
