"""Claim (c), accuracy follows the quality of reasons: the jobs of a sweep side by side, and a rank correlation.

Quality is what a judge says of factuality and coherence of the reasons that a job's model wrote for test people.
Utility is judged with the true next occupation at hand, so it knows the answer already: it is never read here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.prediction_file import read
from reasoning_occ.evaluation.rank_correlation import RankCorrelation, orders, rank_correlation
from reasoning_occ.report.jobs import Job, Unfinished, find, left_out, read_object, setting
from reasoning_occ.report.reasons import ORACLE_FILE, QUALITY_FILE, leak_probe
from reasoning_occ.report.sentences import TINY
from reasoning_occ.report.training_log import curves

QUALITY = ("factuality", "coherence")
ACCURACY = ("AccEM", "Hit@5", "MRR", "log-loss")
BOTH = "mean of both"
LEAK = ("history", "reason")
"""What the leak probe read."""
_ANSWERS = "valid_loss_answer"
SEED = 0
"""Of the orders that a permutation test draws; ours."""

Metric = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A job. learnt: transitions that had an oracle reason, of how many, and how many of these reasons had a planted
    mistake; `None` of a job that learnt from none. oracle: mean scores of these reasons, `None` where nobody judged
    them; quality: of those its model wrote, `None` where they can't be compared; accuracy: its metrics;
    viewed: histories were shown in another way than by default; leak: Hit@5 of the leak probe by what it read, empty of
    a job without one; after_oracle: loss of validation people's answers after oracle reasons, `None` of a job that
    learnt without them, names the title first, or went on to preferences."""

    label: str
    learnt: tuple[int, int, int] | None
    oracle: Mapping[str, float | None]
    quality: Mapping[str, Metric] | None
    accuracy: Mapping[str, Metric]
    tiny: bool
    viewed: bool
    leak: Mapping[str, Metric]
    after_oracle: float | None

    @property
    def compared(self) -> bool:
        """Whether the correlations are of it too."""
        return self.quality is not None and not self.viewed

    def of(self, quality: str) -> float:
        """A quality as one number; of a row that has some."""
        assert self.quality is not None
        values = [self.quality[name]["value"] for name in (QUALITY if quality == BOTH else (quality,))]
        return sum(values) / len(values)


@dataclass(frozen=True, slots=True)
class Comparison:
    """correlations: (quality, metric of accuracy) -> over the rows that have both; notes: sentences to be read with
    them."""

    rows: tuple[Row, ...]
    correlations: Mapping[tuple[str, str], RankCorrelation]
    notes: tuple[str, ...]

    @property
    def compared(self) -> tuple[Row, ...]:
        """The rows that the correlations are of."""
        return tuple(row for row in self.rows if row.compared)


def compare(folder: Path) -> Comparison:
    """Read the jobs of a sweep; those that lie in its folder and not in its list are counted in a note.

    Raises:
        UserError: no finished job; or jobs that were tested on other people, or whose reasons another judge scored.
    """
    jobs, unfinished = find(folder)
    if not jobs:
        raise UserError(f"No job in {folder} is finished: {'; '.join(map(str, unfinished))}.")
    _check_alike(jobs)
    names = [_name(job) for job in jobs]
    labels = [
        name if Counter(names)[name] == 1 else f"{name} ({job.folder.name})"
        for name, job in zip(names, jobs, strict=True)
    ]
    rows = tuple(_row(job, label) for job, label in zip(jobs, labels, strict=True))
    both = [row for row in rows if row.compared]
    correlations = {
        (quality, metric): rank_correlation(
            [row.of(quality) for row in both], [row.accuracy[metric]["value"] for row in both], SEED
        )
        for quality in (*QUALITY, BOTH)
        for metric in ACCURACY
    }
    return Comparison(rows, correlations, (*_notes(rows, unfinished, correlations), *left_out(folder)))


def _name(job: Job) -> str:
    ablation = setting(job.folder, "ablation.name")
    return job.name if ablation in (None, "none") else f"{job.name}, {ablation}"


def _row(job: Job, label: str) -> Row:
    oracle = read_object(job.folder / ORACLE_FILE) if (job.folder / ORACLE_FILE).exists() else {}
    means, probe = oracle.get("mean_scores") or {}, leak_probe(oracle)
    counted = oracle["transitions"] - oracle["without"] if oracle else 0
    return Row(
        label=label,
        learnt=(counted, oracle["transitions"], oracle["planted_chosen"]) if oracle else None,
        oracle={name: means.get(name) for name in QUALITY},
        quality=_quality(job),
        accuracy={name: job.metrics[name] for name in ACCURACY},
        tiny=job.tiny,
        viewed=setting(job.folder, "view") not in (None, _default_view()),
        leak={read: probe[read]["Hit@5"] for read in LEAK if read in probe},
        after_oracle=_after_oracle(job.folder) if oracle and _reads_first(job.folder) else None,
    )


def _reads_first(folder: Path) -> bool:
    return setting(folder, "method.reason_first") is not False and setting(folder, "preference") is None


def _after_oracle(folder: Path) -> float | None:
    """Of the training that learnt titles: two models have a log each."""
    logs = (curves(log, [_ANSWERS]) for log in sorted([folder / "metrics.csv", *folder.glob("*/metrics.csv")]))
    return next((found[_ANSWERS][-1][1] for found in logs if found), None)


