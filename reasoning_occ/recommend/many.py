"""Many people: batch after batch into a file, so that the same command goes on after a kill at any moment.

Beside the file to be made stands a folder with a journal, one line for each person of the input in order, good or bad.
A batch of people is added to it in one go; a start drops what is torn or not a whole batch (other neighbours would move
last digits) and goes on after the rest. When all are there, the journal becomes the file, and a second one for those
that could not be understood.
"""

import csv
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.files import alone, whole, write_json
from reasoning_occ.progress import bar
from reasoning_occ.recommend import batches
from reasoning_occ.recommend.batches import ERROR, Batch
from reasoning_occ.recommend.inputs import Entry
from reasoning_occ.recommend.reading import Reading
from reasoning_occ.recommend.recommender import Recommender
from reasoning_occ.recommend.results import Choice

COLUMNS: tuple[str, ...] = ("id", "rank", "title", "code", "probability", "reason")
PLACE = "place"
"""Of several people: where in the input one stands. A resume has no id of its own."""
SPREAD: tuple[str, ...] = ("lowest", "highest")
"""Columns of a title's least and greatest probability after any of several reasons."""

Read = Callable[[], Iterator[Batch]]
"""Opens the input and gives what is left of it in batches; may be called in another process."""
Engine = Callable[[Read], Generator[list[dict[str, Any]]]]
"""Ranks batches, wherever that is: the rows of each, in order."""


class Counts(NamedTuple):
    """How many people were answered, and how many could not be understood."""

    good: int
    bad: int


def rows(recommender: Recommender, people: Iterable[Entry], choice: Choice) -> Iterator[list[dict[str, Any]]]:
    """One row a person, a batch at a time: what `Recommended.to_row` gives, or why there is none.

    Args:
        recommender: of a run.
        people: as given.
        choice: what is shown of each ranking.

    Raises:
        UserError: the input can't be read on, or a title of the choice is unknown.
    """
    recommender.listing(choice)  # what is wrong with it is told before anybody is ranked
    for batch in batches.read(recommender.reading, people, recommender.at_once):
        yield batches.answer(recommender, batch, choice)


def write(
    recommender: Recommender,
    people: Callable[[], Iterable[Entry]],
    choice: Choice,
    output: Path,
    form: str,
    source: str,
    total: int | None,
    engine: Engine | None = None,
) -> Counts:
    """Recommend for many people into `output`, going on with what an earlier start left.

    Args:
        recommender: of a run.
        people: opens the input anew.
        choice: what is shown of each ranking.
        output: the file; those that could not be understood come into the one of the same name with `.bad.jsonl`.
        form: jsonl or csv.
        source: stands for the input's content.
        total: how many people, for the bar.
        engine: ranks; `None`: the recommender itself, in this process.

    Raises:
        UserError: the file is there already, was begun otherwise, or can't be written.
    """
    work = output.with_name(f".{output.name}.work")
    if output.exists() and not work.exists():
        raise UserError(f"--output: {output} is there already. Take it away to make it anew, or name another file.")
    recommender.listing(choice)  # what is wrong with it is told before anybody is ranked
    with alone(work):
        journal = work / "journal.jsonl"
        begun = journal.is_file() and journal.stat().st_size > 0
        _same(work / "job.json", _job(recommender, choice, form, source), output, begun)
        done = _keep(journal, recommender.at_once)
        with bar(apart=True) as display:
            task = display.add_task("People", total=total, completed=done, note="")
            left = partial(_left, recommender.reading, people, recommender.at_once, journal.resolve(), done)
            with (
                open(journal, "a", encoding="utf-8", newline="\n") as file,
                closing((engine or _here(recommender, choice))(left)) as answered,
            ):
                for batch in answered:
                    _append(file, batch, journal)
                    display.advance(task, len(batch))
        counts = _finish(journal, output, columns(recommender) if form == "csv" else None)
    shutil.rmtree(work, ignore_errors=True)
    return counts


def _here(recommender: Recommender, choice: Choice) -> Engine:
    return lambda left: (batches.answer(recommender, batch, choice) for batch in left())


def _left(
    reading: Reading, people: Callable[[], Iterable[Entry]], at_once: int, journal: Path, done: int
) -> Iterator[Batch]:
    """The people who are not in the journal yet, in batches."""
    before = islice(_read(journal), done) if done else ()
    earlier = (row["person"] for row in before if ERROR not in row)
    return batches.read(reading, islice(people(), done, None), at_once, earlier)


def content(path: Path) -> str:
    """Stands for the content of an input file or folder."""
    from reasoning_occ.files import checksum

    return checksum(path)


def columns(recommender: Recommender, several: bool = True) -> tuple[str, ...]:
    """Of a table: with each one's place where it has several people, and the spread where reasons are drawn."""
    return (*((PLACE,) if several else ()), *COLUMNS, *(SPREAD if recommender.drawn > 1 else ()))


def to_csv(one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each title, for a table."""
    for title in one["ranked"]:
        values = {key: title[key] for key in ("rank", "title", "code", "probability")}
        each = title.get("by_reason")
        spread = {} if each is None else {"lowest": min(each), "highest": max(each)}
        place = {PLACE: one[PLACE]} if PLACE in one else {}
        yield {**place, "id": one["person"], **values, "reason": one["reason"], **spread}


def _job(recommender: Recommender, choice: Choice, form: str, source: str) -> dict[str, Any]:
    run = recommender.run
    how = {"reason": run.cfg.inference.reason, "samples": run.cfg.inference.samples, "batch": recommender.at_once}
    return {"run": str(run.folder.resolve()), "choice": json.loads(json.dumps(asdict(choice))), "format": form} | {
        "input": source,
        **how,
    }


def _same(path: Path, job: dict[str, Any], output: Path, begun: bool) -> None:
    """Put on record what is done; what nobody was answered for may be replaced by something else."""
    if not path.is_file() or not begun:
        write_json(path, job)
        return
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        known = {}
    other = [key for key in job if known.get(key) != job[key]]
    if other:
        raise UserError(
            f"--output: {output} was begun with another {other[0]}. Give the same command again to go on with it, name "
            f"another file, or take {path.parent} away to begin anew."
        )


def _keep(journal: Path, at_once: int) -> int:
    """Cut a journal back to whole batches; how many people it then holds. Read line by line."""
    if not journal.is_file():
        return 0
    good, place, lines = 0, 0, 0
    with open(journal, "r+b") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            place, lines = place + len(line), lines + 1
            if lines % at_once == 0:
                good = place
        file.truncate(good)
    return lines // at_once * at_once


def _append(file: IO[str], batch: list[dict[str, Any]], path: Path) -> None:
    try:
        file.write("".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in batch))
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"Could not write {path}: {error.strerror or error}. Free some space.") from error


def _finish(journal: Path, output: Path, table: tuple[str, ...] | None) -> Counts:
    """The journal as the two files that are wanted, each whole or not at all; none for nobody bad.

    table: columns of a CSV; `None` for JSONL.
    """
    side = output.with_name(f"{output.name}.bad.jsonl")
    bad = sum(ERROR in row for row in _read(journal))
    if bad:
        with whole(side) as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in _read(journal) if ERROR in row)
    else:
        side.unlink(missing_ok=True)
    good = 0
    with whole(output) as file:
        told = csv.DictWriter(file, table or (), lineterminator="\n")
        if table:
            told.writeheader()
        for row in _read(journal):
            if ERROR in row:
                continue
            good += 1
            if table:
                told.writerows(to_csv(row))
            else:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return Counts(good, bad)


def _read(journal: Path) -> Iterator[dict[str, Any]]:
    with open(journal, encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)
