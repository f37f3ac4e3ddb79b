"""What became of oracle reasons, for people who would rather look than read."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoning_occ.report import figures
from reasoning_occ.report.jobs import setting
from reasoning_occ.report.pictures import Part, Picture, bars


def oracle_pictures(found: Mapping[str, Any], folder: Path) -> Iterator[Picture]:
    """Pictures of an oracle.json; those whose counts are absent are left out.

    Args:
        found: what the file holds.
        folder: the run's, whose configuration knows thresholds and the balance of pairs.
    """
    if "histograms" in found and found["unjudged"] == 0:
        counted = setting(folder, "oracle.criteria") or ()
        thresholds = {
            criterion: setting(folder, f"oracle.thresholds.{criterion}") if criterion in counted else None
            for criterion in found["histograms"]
        }
        yield scores(found["histograms"], found["unscored"], thresholds)
    if {"transitions", "without", "fallback", "fallback_chosen"} <= set(found):
        yield _transitions(found)
        yield _candidates(found)
    if "pairs" in found:
        yield _pairs(found["pairs"], setting(folder, "oracle.pairs.longest_share"))


def scores(
    drawn: Mapping[str, Mapping[str, Sequence[int]]], unscored: Mapping[str, int], thresholds: Mapping[str, int | None]
) -> Picture:
    """Histograms of candidates' scores, side by side on one scale.

    Args:
        drawn: criterion -> {"chosen": counts of scores 1 to 5 of oracle reasons, "others": of the rest}.
        unscored: criterion -> candidates without a score.
        thresholds: criterion -> least score of an oracle reason; None: not on record.
    """
    tops = [a + b for parts in drawn.values() for a, b in zip(parts["chosen"], parts["others"], strict=True)]
    top = max([1, *tops, *unscored.values()])
    text = "Judged candidates by score. Blue: those that became oracle reasons; grey: the others"
    missing = any(unscored.values())
    if missing:
        text += "; dashed outline: no score could be had"
    if any(thresholds.values()):
        text += ". Dashed line: the threshold"
    svgs = [
        figures.score_histogram(
            c, parts["chosen"], parts["others"], unscored[c] if missing else None, thresholds[c], top
        )
        for c, parts in drawn.items()
    ]
    return Picture("What the judge said", f"{text}.", tuple(svgs))


def _transitions(found: Mapping[str, Any]) -> Picture:
    ours = found["fallback_chosen"]
    parts: list[Part] = [
        ("with a teacher's reason", found["transitions"] - found["without"] - ours, "first"),
        ("with a built-in reason", ours, "second"),
        ("by the answer alone", found["without"], "rest"),
    ]
    text = f"Of {found['transitions']:,} training transitions."
    if found["fallback"]:
        text += (
            " Built-in: written by the grounded teacher where no reason of the teacher's passed, and judged like it."
        )
    else:
        del parts[1]
    return Picture("How transitions are learnt", text, bars=bars(parts))


def judged(found: Mapping[str, Any]) -> int:
    """Candidates of an oracle.json that were judged."""
    return found["candidates"] - found["named"] - sum(found["failed"].values()) - found["unjudged"]


def _candidates(found: Mapping[str, Any]) -> Picture:
    chosen = found["transitions"] - found["without"]
    parts: list[Part] = [
        ("became oracle reasons", chosen, "first"),
        ("judged by nobody, not chosen", found["unjudged"] - chosen, "rest")
        if found["unjudged"]
        else ("judged, not chosen", judged(found) - chosen, "rest"),
        ("named the answer, not judged", found["named"], "second"),
    ]
    if failed := sum(found["failed"].values()):
        parts.append(("refused, cut off or empty, not judged", failed, "second"))
    return Picture("What became of candidates", f"Of {found['candidates']:,} candidate reasons.", bars=bars(parts))


def _pairs(pairs: Mapping[str, Any], most: float | None) -> Picture:
    parts: list[Part] = [
        ("the better one is longer", pairs["longer"], "first"),
        ("the better one is shorter", pairs["shorter"], "second"),
        ("both have as many words", pairs["equal"], "rest"),
    ]
    text = f"{pairs['pairs']:,} pairs of a better and a worse reason, from {pairs['transitions']:,} transitions"
    text += "." if pairs["mean_margin"] is None else f"; mean margin {pairs['mean_margin']:.1f}."
    if most is not None:
        text += (
            f" Of pairs of unequal lengths at most {most:.0%} may lean one way, so that length is not what is learnt; "
            f"{pairs['dropped']:,} were given up for that."
        )
    return Picture("Does length decide?", text, bars=bars(parts))
