"""What a job learns from and is tested on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig

from reasoning_occ.careers import split as splits
from reasoning_occ.careers.source import Loaded
from reasoning_occ.careers.types import Career, Date, Transition
from reasoning_occ.careers.view import View, viewed
from reasoning_occ.config import source
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.situation import Situations, situations
from reasoning_occ.occupations.codes import coded
from reasoning_occ.occupations.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Task:
    """What a job learns from and is tested on, histories as its view shows them.

    test: the transitions that are scored: of test people, or with evaluation.part=valid of validation people.
    taxonomy: with titles as recommender, teacher and judge see them. published: with titles as predictions and metrics
    have them, the same occupations in the same order. situations: of `test`, from whole histories, for slices alone.
    """

    taxonomy: Taxonomy
    published: Taxonomy
    train: tuple[Transition, ...]
    valid: tuple[Transition, ...]
    test: tuple[Transition, ...]
    counts: dict[str, Any]
    situations: Situations


@dataclass(frozen=True, slots=True)
class Drawn:
    """A data set before anyone's view of it: as read, the people of the job's sample, and their split."""

    loaded: Loaded
    people: tuple[Career, ...]
    split: splits.Split


def load(cfg: DictConfig) -> Task:
    """Careers, split by person, sampled if asked, then viewed; and what was counted on the way."""
    return task(cfg, drawn(cfg))


def drawn(cfg: DictConfig) -> Drawn:
    """Careers as the job's source reads them, sampled if asked, and split.

    Raises:
        UserError: the data can't be read, or a part of the split is empty.
    """
    loaded: Loaded = source(cfg).load()
    people = splits.sample_people(loaded.careers, cfg.data.people, cfg.split.seed)
    cut = _cut(cfg)
    if cfg.split.by == "file":
        listed = splits.people_file(cfg.split.test_file, cfg.data_dir)
        split = splits.split_from_file(people, listed, cfg.split.seed, cfg.split.valid, cut)
    elif cfg.split.by == "data":
        split = splits.split_from_data(people, loaded.parts, cfg.split.seed, cfg.split.valid, cut)
    else:
        split = splits.split_by_person(people, cfg.split.seed, cfg.split.valid, cfg.split.test, cut)
    return Drawn(loaded, people, split)


def task(cfg: DictConfig, drawn: Drawn) -> Task:
    """What a job gets of a data set that is drawn: test transitions chosen, histories viewed, all counted."""
    loaded, people, split = drawn.loaded, drawn.people, drawn.split
    part = split.valid if cfg.evaluation.part == "valid" else split.test
    scored = _ahead(people, part, cfg.evaluation.horizon, _cut(cfg))
    test = scored if cfg.evaluation.targets == "all" else splits.last_transitions(scored)
    counts = {
        "people": len(people),
        "people_in_data": len(loaded.careers),
        "train": _size(split.train),
        "valid": _size(split.valid),
        "test": _size(test),
        "skipped": dict(loaded.skipped),
        "part": cfg.evaluation.part,
        "seed": cfg.split.seed,
    }
    if cfg.split.by == "file":
        listed = splits.people_file(cfg.split.test_file, cfg.data_dir)
        counts["test_ids_of_nobody"] = splits.unknown_ids(people, listed)
    view = View(**cfg.view)
    known = situations(test, split.train)
    train, valid, test = (tuple(viewed(t, view) for t in part) for part in (split.train, split.valid, test))
    taxonomy = coded(loaded.taxonomy) if view.titles == "codes" else loaded.taxonomy
    return Task(taxonomy, loaded.taxonomy, train, valid, test, counts, known)


def _ahead(
    people: Sequence[Career], part: Sequence[Transition], horizon: int, cut: Date | None
) -> tuple[Transition, ...]:
    """The transitions of the part's people to the job `horizon` ahead.

    Raises:
        UserError: nobody has so many jobs.
    """
    if horizon == 1:
        return tuple(part)
    scored = {t.history.person.id for t in part}
    every = (t for career in people if career.person.id in scored for t in career.transitions(horizon))
    found = tuple(t for t in every if cut is None or t.when >= cut)
    if not found:
        raise UserError(
            f"evaluation.horizon={horizon}: nobody who is scored has a job so far ahead; take a smaller one."
        )
    return found


def _cut(cfg: DictConfig) -> Date | None:
    return None if cfg.split.cut is None else Date(cfg.split.cut)


def _size(transitions: Sequence[Transition]) -> dict[str, int]:
    return {"people": len({t.history.person.id for t in transitions}), "transitions": len(transitions)}
