"""Tries the settings of conf/experiment/tune_baselines.yaml on validation people; test people are never scored.

    python -m experiments.tune_baselines data=nls
    python -m experiments.tune_baselines data=nls --write experiments/claims/LOG.md

Words without dashes go to the configuration. The setting with the highest MRR is marked, the first of equal ones.
Trials are kept in runs/tuning: what is there is not tried again.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.marks import put
from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.complaint import sentence
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.predictions import predict
from reasoning_occ.files import write_json
from reasoning_occ.identity import data_content, identity
from reasoning_occ.making import make
from reasoning_occ.report.jobs import read_object
from reasoning_occ.task import Task, load
from reasoning_occ.validation import validate

METRICS = ("MRR", "Hit@10", "AccEM")


class Trial(NamedTuple):
    """One baseline with one setting, and its figures on validation people."""

    baseline: str
    setting: str
    values: tuple[float, ...]


def trials(words: list[str]) -> Iterator[Trial]:
    """Every trial of the grid, in its order.

    Args:
        words: for the configuration, such as data=nls.

    Raises:
        UserError: baselines have different numbers of trials, or a job can't work.
    """
    first = _composed(words)
    if first.evaluation.part != "valid":
        raise UserError("evaluation.part: expected valid; settings are chosen on validation people alone.")
    grid: Any = OmegaConf.to_container(first.tuning)
    settings = {
        name: [dict(zip(axes, at, strict=True)) for at in product(*axes.values())] for name, axes in grid.items()
    }
    numbers = {name: len(found) for name, found in settings.items()}
    if len(set(numbers.values())) > 1:
        raise UserError(f"tuning: expected the same number of trials for each baseline, got {numbers}.")
    # before the data are read
    jobs = [
        (name, _words(setting), _composed([*words, f"baseline={name}", *_words(setting)]))
        for name, found in settings.items()
        for setting in found
    ]
    for _, _, cfg in jobs:
        validate(cfg)
    task = load(jobs[0][2])
    content = data_content(first)
    for name, setting, cfg in jobs:
        said = ", ".join(word.removeprefix("baseline.") for word in setting)
        kept = Path(cfg.output) / "tuning" / f"{name}-{identity(cfg, content)}.json"
        if not kept.is_file():
            write_json(kept, {"baseline": name, "setting": said, "values": _figures(cfg, task)})
        yield Trial(name, said, tuple(read_object(kept)["values"]))


def best(found: list[Trial]) -> list[Trial]:
    """Of each baseline the trial with the highest MRR, the first of equal ones."""
    chosen: dict[str, Trial] = {}
    for trial in found:
        if trial.baseline not in chosen or trial.values[0] > chosen[trial.baseline].values[0]:
            chosen[trial.baseline] = trial
    return list(chosen.values())


def markdown(found: list[Trial]) -> list[str]:
    """A table of all trials."""
    chosen = best(found)
    rows = [
        f"| {t.baseline} | {t.setting} | {' | '.join(f'{value:.3f}' for value in t.values)} | {'yes' * (t in chosen)} |"
        for t in found
    ]
    return [f"| baseline | setting | {' | '.join(METRICS)} | kept |", "|---|---|" + "---|" * (len(METRICS) + 1), *rows]


def _composed(words: list[str]) -> DictConfig:
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        return compose("config", ["experiment=tune_baselines", *words])


def _words(setting: dict[str, Any]) -> list[str]:
    return [f"baseline.{key}={value}" for key, value in setting.items()]


def _figures(cfg: DictConfig, task: Task) -> tuple[float, ...]:
    with TemporaryDirectory() as folder:
        recommender = make(cfg, task, Path(folder))
        recommender.fit(task.train, task.valid, Path(folder))
        told = recommender.recommend([t.history for t in task.test])
        found = [
            predict(t, said, task.published, recommender.name, ()) for t, said in zip(task.test, told, strict=True)
        ]
    metrics = evaluate(found, task.published, resamples=1, seed=cfg.split.seed)
    return tuple(metrics[name]["value"] for name in METRICS)


def main() -> int:
    """Print the table, or put it into a page; 1 after an error that was told in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="of the configuration, as data=nls")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the page's marks")
    chosen = parser.parse_args()
    try:
        found = list(trials(chosen.words))
    except (HydraException, OmegaConfBaseException, UserError) as error:
        print(sentence(error), file=sys.stderr)
        return 1
    table = markdown(found)
    print("\n".join(table))
    if chosen.write is not None:
        chosen.write.parent.mkdir(parents=True, exist_ok=True)
        put(
            chosen.write,
            "tuned baselines",
            [f"`python -m experiments.tune_baselines {' '.join(chosen.words)}`", "", *table],
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
