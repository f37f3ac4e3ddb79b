"""`python -m reasoning_occ.app [run=RUN_DIR]`: a page in the browser over a finished run."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reasoning_occ.errors import UserError

_EPILOG = """examples:
  python -m reasoning_occ.app                                                 the newest finished run in runs/
  python -m reasoning_occ.app run=runs/joint-...                              this one; open http://127.0.0.1:7860
  python -m reasoning_occ.app run=runs/joint-... runs=sweeps/NAME             with a sweep's table and pictures
  python -m reasoning_occ.app run=runs/joint-... port=8000 reasons=8          another port; the mean over 8 reasons
  python -m reasoning_occ.app run=runs/direct-... data_dir=FOLDER             where O*NET's files lie

Four tabs. Try it: build, paste or upload a career, see the reason held against it, what comes next and how sure, and
what an edit moves. People: test people, by slice, right or wrong, two runs side by side. Runs: the table, paired tests
and pictures of a sweep. Judge: oracle reasons with their verdicts, and a form for your own scores, which go to
RUN_DIR/labels/NAME.csv, as `python -m reasoning_occ.audit RUN_DIR --labels` reads them.

Only this machine can open it, and nothing is sent anywhere. A career stays in the browser and in memory; no file gets
uploaded. Ctrl-C ends it. It needs gradio: pip install "reasoning-occ[app]". Not for decisions about people.
Exit codes: 0; 1 an error, told in a sentence; 2 a command that can't be read.
"""
PORT, REASONS = 7860, 4


class Words(NamedTuple):
    """What was asked for. run: `None` for the newest finished one; runs: the folder of a sweep or of many runs;
    reasons: drawn for a person, where the run writes any; data_dir: where official files lie, `None`: as the run."""

    run: Path | None
    runs: Path | None
    port: int
    reasons: int
    data_dir: str | None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence. A wrong usage exits with 2 (argparse).
    """
    words = read(argv)
    try:
        from reasoning_occ.app.serving import serve

        serve(words)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    return 0


def read(argv: Sequence[str] | None) -> Words:
    """The command's words; what can't be read exits with 2."""
    parser = _parser()
    given: dict[str, str] = {}
    for word in parser.parse_args(argv).words:
        key, equals, value = word.partition("=")
        key, value = (key, value) if equals else ("run", word)  # as for `python -m reasoning_occ.recommend`
        if key not in Words._fields or not value:
            parser.error(f"'{word}': expected {', '.join(f'{name}=...' for name in Words._fields)}")
        if key in given:
            parser.error(f"{key}= is given twice")
        given[key] = value
    return Words(
        run=Path(given["run"]).expanduser() if "run" in given else None,
        runs=Path(given["runs"]).expanduser() if "runs" in given else None,
        port=_number(parser, given, "port", PORT, 65535),
        reasons=_number(parser, given, "reasons", REASONS, 64),
        data_dir=given.get("data_dir"),
    )


def _number(parser: argparse.ArgumentParser, given: dict[str, str], key: str, default: int, most: int) -> int:
    word = given.get(key, str(default))
    if not word.isascii() or not word.isdigit() or len(word) > 5 or not 1 <= int(word) <= most:
        parser.error(f"{key}: expected a whole number from 1 to {most}, got '{word}'")
    return int(word)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.app",
        usage="%(prog)s [run=RUN_DIR] [runs=SWEEP_DIR] [port=7860] [reasons=4] [data_dir=DIR]",
        description="A page in the browser over a finished run: try it on a career, look at its test people, at a "
        "sweep's table, and at its judge.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", metavar="WORD=VALUE", help="run=, runs=, port=, reasons=, data_dir=")
    return parser


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # all is closed by now; a thread that still ranks for a page that is gone would make an ordinary exit abort
    os._exit(code)
