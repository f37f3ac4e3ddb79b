"""What is put on record of a job, by name: the columns of its training curves and its final figures.

Imports nothing heavy, so that what reads these names (the dashboard) does not wait for torch.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from reasoning_occ import costs
from reasoning_occ.config import learns_reasons, recommender_node, uses_model, writes_reasons
from reasoning_occ.identity import short_name
from reasoning_occ.report.jobs import read_object
from reasoning_occ.report.reasons import ORACLE_FILE, QUALITY_FILE

COLUMNS: tuple[str, ...] = (
    "step", "loss", "loss_reason", "loss_answer", "valid_loss", "valid_loss_reason", "valid_loss_answer",
    "learning_rate", "gradient_norm", "tokens_per_second", "transitions_per_second",
)  # fmt: skip

PREFERENCE_COLUMNS: tuple[str, ...] = (
    "step", "loss", "loss_preference", "loss_sft", "logp_chosen", "logp_rejected", "reward_chosen", "reward_rejected",
    "reward_margin", "reward_accuracy", "kl", "learning_rate", "gradient_norm", "tokens_per_second", "pairs_per_second",
)  # fmt: skip
"""Of preference training; training/preference_loss.py says what they are."""

LEARN, PREFER = "learn", "prefer"
"""The stages with curves. Steps of preference training count from 0 again, so it has a log of its own."""

NAMES = "names"
"""The key of the configuration on Weights & Biases under which `names` stand."""
NONE = "none"

_MEANS = {"mean_scores": "kept", "mean_scores_all": "all"}
"""Mean scores of oracle.json: of the reasons that were kept, and of all that were judged."""
_COUNTS = ("transitions", "candidates", "without", "leaks", "mean_words")


def names(cfg: DictConfig) -> dict[str, str]:
    """Short names to group runs by; "none" for what a job has no use of."""
    reasons = learns_reasons(cfg)
    return {
        "recommender": short_name(recommender_node(cfg)),
        "data": str(cfg.data.name),
        "model": str(cfg.model.name) if uses_model(cfg) else NONE,
        "teacher": short_name(cfg.teacher) if reasons else NONE,
        "judge": short_name(cfg.judge) if reasons or writes_reasons(cfg) else NONE,
    }


def figures(folder: Path, scored: Mapping[str, Any]) -> dict[str, float]:
    """A finished job's figures by name: no text, no person.

    Metrics stand under their own names, their intervals and n below (`AccEM`, `AccEM/low`, `AccEM/high`, `AccEM/n`);
    of reasons written for test people under `reasons/`, of oracle reasons under `oracle/`, of what judges gave them and
    left unscored under `judge/`, seconds and sizes under `cost/`.

    Args:
        folder: the job's; what it has no file of has no figures.
        scored: what metrics.json says of each metric.

    Raises:
        UserError: a file of the job can't be read.
    """
    return {
        name: value
        for found in (_metrics(scored), _generated(folder), _oracle(folder), _cost(folder))
        for name, value in found
        if value is not None
    }


def _metrics(found: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float | None]]:
    """Each metric's value under its own name, its interval and n below it; nothing of what is no metric."""
    for name, metric in found.items():
        if isinstance(metric, Mapping) and metric.get("value") is not None:
            yield f"{prefix}{name}", metric["value"]
            yield from ((f"{prefix}{name}/{part}", metric[part]) for part in ("low", "high", "n"))


def _generated(folder: Path) -> Iterator[tuple[str, float | None]]:
    if not (folder / QUALITY_FILE).is_file():
        return
    found = read_object(folder / QUALITY_FILE)
    yield from _metrics(found, "reasons/")
    yield "reasons/without_reason", found["without_reason"]
    yield from ((f"judge/unscored/generated/{criterion}", n) for criterion, n in found["unscored"].items())


def _oracle(folder: Path) -> Iterator[tuple[str, float | None]]:
    if not (folder / ORACLE_FILE).is_file():
        return
    found = read_object(folder / ORACLE_FILE)
    yield from ((f"oracle/{name}", found[name]) for name in _COUNTS)
    for text, metrics in (found["leak_probe"] or {}).items():
        yield from _metrics(metrics, f"oracle/leak_probe/{text}/")
    for key, what in _MEANS.items():
        yield from ((f"judge/{what}/{criterion}", mean) for criterion, mean in found[key].items())
    yield from ((f"judge/unscored/oracle/{criterion}", n) for criterion, n in found["unscored"].items())
    yield from _metrics(found["agreement"] or {}, "judge/agreement/")


def _cost(folder: Path) -> Iterator[tuple[str, float | None]]:
    found = costs.read(folder)
    yield from ((f"cost/seconds/{stage}", seconds) for stage, seconds in found["seconds"].items())
    yield from ((f"cost/{name}", n) for name, n in found.items() if name != "seconds")
