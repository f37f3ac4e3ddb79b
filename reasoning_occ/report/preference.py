"""What a report says of preference training: curves over its steps, where it began and ended, and a warning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reasoning_occ.report import training_log
from reasoning_occ.report.jobs import read_object

FIGURES_FILE = "preference.json"
LOG_FILE = "preference.csv"

CURVES = ("reward_chosen", "reward_rejected", "reward_margin", "reward_accuracy")
"""Columns of the log that are drawn."""

TEXT = (
    "Pairs of a better (chosen) and a worse (rejected) reason for one transition: the mean log-probability that the "
    "model gives them, in nats a text, before preference training and after it; the share of pairs in which it finds "
    "the better one the likelier, and in which the better one gained more. Training pairs were learnt from."
)
COLUMNS = ("chosen, before", "chosen, after", "rejected, before", "rejected, after", "chosen likelier, before",
           "chosen likelier, after", "chosen gained more")  # fmt: skip
_NAMES = {"train": "training pairs", "valid": "validation pairs"}


def figures(folder: Path) -> Mapping[str, Any] | None:
    """What a run's preference training measured; None where it had none.

    Raises:
        UserError: the file can't be read.
    """
    path = folder / FIGURES_FILE
    return read_object(path) if path.exists() else None


def rows(found: Mapping[str, Any]) -> list[tuple[str, int, list[Mapping[str, Any]]]]:
    """The table of `COLUMNS`: (which pairs, how many, values)."""
    out = []
    for key, name in _NAMES.items():
        part = found.get(key)
        if part:
            start, end = part["start"], part["end"]
            values = (
                *(
                    when[column]
                    for column in ("logp_chosen", "logp_rejected", "chosen_likelier")
                    for when in (start, end)
                ),
                end["reward_accuracy"],
            )
            out.append((name, part["pairs"], [{"value": value, "low": None, "high": None} for value in values]))
    return out


def line(found: Mapping[str, Any]) -> str:
    """The thing to know of it, in a short sentence."""
    part = found["train"]
    return (
        f"Preference training: the better reason gained more in {part['end']['reward_accuracy']:.0%} of "
        f"{part['pairs']} training pairs; its log-probability went from {part['start']['logp_chosen']:.1f} to "
        f"{part['end']['logp_chosen']:.1f} nats a text."
    )


def warning(name: str, found: Mapping[str, Any]) -> str:
    """That chosen texts ended less likely than they began; "" where they did not.

    The loss over pairs asks for a distance alone, and is as well served by a chosen text that falls less than the
    rejected one: unseen, a model unlearns to write the very texts it should prefer.
    """
    fallen = [
        f"{part['start']['logp_chosen']:.1f} to {part['end']['logp_chosen']:.1f} nats a text on {part['pairs']} {told}"
        for key, told in _NAMES.items()
        if (part := found.get(key)) and part["end"]["logp_chosen"] < part["start"]["logp_chosen"]
    ]
    if not fallen:
        return ""
    return (
        f"{name}: preference training made the chosen reasons themselves less likely "
        f"(from {' and from '.join(fallen)}); preference.rpo_alpha above 0, a larger beta or fewer steps hold them up."
    )


def curves(folder: Path) -> dict[str, training_log.Curve]:
    """The curves of a run's preference training by step; none where it has no log.

    Raises:
        UserError: the log can't be read.
    """
    return training_log.curves(folder / LOG_FILE, CURVES)
