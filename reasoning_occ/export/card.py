"""The model card: what the model learnt from, how, how well it does for whom, and what it is not for."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig

from reasoning_occ.config import learns_own_reasons, learns_reasons, recommender_node
from reasoning_occ.identity import short_name
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


def card(run: Opened, base: str, merged: bool, adapters: Sequence[str]) -> str:
    """README.md of an export, in the form that model hubs read.

    Args:
        run: that was finished.
        base: checksum of the weights it starts from.
        merged: whether all weights are in the export.
        adapters: names of what was learnt.
    """
    metrics = read_object(run.folder / "metrics.json")
    has_head = run.cfg.ranking != "tokens"
    parts = [_front(run, merged), *_about(run, metrics, base, merged, adapters), _use(merged, adapters, has_head)]
    parts += [*_results(run, metrics), *_limits(run), _licence(run)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _front(run: Opened, merged: bool) -> str:
    told: dict[str, Any] = {"library_name": "transformers" if merged else "peft", "pipeline_tag": "text-generation"}
    if run.cfg.model.hub is not None and run.cfg.model.package is None:
        told["base_model"] = run.cfg.model.hub
    # hubs know a list of licences; this one follows from two others
    told |= {"license": "other", "license_name": "of-base-and-data", "license_link": "#licence"}
    told["tags"] = ["occupations", "careers", "reasoning_occ"]
    return f"---\n{yaml.safe_dump(told, sort_keys=False)}---"


def _about(run: Opened, metrics: Mapping[str, Any], base: str, merged: bool, adapters: Sequence[str]) -> Iterator[str]:
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
    if cfg.model.tiny:
        yield "**A randomly initialised tiny model: its figures mean nothing.**"
    what = "all weights are here (fp32)" if merged else f"{'two adapters' if len(adapters) > 1 else 'a LoRA adapter'}"
    yield (
        f"Method `{short_name(recommender_node(cfg))}`, run `{run.folder.resolve().name}`; {what}, learnt from "
        f"{cfg.model.name}, whose content has the checksum `{base}`. With other weights, a requantised copy among "
        "them, it ranks otherwise."
    )
    yield "\n".join(f"- {line}" for line in learnt(cfg))


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
    yield f"Oracle reasons: written by the teacher `{_called(cfg.teacher)}`, which is shown the true title; {judged}."
    if learns_own_reasons(cfg):
        share = recommender_node(cfg).own_reasons
        yield f"{share:.0%} of the titles are learnt after reasons of the model's own, in place of oracle reasons."


def _pace(stage: DictConfig) -> str:
    """Epochs, steps and learning rate of a training."""
    most = "" if stage.max_steps is None else f", at most {stage.max_steps:,} optimiser steps"
    return f"{stage.epochs} epoch{'s' * (stage.epochs != 1)}{most}; learning rate {stage.lr:g} at its peak"


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


def _use(merged: bool, adapters: Sequence[str], has_head: bool) -> str:
    name = "AutoModelForCausalLM" if merged else "AutoPeftModelForCausalLM"
    library = "transformers" if merged else "peft"
    folder = 'folder + "/predictor"' if len(adapters) > 1 else "folder"
    head = f"\n\n{_HEAD.format(place=folder, library=library)}" if has_head else ""
    return f"""## Use

```
python -m reasoning_occ.recommend run=FOLDER resume.json
```

```python
from {library} import {name}

model = {name}.from_pretrained({folder})
```

The prompt is that of `reasoning_occ.language`; `reasoning_occ.json` holds the settings and the titles.{head}"""


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


def _limits(run: Opened) -> Iterator[str]:
    yield "## Limits"
    yield (
        "It repeats what people of its data did, with the inequalities of their time and place, and knows nothing of "
        "wishes, health or the labour market of today. A reason is text that a model wrote: it can be false, and need "
        "not be what moved the ranking. Titles that training people never held are ranked poorly. "
        f"{run.published.note}"
    )
    yield "## Intended uses"
    yield "Research on careers and on language models that reason; ideas for one's own next step, looked through."
    yield "## Unfit uses"
    yield (
        "Decisions about people: hiring, firing, pay, credit, benefits, insurance, admission, policing. Profiling of "
        "others without their knowledge. Statements of what somebody will do."
    )


def _licence(run: Opened) -> str:
    return (
        "## Licence\n\nThe licence of the weights follows from those of the base model "
        f"({run.cfg.model.name}) and of the data ({run.cfg.data.name}): see both before you pass it on. What is known "
        "of the data's stands in reasoning_occ's documentation, on the page *Data sets and licences* "
        "(docs/data-sets.md). The code of reasoning_occ is Apache-2.0."
    )
