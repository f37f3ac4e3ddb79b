"""The model card: what the model learnt from, how, how well it does for whom, and what it is not for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig

from reasoning_occ.config import learns_own_reasons, learns_reasons, recommender_node
from reasoning_occ.identity import plain, short_name
from reasoning_occ.recommend.opened import Opened
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.formats import FORMATS
from reasoning_occ.report.jobs import read_object
from reasoning_occ.report.sentences import interval, value
from reasoning_occ.report.table import compose

_HEAD = """Titles are ranked by a head, a row a title, and not by their text. It is no part of what {library} loads: it
lies beside the weights as `titles.safetensors` (rows in the order of `reasoning_occ.json`).

```python
from pathlib import Path

from reasoning_occ.models.title_head import TitleHead

titles = TitleHead.read(Path({place}))  # for reasoning_occ.inference.head.rank_by_head
```"""

SLICED = ("AccEM", "Hit@5", "MRR")


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a language model. base: checksum of those it starts from; merged: whether all are in the export; adapters:
    names of what was learnt."""

    base: str
    merged: bool
    adapters: tuple[str, ...]


def card(run: Opened, weights: Weights | None) -> str:
    """README.md of an export, in the form that model hubs read.

    Args:
        run: that was finished.
        weights: of its language model; None: it has none.
    """
    metrics = read_object(run.folder / "metrics.json")
    parts = [_front(run, weights), *_about(run, metrics), *_method(run, weights), *_use(run, weights)]
    parts += [*_results(run, metrics), *_limits(run, weights), _licence(run, weights)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _front(run: Opened, weights: Weights | None) -> str:
    told: dict[str, Any] = {}
    if weights is not None:
        told |= {"library_name": _library(weights), "pipeline_tag": "text-generation"}
        if run.cfg.model.hub is not None and run.cfg.model.package is None:
            told["base_model"] = run.cfg.model.hub
    # hubs know a list of licences; this one follows from others
    name = "of-data" if weights is None else "of-base-and-data"
    told |= {"license": "other", "license_name": name, "license_link": "#licence"}
    told["tags"] = ["occupations", "careers", "reasoning_occ"]
    return f"---\n{yaml.safe_dump(told, sort_keys=False)}---"


def _library(weights: Weights) -> str:
    return "transformers" if weights.merged else "peft"


def _about(run: Opened, metrics: Mapping[str, Any]) -> Iterator[str]:
    cfg, data = run.cfg, metrics["data"]
    yield f"# {metrics['recommender']}, {cfg.data.name}: next occupations"
    yield (
        f"From a person's education and jobs it ranks all {len(run.published)} occupations of the "
        f"{run.published.name} taxonomy as the next one{_reasoned(run)}. Made with reasoning_occ, after "
        "[On Reasoning Behind Next Occupation Recommendation](https://arxiv.org/abs/2604.21204)."
    )
    yield "## Data and method"
    counted = "; ".join(
        f"{part}: {data[part]['people']:,} people, {data[part]['transitions']:,} transitions"
        for part in ("train", "valid", "test")
    )
    yield f"Data set `{cfg.data.name}`. {counted}. No person is in two parts."


def _method(run: Opened, weights: Weights | None) -> Iterator[str]:
    cfg, name = run.cfg, short_name(recommender_node(run.cfg))
    of = f"`{name}`, run `{run.folder.resolve().name}`"
    if weights is None:
        yield (
            f"Baseline {of}, seed {cfg.seed}; it reads no language model. Names of schooling, places and other facts "
            "that it knows are here as digests: what a digest stands for can be found by who guesses the name."
        )
        yield f"Settings: {', '.join(f'{key} {_words(value)}' for key, value in _settings(cfg))}."
        return
    if cfg.model.tiny:
        yield "**A randomly initialised tiny model: its figures mean nothing.**"
    adapters = "two adapters" if len(weights.adapters) > 1 else "a LoRA adapter"
    yield (
        f"Method {of}; {'all weights are here (fp32)' if weights.merged else adapters}, learnt from {cfg.model.name}, "
        f"whose content has the checksum `{weights.base}`. With other weights, a requantised copy among them, it ranks "
        "otherwise."
    )
    yield "\n".join(f"- {line}" for line in learnt(cfg))


def _settings(cfg: DictConfig) -> Iterator[tuple[str, Any]]:
    """Of a baseline, but for the class that it is."""
    yield from ((key, value) for key, value in plain(cfg, "baseline").items() if key != "_target_")


def _words(value: Any) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)


