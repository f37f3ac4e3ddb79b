"""What a report says of reasons: those of the oracle that were learnt from, and those written for test people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reasoning_occ.report import figures, preference
from reasoning_occ.report.jobs import read_object
from reasoning_occ.report.oracle_pictures import judged, oracle_pictures
from reasoning_occ.report.pictures import Picture
from reasoning_occ.report.sentences import interval, value

ORACLE_FILE = "oracle.json"
QUALITY_FILE = "reasons_quality.json"

PROBES = {"history": "history alone", "reason": "oracle reason alone", "history_and_reason": "history and reason"}
"""Keys of the leak probe, and what its classifier read."""

QUALITIES = {
    "factuality": "factuality (1-5)",
    "coherence": "coherence (1-5)",
    "utility": "utility, the truth known (1-5)",
    "all_facts_hold": "share in which all facts hold",
    "coverage": "share of sentences that could be checked",
}
"""Keys of reasons_quality.json that are means, with readable names."""

_PROBE_TEXT = (
    "Titles predicted for validation people by a plain text classifier that reads the texts named: the oracle reason "
    "alone should not beat the history alone by much, or the reasons give the answer away."
)
_PANEL_TEXT = (
    "Krippendorff's alpha of the panel's judges for ordered scores, over everything they judged: 1 is full "
    "agreement, 0 what chance gives. python -m reasoning_occ.audit, with this folder, lists the largest disagreements."
)
_MEANS_TEXT = "Reasons written for training transitions, and the mean of what the judge scored in them (1-5)."
_QUALITY_TEXT = "Means over the reasons written for test people, as scored by the judge, with 95% intervals."

_PREFERENCE_TEXT = (
    "A text's reward is beta times what its log-probability gained since SFT; the margin is the reward of the better "
    "reason less that of the worse. Below: share of pairs with a margin above 0. Of each step's pairs before the step."
)

_PARTS = {
    "without": ("trained by the answer alone", "transitions"),
    "named": ("candidates rejected because they name their target", "candidates"),
    "unjudged": ("candidates that nobody judged", "candidates"),
    "planted": ("candidates with a planted mistake", "candidates"),
    "planted_chosen": ("of those, chosen all the same", "planted"),
    "fallback": ("candidates of the built-in teacher, in place of the teacher's", "candidates"),
    "fallback_chosen": ("of those, chosen", "fallback"),
}
"""Counts of oracle.json that are part of another."""

_MEANS = {"mean_scores": "oracle reasons", "mean_scores_all": "all judged candidates"}
"""Means of oracle.json, by criterion."""

_NAMES = {
    "transitions": "training transitions",
    "candidates": "candidate reasons",
    "unscored": "could not be scored",
    "members_unscored": "could not be scored by",
    "failed": "candidates that are no reasons",
    "coverage": "share of sentences that could be checked",
    "leaks": "reasons that name a target which their history does not",
    "mean_words": "words a reason",
    "without_reason": "test transitions without a reason",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the page. columns and rows: a table of (label, n, metrics or words); counts: (name, text)
    pairs."""

    title: str
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[str, int, Sequence[Mapping[str, Any] | str]]] = ()
    counts: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


