"""`python -m reasoning_occ.recommend [run=RUN_DIR] CAREER`: what comes next for a person, or for many."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from reasoning_occ.errors import UserError

FORMATS = ("table", "json", "jsonl", "csv")

# words as of `python -m reasoning_occ.run` and of the page
_AS_OPTIONS = {"engine=": "--engine=", "data_dir=": "--data-dir="}
_EPILOG = """examples:
  python -m reasoning_occ.recommend resume.json                         by the newest finished run in runs/
  python -m reasoning_occ.recommend run=runs/joint-... resume.json      by this one
  cat resume.json | python -m reasoning_occ.recommend -                 standard input: one career, or one a line
  python -m reasoning_occ.recommend --titles                            the titles it knows
  python -m reasoning_occ.recommend people.jsonl --output answers.jsonl thousands; the same command goes on after a cut

The input: a JSON Resume or a career of ours (.json). Of a resume, job titles, dates and education are read, and nothing
else: no name, contact or employer. Titles are found by name or alias, else guessed and marked: of O*NET's by what most
of its sources call so and by everyday titles, of the embedded survey's by the words of a title, else by likeness. A
history is what was known when the present job began.

Many people: .jsonl (one a line), a list in .json, a folder of .json, or a table (.csv, .tsv, .parquet) with one job a
row, a person's rows together, and the columns id, occupation, start; also end, birth_year, hours, region, pay, sector,
tenure_years, full_time, wage; a row with education in place of an occupation is something learned at start. Who can't
be understood stands with the reason in OUTPUT.bad.jsonl.

--engine ray ranks many people on the cluster in RAY_ADDRESS, else on a Ray that is started here and ends with the work.
Rows are the same as without. The run's folder, its data and its weights must lie at the same place on every machine;
the input and OUTPUT lie on this one. After a cut the same command keeps every batch that had been answered in order and
ranks the rest; what was under way on a worker is ranked again. It may be given with or without --engine ray.

Ranks and probabilities are those of the whole ranking, whatever is left out of the list, at the run's temperature
(evaluation.temperature) where it has one. Not for decisions about people. Exit codes: 0; 1 an error, told in a
sentence; 2 a command that can't be read.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence. A wrong usage exits with 2 (argparse).
    """
    parser = _parser()
    options = parser.parse_intermixed_args([_as_option(word) for word in (sys.argv[1:] if argv is None else argv)])
    _sort(parser, options)
    if options.input is None and not options.titles:
        parser.error("a career is missing: the file or folder with it, or - for standard input")
    try:
        from reasoning_occ.recommend.work import work

        work(options)
    except UnicodeDecodeError:
        print("standard input: expected text in UTF-8, as a JSON Resume is; save it so.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads has enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; with --output, the same command goes on.", file=sys.stderr)
        return 1
    return 0


def _as_option(word: str) -> str:
    return next((option + word[len(key) :] for key, option in _AS_OPTIONS.items() if word.startswith(key)), word)


def _sort(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Which of the one or two words is the run: the one with run=; of two without, or with --titles, the first."""
    words = [word for word in (options.run, options.input) if word is not None]
    runs = [word for word in words if word.startswith("run=")]
    if not runs and (len(words) == 2 or options.titles):
        runs = words[:1]
    others = [word for word in words if word not in runs]
    if runs and not runs[0].removeprefix("run="):
        parser.error("run= is empty: give the folder of a run, as in run=runs/joint-0123456789, or leave run= out")
    options.run = Path(runs[0].removeprefix("run=")).expanduser() if runs else None
    options.input = others[0] if others else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.recommend",
        description="What comes next for a career, why, and how sure: by a finished run, or an export of one.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "run",
        metavar="run=RUN_DIR",
        nargs="?",
        help="the folder of a finished run or of an export; left out: the newest finished run in runs/",
    )
    add("input", metavar="CAREER", nargs="?", help="a file or folder, or - for standard input")
    add("--titles", action="store_true", help="print the titles that the run knows, one a line, and stop")
    shown = parser.add_argument_group("what is shown").add_argument
    shown("--k", type=_from_1, default=10, metavar="N", help="titles to show, as in --k 5 (default: 10)")
    shown(
        "--format",
        choices=FORMATS,
        help="default: table for one person, jsonl for many; --format csv has a row a title",
    )
    shown(
        "--given", action="append", default=[], metavar="TITLE", help='tell its rank, too: --given "Chief Executives"'
    )
    shown("--exclude", action="append", default=[], metavar="TITLE", help="leave it out of the list: --exclude Actors")
    shown(
        "--min-job-zone",
        type=int,
        choices=range(1, 6),
        help="leave out what needs less preparation: --min-job-zone 3 (O*NET titles)",
    )
    shown("--related", action="store_true", help="put titles under one above them that they are related to")
    shown(
        "--what-if",
        action="append",
        default=[],
        metavar="EDIT",
        help='edit the history and see what moves: --what-if "drop 2" --what-if "change 1 Bakers" --what-if "add '
        '2015-03 Cooks" --what-if "add education 2015 Master"',
    )
    ranked = parser.add_argument_group("how it is ranked").add_argument
    ranked(
        "--reasons",
        type=_from_1,
        metavar="K",
        help="mean probability over K reasons drawn, with the lowest and highest: --reasons 8",
    )
    ranked(
        "--data-dir",
        metavar="DIR",
        help="where O*NET's files lie, in DIR/onet, and data that the run needs again (default: the run's own "
        "data_dir, else REASONING_OCC_DATA)",
    )
    ranked(
        "--base",
        metavar="MODEL",
        help="the weights that an adapter starts from: --base models/Qwen3-8B (a folder, .gguf file or hub name)",
    )
    several = parser.add_argument_group("many people").add_argument
    several("--output", type=Path, metavar="FILE", help="write here and go on after a cut: --output answers.jsonl")
    several("--engine", choices=("local", "ray"), default="local", help="--engine ray: on more than one machine")
    several(
        "--workers",
        type=_from_1,
        metavar="N",
        help="of --engine ray, each with the model in memory (default: one a GPU, else one a machine)",
    )
    return parser


def _from_1(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got '{word}'")
    return int(word)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what lies in /tmp goes
    sys.exit(main())
