"""What the command does, once its words are read."""

import sys
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from reasoning_occ.errors import UserError
from reasoning_occ.progress import console
from reasoning_occ.recommend import inputs, many, show
from reasoning_occ.recommend.inputs import Entry
from reasoning_occ.recommend.newest import chosen
from reasoning_occ.recommend.reading import Understood
from reasoning_occ.recommend.recommender import Recommender
from reasoning_occ.recommend.results import Choice
from reasoning_occ.recommend.what_if import edited, moved

NOBODY = "Nobody could be understood, so nobody was ranked."


def work(options: Namespace) -> None:
    """Recommend for one person or many.

    Args:
        options: of the command.

    Raises:
        UserError: in one sentence, what to mend.
    """
    if options.titles:
        _titles(options)
        return
    choice = Choice(options.k, tuple(options.given), tuple(options.exclude), options.min_job_zone, options.related)
    people: Iterable[Entry] | None = None
    text, path = None, Path(options.input).expanduser()
    if options.input == "-":
        if options.output is not None:
            raise UserError("--output: standard input can't be read again after a cut; give a file.")
        text, people = inputs.standard_input()
        people = people if text is None else None
    elif inputs.many(path):
        people = inputs.entries(path)
    if people is not None and (options.what_if or options.format in ("table", "json")):
        raise UserError(f"{options.input}: --what-if and --format table and json are for one person; this holds many.")
    if options.what_if and options.format == "csv":
        raise UserError("--what-if: a table of titles can't tell before from after; give --format json, or none.")
    if options.workers is not None and options.engine != "ray":
        raise UserError("--workers: it says how many --engine ray has; give both, or neither.")
    if options.engine == "ray" and (people is None or options.output is None):
        raise UserError("--engine ray: it is for many people in a file, and writes one: give --output, too.")
    if people is None and options.output is not None:
        raise UserError("--output: one person is printed; it is for many (.jsonl, .csv, .parquet, a folder).")
    run = chosen(options.run)
    with console.status("Opening the run"):
        recommender = Recommender.load(run, reasons=options.reasons, data_dir=options.data_dir, base=options.base)
    if people is None:
        _one(recommender, recommender.understand(path) if text is None else _typed(recommender, text), choice, options)
    elif options.output is None:
        _stream(recommender, people, choice, options.format or "jsonl")
    else:
        _into_file(recommender, path.resolve(), choice, options)


def _titles(options: Namespace) -> None:
    from reasoning_occ.recommend.opened import opened

    for occupation in opened(chosen(options.run), options.data_dir).published:
        print(occupation.title)


def _typed(recommender: Recommender, text: str) -> Understood:
    try:
        return recommender.reading.json(text, "stdin")
    except UserError as error:
        raise UserError(f"standard input: {error}.") from error


def _one(recommender: Recommender, person: Understood, choice: Choice, options: Namespace) -> None:
    # an edit that can't be made is told before anything is ranked
    changed = edited(person, options.what_if, recommender.reading) if options.what_if else None
    (told,) = recommender.recommend_all([person], choice)
    form = options.format or "table"
    after = changes = None
    if changed is not None:
        (after,) = recommender.recommend_all([changed], choice)
        # each list's titles in the other ranking
        codes = [tuple(one.code for one in each.ranked) for each in (told, after)]
        both = zip((person, changed), reversed(codes), strict=True)
        known = [
            next(recommender.recommend_all([one], replace(choice, given=(*choice.given, *other))))
            for one, other in both
        ]
        changes = moved(*known, asked=[one.code for one in told.given])
    if form == "table":
        from rich.console import Console

        screen = Console()
        show.show(told, screen)
        if after is not None and changes is not None:
            show.show_moved(options.what_if, after, changes, screen)
    elif form == "csv":
        show.as_csv([told], many.columns(recommender, several=False))
    else:
        show.as_json(told, form == "jsonl", options.what_if, after, changes or ())


def _stream(recommender: Recommender, people: Iterable[Entry], choice: Choice, form: str) -> None:
    """Print as people come; who can't be understood is told on standard error."""
    import csv
    import json

    writer = csv.DictWriter(sys.stdout, many.columns(recommender), lineterminator="\n")
    if form == "csv":
        writer.writeheader()
    good = bad = 0
    for batch in many.rows(recommender, people, choice):
        for row in batch:
            if many.ERROR in row:
                bad += 1
                print(f"{row['place']}: {row[many.ERROR]}", file=sys.stderr)
                continue
            good += 1
            if form == "csv":
                writer.writerows(many.to_csv(row))
            else:
                print(json.dumps(row, ensure_ascii=False))
        sys.stdout.flush()
    if bad:
        print(f"{bad} could not be understood and are left out.", file=sys.stderr)
    if not good:
        raise UserError(NOBODY)


def _into_file(recommender: Recommender, path: Path, choice: Choice, options: Namespace) -> None:
    engine = None
    if options.engine == "ray":
        from reasoning_occ.recommend import cluster

        places = (None if word is None else _place(word) for word in (options.data_dir, options.base))
        opening = cluster.Opening(recommender.run.folder.resolve(), options.reasons, *places)
        engine = cluster.engine(opening, choice, options.workers)
    counts = many.write(
        recommender,
        partial(inputs.entries, path),
        choice,
        options.output,
        options.format or ("csv" if options.output.suffix.lower() == ".csv" else "jsonl"),
        many.content(path),
        inputs.count(path),
        engine,
    )
    side = f"; {counts.bad} could not be understood: {options.output}.bad.jsonl" if counts.bad else ""
    print(f"{counts.good} people: {options.output}{side}", file=sys.stderr)
    if not counts.good:
        raise UserError(NOBODY)


def _place(word: str) -> str:
    """A path as it is from anywhere on this machine; a name on a hub as it is."""
    path = Path(word).expanduser()
    return str(path.resolve()) if path.exists() else word
