"""The sentences around a table: on what it rests, what was left out, and how little a small test says."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reasoning_occ.config import trains
from reasoning_occ.evaluation.answers import MATCHES
from reasoning_occ.evaluation.evaluate import SHARES
from reasoning_occ.report import preference
from reasoning_occ.report.jobs import Job, Unfinished, is_of, setting

if TYPE_CHECKING:
    from reasoning_occ.report.content import Row

SMALL = 400
"""Below so many people a table warns: intervals of shares are then some 10 points wide."""

TINY = "random tiny model"


def interval(metric: Mapping[str, Any], decimals: int) -> str:
    """The interval of a metric as "[0.18, 0.24]"; "" where it has none, or one without a width: all bootstrap
    samples of equal scores are equal, which says nothing."""
    if metric["low"] is None or metric["low"] == metric["high"]:
        return ""
    return f"[{metric['low']:.{decimals}f}, {metric['high']:.{decimals}f}]"


def value(metric: Mapping[str, Any], decimals: int) -> str:
    """The value of a metric; "-" where nothing could be scored."""
    return "-" if metric["value"] is None else f"{metric['value']:.{decimals}f}"


def caption(jobs: Sequence[Job], rows: Sequence["Row"]) -> str:
    """Who was learnt from and tested on, how intervals were made, and what to know of the titles."""
    bootstraps = sorted({(row.metrics["bootstrap"]["resamples"], row.metrics["bootstrap"]["seed"]) for row in rows})
    drawn = " and ".join(f"{n} bootstrap samples of people (seed {seed})" for n, seed in bootstraps)
    shares = [row.metrics[name] for row in rows for name in SHARES if name in row.metrics]
    even = any(share["value"] in (0, 1) and interval(share, 2) for share in shares)
    wilson = ", Wilson's where nobody or everybody hits" if even else ""
    taxonomies = {row.metrics["taxonomy"]["name"]: row.metrics["taxonomy"]["note"] for row in rows}
    about = [f"Titles: {name}. {note}".strip() for name, note in taxonomies.items()]
    people = "; ".join(_distinct(map(_basis, jobs)))
    return " ".join([f"{people[0].upper()}{people[1:]}.", f"95% intervals from {drawn}{wilson}.", *about])


def _basis(job: Job) -> str:
    """What one job learnt from and was tested on; jobs without counts of their data have their test alone."""
    seed = "" if job.seed is None else f"seed {job.seed}"
    data = job.data
    if not data:
        return f"tested on {_size(job.metrics['counts'])}{f' ({seed})' if seed else ''}"
    sample = ""
    if data["people"] < data["people_in_data"]:
        sample = f"a sample of {data['people']:,} of {data['people_in_data']:,} people"
    about = ", ".join(part for part in (sample, seed) if part)
    sizes = f"learnt from {_size(data['train'])}, validated on {_size(data['valid'])}, tested on {_size(data['test'])}"
    if data.get("part") == "valid":  # not on record in folders of before it could be chosen
        sizes = (
            f"learnt from {_size(data['train'])}, scored on validation people alone ({_size(data['test'])}), by whom "
            "choices are made: no test"
        )
    return f"{sizes} ({about})" if about else sizes


def _size(counts: Mapping[str, int]) -> str:
    return f"{counts['people']:,} people and {counts['transitions']:,} transitions"


def warning(rows: Sequence["Row"], metrics: Sequence[str]) -> str:
    """On how little the figures of random models and of a small test say; "" where there is no such thing."""
    told = []
    tiny = [row.label for row in rows if row.tiny]
    if tiny:
        told.append(f"{', '.join(tiny)}: figures mean nothing.")
    people = min(row.people for row in rows)
    if people < SMALL:
        told.append(_small([row for row in rows if row.people == people], people, metrics))
    return " ".join(told)


def _small(rows: Sequence["Row"], people: int, metrics: Sequence[str]) -> str:
    """The first shown metric of which two decimals can say how wide its interval is."""
    for metric in metrics:
        for row in rows:
            found = row.metrics[metric]
            if found["low"] is not None and found["high"] - found["low"] >= 0.01:
                return (
                    f"Small test: with {people} people the 95% interval of {metric} of {row.label} is "
                    f"{found['high'] - found['low']:.2f} wide ({value(found, 2)} {interval(found, 2)}), and a test "
                    "this small proves nothing by itself."
                )
    return f"Small test: {people} people tested, too few for an interval; this proves nothing."


def notes(jobs: Sequence[Job], rows: Sequence["Row"], unfinished: Sequence[Unfinished]) -> tuple[str, ...]:
    """What was left out, and what the marks mean."""
    told = []
    if any(row.floor for row in rows):
        told.append("* scored beside, on the same test people: a floor to beat.")
    if any(job.oracle for job in jobs):
        told.append(
            "A row with an oracle reason read at test time what a teacher who knows the answer wrote: an upper bound, "
            "no recommender."
        )
    told += _distinct(note for job in jobs for note in (*_stopped(job), *_left_out(job.data)))
    told += [f"{row.label}: {_answered(row.metrics['answers'])}" for row in rows if "answers" in row.metrics]
    told += [fallen for job in jobs if (fallen := _fallen(job))]
    for row in rows:
        counts = row.metrics["counts"]
        if "answers" not in row.metrics and (counts["invalid"] or counts["unscored"]):
            told.append(
                f"{row.label}: {counts['invalid']} predictions without a valid title (counted as wrong), "
                f"{counts['unscored']} without a probability of the truth (left out of log-loss)."
            )
    failed = [job for job in unfinished if job.failed]
    if failed:
        told.append(f"{len(failed)} {'job' if len(failed) == 1 else 'jobs'} failed: {'; '.join(map(str, failed))}.")
    cut = [job for job in unfinished if not job.failed]
    if cut:
        noun = "job is" if len(cut) == 1 else "jobs are"
        told.append(f"{len(cut)} {noun} not finished: {'; '.join(map(str, cut))}.")
    return tuple(told)


def _answered(counts: Mapping[str, int]) -> str:
    """What became of answers, in a sentence."""
    ways = ", ".join(f"{counts[how]} {how}" for how in MATCHES)
    unread = ", ".join(f"{n} {how}" for how, n in counts.items() if n and how not in (*MATCHES, "raw", "present"))
    return (
        f"names one title and ranks none, so metrics of rankings have no value. Titles given: {counts['raw']}, of "
        f"these {ways}; {counts['present']} name the present occupation, which is wrong. "
        f"Without a title: {unread or 'none'}."
    )


def _stopped(job: Job) -> list[str]:
    """That a training ended before it had seen all it could learn from, where the job was told so."""
    steps, batch = setting(job.folder, "trainer.max_steps"), setting(job.folder, "trainer.batch")
    learnt = job.data.get("train", {}).get("transitions", 0) * (setting(job.folder, "trainer.epochs") or 0)
    if not is_of(job.folder, trains) or not steps or steps * batch >= learnt:
        return []
    return [
        f"Training stopped after {steps:,} steps of {batch} transitions: {steps * batch:,} of {learnt:,} were seen."
    ]


def _fallen(job: Job) -> str:
    found = preference.figures(job.folder)
    return "" if found is None else preference.warning(job.name, found)


def _left_out(data: Mapping[str, Any]) -> list[str]:
    told = []
    skipped = [f"{n:,} {reason}" for reason, n in data.get("skipped", {}).items() if n]
    if skipped:
        told.append(f"Left out or mended when the data were read: {'; '.join(skipped)}.")
    if data.get("test_ids_of_nobody"):
        told.append(f"Ids of the test file that belong to nobody in the data: {data['test_ids_of_nobody']:,}.")
    return told


def _distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
