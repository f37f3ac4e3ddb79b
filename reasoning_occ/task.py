"""What a job learns from and is tested on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from reasoning_occ.careers import split as splits
from reasoning_occ.careers.source import Loaded
from reasoning_occ.careers.types import Date, Transition
from reasoning_occ.careers.view import View, viewed
from reasoning_occ.config import source
from reasoning_occ.occupations.codes import coded
from reasoning_occ.occupations.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Task:
    """What a job learns from and is tested on, histories as its view shows them. `test` holds the transitions that are
    scored. taxonomy: with titles as recommender, teacher and judge see them; published: with titles as predictions and
    metrics have them, the same occupations in the same order."""

    taxonomy: Taxonomy
    published: Taxonomy
    train: tuple[Transition, ...]
    valid: tuple[Transition, ...]
    test: tuple[Transition, ...]
    counts: dict[str, Any]


def load(cfg: DictConfig) -> Task:
    """Careers, split by person, sampled if asked, then viewed; and what was counted on the way."""
    loaded: Loaded = source(cfg).load()
    people = splits.sample_people(loaded.careers, cfg.data.people, cfg.split.seed)
    cut = None if cfg.split.cut is None else Date(cfg.split.cut)
    if cfg.split.by == "file":
        split = splits.split_from_file(people, Path(cfg.split.test_file), cfg.split.seed, cfg.split.valid, cut)
    elif cfg.split.by == "data":
        split = splits.split_from_data(people, loaded.parts, cfg.split.seed, cfg.split.valid, cut)
    else:
        split = splits.split_by_person(people, cfg.split.seed, cfg.split.valid, cfg.split.test, cut)
    test = split.test if cfg.evaluation.targets == "all" else splits.last_transitions(split.test)
    counts = {
        "people": len(people),
        "people_in_data": len(loaded.careers),
        "train": _size(split.train),
        "valid": _size(split.valid),
        "test": _size(test),
        "skipped": dict(loaded.skipped),
        "seed": cfg.split.seed,
    }
    if cfg.split.by == "file":
        counts["test_ids_of_nobody"] = splits.unknown_ids(people, Path(cfg.split.test_file))
    view = View(**cfg.view)
    train, valid, test = (tuple(viewed(t, view) for t in part) for part in (split.train, split.valid, test))
    taxonomy = coded(loaded.taxonomy) if view.titles == "codes" else loaded.taxonomy
    return Task(taxonomy, loaded.taxonomy, train, valid, test, counts)


def _size(transitions: Sequence[Transition]) -> dict[str, int]:
    return {"people": len({t.history.person.id for t in transitions}), "transitions": len(transitions)}
