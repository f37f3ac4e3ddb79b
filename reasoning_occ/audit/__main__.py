"""`python -m reasoning_occ.audit RUN_DIR`: find out how far the scores of a run's judge can be trusted."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reasoning_occ.errors import UserError

_EPILOG = """examples:
  python -m reasoning_occ.audit runs/joint-...                              write audit.html and audit.json into it
  python -m reasoning_occ.audit runs/joint-... --sample 20 --repeat 0       a cheap first look
  python -m reasoning_occ.audit runs/joint-... --label-template labels.csv  write reasons for people to score; no more
  python -m reasoning_occ.audit runs/joint-... --labels labels.csv          the same audit, beside people's scores

What is asked: the run's own judge scores changed reasons, which it must like less: told of another person, their
sentences shuffled, said to explain another occupation, with planted mistakes. Where its answers may differ from one
time to the next it is asked the same again. A built-in judge costs nothing. One that is a model needs
about 12 + 3 R calls a transition (15 for --repeat 0), 2,100 by default; ledger and budget are those of the run
(calls.ledger, calls.budget_usd), and what was answered is not asked again by a second audit.

The run needs its oracle reasons (reasons.jsonl); training may still go on.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence or Ctrl-C. A wrong usage exits with 2 (argparse).
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.repeat == 1:
        parser.error("--repeat 1 asks nobody twice; give 2 or more, or 0 to leave this out")
    try:
        from reasoning_occ.audit.work import audit, template

        if options.label_template is not None:
            path = template(options.folder, options.label_template, options.sample, options.seed)
            print(f"To fill in: {path}. Then: python -m reasoning_occ.audit {options.folder} --labels {path}")
        else:
            page = audit(options.folder, options.sample, options.repeat, options.labels, options.seed)
            print(f"Audit: {page}")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was answered is kept; the same command goes on.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.audit",
        description="Find out how far the scores of a run's judge can be trusted: one page, audit.html, with its "
        "numbers in audit.json.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="RUN_DIR", help="the folder of a run that learns from reasons")
    parser.add_argument(
        "--sample", type=_above_0, default=100, metavar="N", help="transitions to audit, by chance (default: 100)"
    )
    parser.add_argument(
        "--repeat", type=_from_0, default=3, metavar="R", help="rounds of the same questions (default: 3; 0: none)"
    )
    parser.add_argument("--labels", type=Path, metavar="FILE", help="filled-in CSV of people's scores")
    parser.add_argument("--label-template", type=Path, metavar="FILE", help="write that CSV, to be filled in, and stop")
    parser.add_argument("--seed", type=_from_0, default=None, help="of sample and draws (default: the run's)")
    return parser


def _from_0(word: str) -> int:
    if not word.isascii() or not word.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got '{word}'")
    return int(word)


def _above_0(word: str) -> int:
    if _from_0(word) == 0:
        raise argparse.ArgumentTypeError("expected a whole number above 0")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