@cache
def _default_view() -> Any:
    """How histories are shown unless a job says otherwise."""
    return OmegaConf.load(CONF / "config.yaml").view


def _quality(job: Job) -> Mapping[str, Metric] | None:
    path = job.folder / QUALITY_FILE
    # oracle reasons know the answer, and another person's reasons are of another history: neither is something that a
    # model wrote for the person whom it is judged by
    if not path.exists() or setting(job.folder, "inference.reason") in ("oracle", "shuffled"):
        return None
    found = read_object(path)
    scored = all(found[name]["value"] is not None for name in QUALITY)
    known = all(job.metrics[name]["value"] is not None for name in ACCURACY)
    return {name: found[name] for name in QUALITY} if scored and known else None


def _check_alike(jobs: Sequence[Job]) -> None:
    judges = {str(setting(job.folder, "judge")) for job in jobs if (job.folder / QUALITY_FILE).exists()}
    if len(judges) > 1:
        raise UserError(f"The reasons of these jobs were scored by {len(judges)} judges; compare jobs of one judge.")
    first = {(p.key, p.truth) for p in read(jobs[0].folder / "predictions.jsonl")}
    for job in jobs[1:]:
        if {(p.key, p.truth) for p in read(job.folder / "predictions.jsonl")} != first:
            raise UserError(
                f"{job.folder.name} was tested on other transitions or answers than {jobs[0].folder.name}; compare "
                "jobs with the same data and split."
            )


def _notes(
    rows: Sequence[Row], unfinished: Sequence[Unfinished], found: Mapping[tuple[str, str], RankCorrelation]
) -> Iterator[str]:
    compared = [row for row in rows if row.compared]
    yield (
        "Quality: mean factuality and coherence (1-5) of the reasons that the job's model wrote for test people. "
        "Utility is judged with the truth at hand, so it has no place here."
    )
    if any(None in row.oracle.values() for row in compared):
        yield "Learnt: means over the oracle reasons that a judge scored; - where nobody judged them."
    yield from _what_was_learnt(rows)
    if any(row.leak or row.after_oracle is not None for row in rows):
        yield (
            "What oracle reasons say of the answer: Hit@5 of a plain text classifier that reads validation people's "
            "histories, or oracle reasons, alone; and the loss of their answers after oracle reasons, in nats a token "
            "(of a ranking head: a title), beside the log-loss of test people, who have no such reason."
        )
    if viewed := [row.label for row in rows if row.quality is not None and row.viewed]:
        yield (
            f"Not in the correlations: {'; '.join(viewed)}. Histories are shown in another way there (view), which "
            "changes accuracy whatever the reasons are worth."
        )
    if left := [row.label for row in rows if row.quality is None]:
        yield f"Not in the correlations, for want of judged reasons that a model wrote: {'; '.join(left)}."
    yield from _what_n_shows(len(compared), [one for one in found.values() if one.p is not None])
    if len(compared) > 1:
        yield (
            "The jobs share test people, and those that differ in the seed alone repeat one another, so they are fewer "
            "than they seem; a correlation over them describes these jobs and says nothing of a cause."
        )
    if any(row.tiny for row in rows):
        yield f"{'; '.join(row.label for row in rows if row.tiny)}: {TINY}, figures mean nothing."
    if unfinished:
        yield f"Not finished: {'; '.join(map(str, unfinished))}."


def _what_was_learnt(rows: Sequence[Row]) -> Iterator[str]:
    learnt = [(row.label, *row.learnt) for row in rows if row.learnt is not None]
    if len({(with_reason, all_) for _, with_reason, all_, _ in learnt}) > 1:
        yield (
            "Reasons learnt: transitions that had an oracle reason, the others train with their answer alone. Where a "
            "judge must pass them there are fewer; no_judge, low_quality, mistakes_N and no_hindsight learn one "
            "for every transition, so these jobs differ in how many reasons are learnt and not in their quality alone."
        )
    if planted := [f"{label} {bad} of {with_reason}" for label, with_reason, _, bad in learnt if bad]:
        yield (
            f"Learnt with a mistake that was planted: {'; '.join(planted)}. teacher=grounded plants mistakes "
            "(teacher.mistakes) so that the judge has work; without a judge they are learnt, so that no_judge is a "
            "dose of mistakes too."
        )


def _what_n_shows(n: int, found: Sequence[RankCorrelation]) -> Iterator[str]:
    least = [one.least_p for one in found if one.least_p is not None]
    if not least:
        yield (
            f"No correlation: {n} {'job has' if n == 1 else 'jobs have'} judged reasons, and it takes three that "
            "differ."
        )
        return
    verdict = "it can show something" if min(least) <= 0.05 else "it can't show anything at the usual 5%"
    yield (
        f"Spearman's rank correlation over {n} jobs; p is two-sided, from {orders(n)} of the jobs. The smallest p that "
        f"any order of them has is {min(least):.2g}, so {verdict}. Of {len(found)} correlations at once, one in twenty "
        "falls below 0.05 by chance. Lower log-loss is better: there the claim expects a negative sign."
    )
