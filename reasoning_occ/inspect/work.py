"""Counts a data set as a job would load it, looks for leaks, and writes both down. No torch."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from reasoning_occ.careers.describe import describe
from reasoning_occ.careers.leaks import overlap, signs
from reasoning_occ.careers.split import last_transitions, people_file, place, unknown_ids
from reasoning_occ.careers.types import Date
from reasoning_occ.errors import UserError
from reasoning_occ.files import write_json
from reasoning_occ.identity import data_content, digest, plain, shaping
from reasoning_occ.language.render import events
from reasoning_occ.report.inspection import lines, write_page
from reasoning_occ.task import Drawn, Task, drawn, task
from reasoning_occ.validation import validate

SHAPING = ("data", "split", "view", "evaluation")
"""Parts of the configuration that numbers and careers depend on."""


def inspect(cfg: DictConfig, output: Path, careers: int) -> int:
    """Read the data set that a job with this configuration would learn from, and go on as `inspected`.

    Raises:
        UserError: as for a job with this configuration; or the folder can't be written.
    """
    validate(cfg)
    if cfg.evaluation.part != "test":
        raise UserError(
            f"evaluation.part={cfg.evaluation.part}: all parts of the split are counted; take it out of the command."
        )
    return inspected(cfg, drawn(cfg), output, careers)


def inspected(cfg: DictConfig, data: Drawn, output: Path, careers: int) -> int:
    """Print what is found and write inspect.json and page.html.

    Args:
        cfg: a job's configuration, of which the data, their split and the view count.
        data: what it draws.
        output: the folder in which this data set gets one of its own, named by what its numbers depend on.
        careers: how many are shown on the page; they stand nowhere else.

    Returns:
        Exit code: 1 where people are in two parts of the split, else 0.

    Raises:
        UserError: the folder can't be written.
    """
    seen = task(cfg, data)
    today = date.today()
    found = findings(cfg, data, seen, Date(today.year, today.month))
    folder = output / f"{cfg.data.name}-{digest({**shaping(cfg, SHAPING), 'checksums': data_content(cfg)})}"
    write_json(folder / "inspect.json", found)
    page = write_page(folder, found, list(shown(seen, careers, cfg.seed)))
    print("\n".join([*lines(found), f"Page: {page}"]))
    return int(any(found["overlap"].values()))


def findings(cfg: DictConfig, data: Drawn, seen: Task, today: Date) -> dict[str, Any]:
    """All numbers, and what looks like a leak: the content of inspect.json."""
    split, taxonomy = data.split, data.loaded.taxonomy
    cut = None if cfg.split.cut is None else Date(cfg.split.cut)
    # of all who were loaded: a sample leaves listed people out without a fault in the list
    unknown = 0
    if cfg.split.by == "file":
        unknown = unknown_ids(data.loaded.careers, people_file(cfg.split.test_file, cfg.data_dir))
    described = describe(data.people, taxonomy)
    used = sum(len(part) for part in (split.train, split.valid, split.test))
    return {
        "data": cfg.data.name,
        "taxonomy": {"name": taxonomy.name, "note": taxonomy.note},
        "chosen": {"split": plain(cfg, "split"), "view": plain(cfg, "view"), "targets": cfg.evaluation.targets},
        "people_in_data": len(data.loaded.careers),
        **described,
        "parts": {part: seen.counts[part] for part in ("train", "valid", "test")},
        "left_out_by_cut": described["transitions"] - used,
        "overlap": overlap(split),
        "skipped": dict(data.loaded.skipped),
        "signs": [
            {"kind": sign.kind, "n": sign.n, "text": sign.text}
            for sign in signs(data.loaded, data.people, split, cut, unknown, today)
        ],
    }


def shown(seen: Task, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """Careers of training people by chance, as a prompt shows them at their last transition, and what came next.

    Who still makes choices should look at no test person. Ids are left out.
    """
    last = last_transitions(seen.train)
    for transition in sorted(last, key=lambda t: place(t.history.person.id, seed, "inspect"))[:n]:
        yield {
            "history": events(transition.history, seen.taxonomy),
            "next": seen.taxonomy.title(transition.target),
            "when": str(transition.when),
        }
