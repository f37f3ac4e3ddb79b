"""What the pages on Weights & Biases show, as plain data: nothing here knows its library or needs a network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reasoning_occ.evaluation.leak import SHOWN
from reasoning_occ.logged import COLUMNS, LEARN, NAMES, PREFER, PREFERENCE_COLUMNS
from reasoning_occ.reasons.types import CRITERIA
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.grid import FIGURES, STAGES

VIEW = "reasoningocc"
"""The view's name in its address; a view of that name is updated, so it must not change. W&B allows no hyphen here."""
TITLE = "reasoning_occ"
MARK = "Written by python -m reasoning_occ.dashboard; what is changed by hand is replaced the next time."
"""The description of every report, by which one of ours is known from one of the same title by a person."""
GROUPS = (f"{NAMES}.recommender", f"{NAMES}.model")
PINNED = ("AccEM", "Hit@5", "MRR")
"""Metrics that stand beside each run's name, with their intervals."""
ENDS = ("low", "high")

Kind = Literal["bars", "lines", "points", "text"]
"""bars: a bar a metric and run; lines: metrics over `x`; points: the one metric over `x`; text: Markdown."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. metrics: names that runs log; x: another such name."""

    kind: Kind
    title: str
    metrics: tuple[str, ...] = ()
    x: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under one heading."""

    name: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Workspace:
    """A view of a project: sections; keys of the configuration that runs are grouped by; columns beside their names."""

    entity: str
    project: str
    view: str
    title: str
    group_by: tuple[str, ...]
    columns: tuple[str, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a report: a heading, Markdown below it, and panels over the report's runs."""

    heading: str
    text: str = ""
    panels: tuple[Panel, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A page over some runs, named by their ids."""

    entity: str
    project: str
    title: str
    description: str
    runs: tuple[str, ...]
    blocks: tuple[Block, ...]


def workspace(entity: str, project: str) -> Workspace:
    """The view over all runs of a project."""
    pinned = tuple(name for metric in PINNED for name in with_ends(metric))
    sections = (accuracy(METRICS), reasons(), training(), cost(), judges())
    return Workspace(entity, project, VIEW, TITLE, GROUPS, pinned, sections)


def with_ends(metric: str) -> tuple[str, ...]:
    """A metric's names in the order in which they are read: low end, value, high end."""
    low, high = (f"{metric}/{end}" for end in ENDS)
    return low, metric, high


def accuracy(metrics: Sequence[str]) -> Section:
    """Every metric with its interval."""
    text = (
        "Three bars a run: the low end of the 95% interval (bootstrap over people), the value, the high end. Runs are "
        "grouped by recommender and model: a group's bars are means over its runs, and a mean of intervals is none, so "
        "take the grouping off to read intervals. log-loss and ECE: less is better."
    )
    return Section("Accuracy", (Panel("text", "How to read this", text=text), *_intervals(metrics)))


def reasons() -> Section:
    """Reasons written for test people, and whether oracle reasons give the answer away."""
    text = (
        "Reasons that a model wrote for test people, as scored by the run's judge (1-5). Utility is judged with the "
        "truth known. Leak probe: titles predicted from texts by a plain classifier; if the oracle reason alone does "
        "much better than the history alone, the reasons give the answer away."
    )
    probe = [f"oracle/leak_probe/{read}/{metric}" for metric in SHOWN[1:2] for read in ("history", "reason")]
    panels = (
        *_intervals([f"reasons/{criterion}" for criterion in CRITERIA]),
        *_intervals(["reasons/all_facts_hold", "reasons/coverage"]),
        Panel("points", "Are truer reasons followed by better guesses?", ("MRR",), x="reasons/factuality"),
        *_intervals(probe),
        Panel("bars", "Test transitions without a reason", ("reasons/without_reason",)),
        Panel("bars", "Oracle reasons that name their target (0, or something is broken)", ("oracle/leaks",)),
        Panel("bars", "Words an oracle reason", ("oracle/mean_words",)),
    )
    return Section("Reasons", (Panel("text", "How to read this", text=text), *panels))


def training() -> Section:
    """Curves, over the steps of their own stage."""
    learn = [_curve(LEARN, column) for column in COLUMNS if column != "step"]
    prefer = [_curve(PREFER, column) for column in PREFERENCE_COLUMNS if column != "step"]
    return Section("Training", (*learn, *prefer))


def cost() -> Section:
    """Seconds by stage, what was seen and trained."""
    seconds = tuple(f"cost/seconds/{stage}" for stage in STAGES)
    sizes = (Panel("bars", title, (f"cost/{name}",)) for name, title in FIGURES.items())
    text = "Seconds of a stage that several runs share stand in each of them."
    panels = (
        Panel("bars", "Seconds by stage", seconds),
        *sizes,
        Panel("points", "Is a longer training worth it?", ("MRR",), x="cost/seconds/learn"),
    )
    return Section("Cost", (Panel("text", "How to read this", text=text), *panels))


def judges() -> Section:
    """What judges gave, to which reasons, how often nothing, and whether those of a panel agree."""
    text = (
        "Mean scores of oracle reasons that were kept, and of all candidates; how many scores are missing; of a panel "
        "Krippendorff's alpha (1: full agreement, 0: chance). `python -m reasoning_occ.audit RUN_DIR` says how far a "
        "judge can be trusted."
    )
    panels = (
        *(Panel("bars", f"{c}: kept, all", (f"judge/kept/{c}", f"judge/all/{c}")) for c in CRITERIA),
        Panel("bars", "Unscored of oracle reasons", tuple(f"judge/unscored/oracle/{c}" for c in CRITERIA)),
        Panel("bars", "Unscored of generated reasons", tuple(f"judge/unscored/generated/{c}" for c in CRITERIA)),
        *_intervals([f"judge/agreement/{c}" for c in CRITERIA]),
    )
    return Section("Judges", (Panel("text", "How to read this", text=text), *panels))


def _intervals(metrics: Sequence[str]) -> Iterator[Panel]:
    for metric in metrics:
        yield Panel("bars", metric, with_ends(metric))


def _curve(stage: str, column: str) -> Panel:
    return Panel("lines", f"{stage}: {column.replace('_', ' ')}", (f"{stage}/{column}",), x=f"{stage}/step")