def sections(folder: Path) -> list[Section]:
    """The parts of a run's page on reasons; none where the run has none."""
    out = []
    if (folder / ORACLE_FILE).exists():
        found = read_object(folder / ORACLE_FILE)
        columns, rows = _means(found)
        pictures, counts = list(oracle_pictures(found, folder)), list(_oracle_counts(found))
        out.append(Section("Oracle reasons", _MEANS_TEXT if rows else "", columns, rows, counts, pictures))
        probe = leak_probe(found)
        if probe:
            columns = tuple(next(iter(probe.values())))
            rows = [
                (name, probe[key][columns[0]]["n"], [probe[key][c] for c in columns])
                for key, name in PROBES.items()
                if key in probe
            ]
            out.append(Section("Do oracle reasons give the answer away?", _PROBE_TEXT, columns, rows))
        if panel := found.get("agreement"):
            row = ("alpha", max(metric["n"] for metric in panel.values()), list(panel.values()))
            out.append(Section("Do the judges agree?", _PANEL_TEXT, tuple(panel), [row]))
    found = preference.figures(folder)
    if found is not None:
        pictures = list(_preference_pictures(folder))
        columns, rows = preference.COLUMNS, preference.rows(found)
        out.append(Section("Preference training", preference.TEXT, columns, rows, pictures=pictures))
    if (folder / QUALITY_FILE).exists():
        found = read_object(folder / QUALITY_FILE)
        rows = [(name, found[key]["n"], [found[key]]) for key, name in QUALITIES.items() if key in found]
        counts = list(flat({_NAMES.get(k, k): v for k, v in found.items() if k not in QUALITIES}))
        out.append(Section("Generated reasons", _QUALITY_TEXT if rows else "", ("mean",) if rows else (), rows, counts))
    return out


def lines(folder: Path) -> list[str]:
    """The few things to know of a run's reasons, a short sentence each, where they are on record."""
    out = []
    if (folder / QUALITY_FILE).exists():
        found = read_object(folder / QUALITY_FILE)
        if "factuality" in found:
            metric = found["factuality"]
            told = f"{_short(metric)} of 5, {metric['n']} scored" if metric["n"] else "none could be scored"
            out.append(f"Factuality of generated reasons: {told}.")
    if (folder / ORACLE_FILE).exists():
        probe = leak_probe(read_object(folder / ORACLE_FILE))
        if {"reason", "history"} <= set(probe):
            reason, history = probe["reason"]["Hit@5"], probe["history"]["Hit@5"]
            out.append(
                f"Leak probe, Hit@5: oracle reason alone {_short(reason)}, history alone {_short(history)}; "
                f"{reason['n']} validation transitions."
            )
    found = preference.figures(folder)
    if found is not None:
        out.append(preference.line(found))
    return out


def _preference_pictures(folder: Path) -> Iterator[Picture]:
    curves = preference.curves(folder)
    if curves:
        yield Picture("Rewards by step", _PREFERENCE_TEXT, (figures.preferences(curves),))


def _short(metric: Mapping[str, Any]) -> str:
    return f"{value(metric, 2)} {interval(metric, 2)}".strip()


def leak_probe(oracle: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the leak probe measured, by what it read; empty where there was none."""
    return oracle.get("leak_probe") or {}


def _means(found: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, int, list[Mapping[str, Any]]]]]:
    """Mean scores by criterion, of the oracle reasons and of everything that was judged."""
    if not set(_MEANS) <= set(found):
        return (), []
    reasons = found["transitions"] - found["without"], judged(found)
    columns = tuple(found["mean_scores"])
    rows: list[tuple[str, int, list[Mapping[str, Any]]]] = [
        (name, n, [{"value": found[key][c], "low": None, "high": None} for c in columns])
        for (key, name), n in zip(_MEANS.items(), reasons, strict=True)
    ]
    return columns, rows


def _oracle_counts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, entry in found.items():
        if key in ("leak_probe", "histograms", "pairs", "agreement", *_MEANS):
            continue
        name, whole = _PARTS.get(key, ("", ""))
        if whole in found:
            yield name, f"{entry} of {found[whole]}"
        else:
            yield from flat({_NAMES.get(key, key): entry})


def flat(counts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested counts as (name, text) pairs, names joined by a colon."""
    for key, entry in counts.items():
        name = f"{prefix}{str(key).replace('_', ' ')}"
        if isinstance(entry, Mapping):
            yield from flat(entry, f"{name}: ")
        elif isinstance(entry, list):
            yield name, ", ".join(map(str, entry))
        elif isinstance(entry, float):
            yield name, f"{entry:.3g}"
        else:
            yield name, "-" if entry is None else str(entry)
