"""Writes an export: what was learnt, the tokenizer, what our own commands need, and a card."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from reasoning_occ.config import trains
from reasoning_occ.errors import UserError
from reasoning_occ.export.card import Weights, card
from reasoning_occ.files import write_json
from reasoning_occ.identity import weights_checksum
from reasoning_occ.recommend import exported
from reasoning_occ.recommend.opened import Opened, opened
from reasoning_occ.recommenders.kept import FILE as LEARNT
from reasoning_occ.report.jobs import read_object


def export(run_dir: Path, output: Path, *, merge: bool, base_name: str | None) -> list[str]:
    """Write what a run learnt into `output`, whole or not at all.

    Args:
        run_dir: of a finished run that trained a model, or a baseline that keeps what it learnt.
        output: the folder, which must not be there.
        merge: write all weights (fp32), the adapter added to those it belongs to.
        base_name: what adapter_config.json is to name the base by; `None`: as the run does.

    Returns:
        What the user should know, a sentence each.

    Raises:
        UserError: nothing that is kept was learnt, the folder is there, or the base can't be read.
    """
    if output.exists():
        raise UserError(f"--output: {output} is there already. Take it away, or name another folder.")
    run = opened(run_dir, None)
    if (run_dir / exported.FILE).is_file():
        raise UserError(f"{run_dir} is an export; give the folder of the run that it was made from.")
    if not trains(run.cfg):
        return _baseline(run, output, merge or base_name is not None)
    adapters = _adapters(run_dir)
    full = run.cfg.trainer.lora is None
    if merge and len(adapters) > 1:
        raise UserError(f"--merge: {run_dir} has {len(adapters)} adapters on one model; export it without --merge.")
    merged, base = merge or full, weights_checksum(run.cfg)
    name = read_object(run_dir / "metrics.json")["recommender"]
    known = exported.told(run.cfg, run.published, name, base, merged, run.temperature)

    def fill(beside: Path) -> None:
        for name in adapters:
            if merge and not full:
                _merge(run, beside)
            else:
                shutil.copytree(run.adapters(name), beside / name, dirs_exist_ok=True)
                _name_base(beside / name, base_name)
        write_json(beside / exported.FILE, known)
        told = card(run, Weights(base, merged, adapters))
        (beside / "README.md").write_text(told, encoding="utf-8")

    _whole(output, fill)
    return _notes(run, output, merged)


def _baseline(run: Opened, output: Path, of_a_model: bool) -> list[str]:
    """An export of what a baseline learnt. of_a_model: whether something was asked that a language model alone has."""
    if not (run.folder / LEARNT).is_file():
        raise UserError(f"{run.folder} trained no model that it keeps, so there is nothing to export.")
    if of_a_model:
        raise UserError(f"--merge, --base-name: {run.folder} is a baseline without a language model; leave them out.")
    name = read_object(run.folder / "metrics.json")["recommender"]
    known = exported.told(run.cfg, run.published, name, None, False, run.temperature)

    def fill(beside: Path) -> None:
        shutil.copyfile(run.folder / LEARNT, beside / LEARNT)
        write_json(beside / exported.FILE, known)
        (beside / "README.md").write_text(card(run, None), encoding="utf-8")

    _whole(output, fill)
    return []


def _whole(output: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a hidden folder beside `output`, then give it that name.

    Raises:
        UserError: the disk is full or the folder can't be written; nothing is left behind.
    """
    beside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        beside.mkdir(parents=True)
        fill(beside)
        for file in (one for one in beside.rglob("*") if one.is_file()):  # two adapters have a folder each
            with open(file, "rb") as content:
                os.fsync(content.fileno())
        beside.rename(output)
    except (OSError, SafetensorError) as error:
        told = getattr(error, "strerror", None) or error
        raise UserError(f"Could not write {output}: {told}. Free some space or name another folder.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _adapters(run_dir: Path) -> tuple[str, ...]:
    """Names of what was learnt, which are folders too; "" for a lone one."""
    names = tuple(sorted(file.parent.parent.name for file in run_dir.glob("*/adapter/adapter_config.json")))
    return names or ("",)


def _merge(run: Opened, folder: Path) -> None:
    """All weights in fp32, with the adapter added."""
    from reasoning_occ.making import backbone
    from reasoning_occ.models import title_head
    from reasoning_occ.models.lora import load_adapter
    from reasoning_occ.task import Task

    start = backbone(run.cfg, Task(run.seen, run.published, (), (), (), {}, {}))
    adapted: Any = load_adapter(start.model.float(), run.adapters(""))
    adapted.merge_and_unload().save_pretrained(folder)
    start.tokenizer.save_pretrained(folder)
    if (head := run.adapters("") / title_head.FILE).is_file():
        shutil.copyfile(head, folder / title_head.FILE)


def _name_base(folder: Path, base_name: str | None) -> None:
    path = folder / "adapter_config.json"
    if base_name is None or not path.is_file():
        return
    known = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, {**known, "base_model_name_or_path": base_name})


def _notes(run: Opened, output: Path, merged: bool) -> list[str]:
    if merged:
        return []
    named = [json.loads(f.read_text(encoding="utf-8")) for f in sorted(output.rglob("adapter_config.json"))]
    place = named[0]["base_model_name_or_path"]
    if not Path(place).is_absolute():
        return []
    return [
        f"adapter_config.json names the base by its place on this machine ({place}): elsewhere peft won't find it. "
        "--base-name names one on a hub; --merge writes all weights. python -m reasoning_occ.recommend finds "
        f"{run.cfg.model.name} by itself or by --base, and refuses other weights."
    ]
