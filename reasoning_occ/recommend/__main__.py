"""`python -m reasoning_occ.recommend run=RUN_DIR CAREER`: what comes next for a person, or for many."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reasoning_occ.errors import UserError

FORMATS = ("table", "json", "jsonl", "csv")

_EPILOG = """examples:
  python -m reasoning_occ.recommend run=runs/joint-... resume.json            a JSON Resume, or a career of ours
  ... resume.json --reasons 8                                                 the mean over 8 reasons drawn
  ... resume.json --given "Chief Executives" --exclude Actors --min-job-zone 3
  ... resume.json --what-if "drop 2" --what-if "add 2015-03 Cooks"
  ... resume.json --what-if "add education 2015 Master"
  cat resume.json | python -m reasoning_occ.recommend run=runs/joint-... -
  ... people.jsonl --output answers.jsonl                                     thousands; the same command goes on

Of a resume, job titles, dates and education are read, and nothing else: no name, contact or employer. Titles are found
by name or alias, else the nearest one is guessed and marked. A history is what was known when the present job began.

Many people: .jsonl (one a line), a list in .json, a folder of .json, or a table (.csv, .tsv, .parquet) with one job a
row, a person's rows together, and the columns id, occupation, start; also end, birth_year, hours, region, pay, sector,
tenure_years, full_time, wage; a row with education in place of an occupation is something learned at start. Who can't
be understood stands with the reason in OUTPUT.bad.jsonl.

Ranks and probabilities are those of the whole ranking, whatever is left out of the list. Not for decisions about
people. Exit codes: 0; 1 an error, told in a sentence; 2 a command that can't be read.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence. A wrong usage exits with 2 (argparse).
    """
    options = _parser().parse_args(argv)
    try:
        from reasoning_occ.recommend.work import work

        work(options)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; with --output, the same command goes on.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.recommend",
        description="What comes next for a career, why, and how sure: by a finished run, or an export of one.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="run=RUN_DIR", type=_run, help="the folder of a finished run or of an export")
    parser.add_argument("input", help="a file or folder, or - for standard input")
    parser.add_argument("--k", type=_from_1, default=10, metavar="N", help="titles to show (default: 10)")
    parser.add_argument("--format", choices=FORMATS, help="default: table for one person, jsonl for many")
    parser.add_argument("--reasons", type=_from_1, metavar="K", help="mean probability over K reasons drawn")
    parser.add_argument(
        "--given", action="append", default=[], metavar="TITLE", help="tell rank and probability of this title, too"
    )
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="TITLE", help="leave a title out of the list (repeatable)"
    )
    parser.add_argument(
        "--min-job-zone", type=int, choices=range(1, 6), help="leave out what needs less preparation (O*NET titles)"
    )
    parser.add_argument(
        "--related", action="store_true", help="put titles under one above them that they are related to"
    )
    parser.add_argument(
        "--what-if",
        action="append",
        default=[],
        metavar="EDIT",
        help="drop or add a line and see what moves (repeatable)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="of many people; can be gone on with after a cut")
    parser.add_argument("--data-dir", metavar="DIR", help="where O*NET's files lie (default: as for the run)")
    parser.add_argument("--base", metavar="MODEL", help="folder, .gguf file or hub name of the weights it starts from")
    return parser


def _run(word: str) -> Path:
    return Path(word.removeprefix("run=")).expanduser()


def _from_1(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got '{word}'")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