def learnt(cfg: DictConfig) -> Iterator[str]:
    """What was learnt, for how long, how fast, and from which reasons."""
    lora, preference = cfg.trainer.lora, cfg.get("preference")
    what = "all weights" if lora is None else f"LoRA of rank {lora.r} (alpha {lora.alpha})"
    yield f"Learnt: {what}; {_pace(cfg.trainer)}; about {cfg.trainer.batch} transitions a step; seed {cfg.seed}."
    if preference is not None:
        yield f"Then from pairs of better and worse reasons (DPO, beta {preference.beta}): {_pace(preference)}."
    if not learns_reasons(cfg):
        yield "It learns from no reasons."
        return
    judged = f"scored by the judge `{_called(cfg.judge)}`" if cfg.oracle.criteria else "scored by nobody"
    yield f"Oracle reasons: written by the teacher `{_called(cfg.teacher)}`, {_knew(cfg)}; {judged}."
    if learns_own_reasons(cfg):
        share = recommender_node(cfg).own_reasons
        yield f"{share:.0%} of the titles are learnt after reasons of the model's own, in place of oracle reasons."


def _pace(stage: DictConfig) -> str:
    """Epochs, steps and learning rate of a training."""
    most = "" if stage.max_steps is None else f", at most {stage.max_steps:,} optimiser steps"
    return f"{stage.epochs} epoch{'s' * (stage.epochs != 1)}{most}; learning rate {stage.lr:g} at its peak"


def _knew(cfg: DictConfig) -> str:
    """What the teacher saw."""
    return (
        "which is shown the true title" if cfg.teacher.get("hindsight", True) else "which is not shown the true title"
    )


def _called(node: DictConfig) -> str:
    """A teacher's or judge's name with the models it asks; of one on this machine without its place."""
    if "members" in node:
        return f"{short_name(node)}: {', '.join(_called(one) for one in node.members.values() if one is not None)}"
    model = node.get("model")
    if not isinstance(model, str):
        return short_name(node)
    here = model.startswith(("/", "~", ".")) or Path(model).exists()
    return f"{short_name(node)} ({Path(model).name if here else model})"


def _reasoned(run: Opened) -> str:
    return ", after a reason that it writes first" if learns_reasons(run.cfg) else ""


def _use(run: Opened, weights: Weights | None) -> Iterator[str]:
    yield "## Use"
    yield "```\npython -m reasoning_occ.recommend run=FOLDER resume.json\n```"
    if weights is None:
        yield "`learnt.safetensors` holds what was learnt, `reasoning_occ.json` the settings and the titles."
        return
    name = "AutoModelForCausalLM" if weights.merged else "AutoPeftModelForCausalLM"
    folder = 'folder + "/predictor"' if len(weights.adapters) > 1 else "folder"
    yield f"```python\nfrom {_library(weights)} import {name}\n\nmodel = {name}.from_pretrained({folder})\n```"
    yield "The prompt is that of `reasoning_occ.language`; `reasoning_occ.json` holds the settings and the titles."
    if run.cfg.ranking != "tokens":
        yield _HEAD.format(place=folder, library=_library(weights))


def _results(run: Opened, metrics: Mapping[str, Any]) -> Iterator[str]:
    yield "## Results"
    yield FORMATS["markdown"][1](compose(run.folder, METRICS, None))
    yield "By groups of test people; those of few people say little:"
    rows = [f"| | people | {' | '.join(SLICED)} |", f"|---|---:|{'---:|' * len(SLICED)}"]
    for dimension, groups in metrics["slices"].items():
        for group, found in groups.items():
            shown = (_figure(found[name]) if name in found else "-" for name in SLICED)
            n = next((found[name]["n"] for name in SLICED if name in found), "-")
            rows.append(f"| {dimension}: {group} | {n} | {' | '.join(shown)} |")
    yield "\n".join(rows)


def _figure(metric: Mapping[str, Any]) -> str:
    return f"{value(metric, 2)} {interval(metric, 2)}".strip()


def _limits(run: Opened, weights: Weights | None) -> Iterator[str]:
    reasons = (
        "A reason is text that a model wrote: it can be false, and need not be what moved the ranking. "
        if weights is not None
        else ""
    )
    yield "## Limits"
    yield (
        "It repeats what people of its data did, with the inequalities of their time and place, and knows nothing of "
        f"wishes, health or the labour market of today. {reasons}Titles that training people never held are ranked "
        f"poorly. {run.published.note}"
    )
    yield "## Intended uses"
    yield "Research on careers and on language models that reason; ideas for one's own next step, looked through."
    yield "## Unfit uses"
    yield (
        "Decisions about people: hiring, firing, pay, credit, benefits, insurance, admission, policing. Profiling of "
        "others without their knowledge. Statements of what somebody will do."
    )


def _licence(run: Opened, weights: Weights | None) -> str:
    data = f"the data ({run.cfg.data.name})"
    sources = (
        f"that of {data}: see it"
        if weights is None
        else f"those of the base model ({run.cfg.model.name}) and of {data}: see both"
    )
    return (
        f"## Licence\n\nThe licence of the weights follows from {sources} before you pass it on. What is known "
        "of the data's stands in reasoning_occ's documentation, on the page *Data sets and licences* "
        "(docs/data-sets.md). The code of reasoning_occ is Apache-2.0."
    )
