"""`python -m reasoning_occ.report DIR`: print the table of a run or sweep, and write table or page again."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reasoning_occ.errors import UserError

FORMATS = ("text", "markdown", "csv", "latex", "html")

_EPILOG = """examples:
  python -m reasoning_occ.report sweeps/NAME                       how far a sweep is, and its table
  python -m reasoning_occ.report runs                              one table over every run so far
  python -m reasoning_occ.report sweeps/NAME --format latex        for a paper, on standard output
  python -m reasoning_occ.report sweeps/NAME --metrics AccEM,MRR   these metrics alone
  python -m reasoning_occ.report sweeps/NAME --against direct      every row less direct, tested in pairs
  python -m reasoning_occ.report sweeps/NAME --expect FILE         are the figures those that FILE says?

Reads what the jobs have written (metrics.json, scores.jsonl, ...); nothing is scored again, and a sweep may
still be running. Exits with 0 where all jobs of a sweep are done, else with 1.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence, and where jobs of a sweep are not done. A wrong
        usage exits with 2 (argparse).
    """
    options = _parser().parse_args(argv)
    try:
        done = report(options.folder, options.format, options.metrics, options.against)
        as_expected = _expected(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if done and as_expected else 1


def _expected(options: argparse.Namespace) -> bool:
    """Write what is expected of such jobs, or compare with it; whether they give it."""
    from reasoning_occ.report import expected
    from reasoning_occ.report.content import METRICS

    if options.write_expected is not None:
        metrics = options.metrics or METRICS
        expected.write(options.folder, options.write_expected, metrics, options.tolerance, options.command)
        print(f"Written: {options.write_expected}", file=sys.stderr)
    if options.expect is None:
        return True
    found = expected.check(options.folder, options.expect)
    print("\n".join(found.off), end="\n" * bool(found.off), file=sys.stderr)
    told = f"{len(found.off)} differ" if found.off else "all as expected"
    print(f"{found.compared} figures compared with {options.expect}: {told}.", file=sys.stderr)
    return not found.off


def report(folder: Path, form: str, metrics: Sequence[str] | None, against: str | None = None) -> bool:
    """Print the table of the jobs in `folder` in the format `form`; write a sweep's table in all formats, a run's
    page.

    Args:
        folder: of a run, or above those of several.
        form: one of `FORMATS`.
        metrics: to show; `None` for those that tables show.
        against: the row that all others are compared with; `None`: `evaluation.against` of the jobs.

    Returns:
        Whether all jobs of a sweep are done; true for what is no sweep.

    Raises:
        UserError: no finished job outside a sweep, or a file of one can't be read.
    """
    from rich.console import Console

    from reasoning_occ.report.content import METRICS
    from reasoning_occ.report.formats import FORMATS as WRITERS
    from reasoning_occ.report.formats import show
    from reasoning_occ.report.jobs import is_job, is_sweep
    from reasoning_occ.report.sweep import lines, states
    from reasoning_occ.report.table import compose, write

    jobs = states(folder) if is_sweep(folder) else []
    if jobs:
        # to a person with the table, else not into what a program reads
        print("\n".join(lines(jobs)), file=sys.stdout if form == "text" else sys.stderr)
    if jobs and not any(job.state == "done" for job in jobs):
        return False
    found = compose(folder, metrics or METRICS, against)
    if form == "text":
        show(found, Console())
    else:
        print(WRITERS[form][1](found), end="")
    if is_job(folder):
        from reasoning_occ.report.page import write_report

        print(f"Page: {write_report(folder)}", file=sys.stderr)
    else:
        endings = ",".join(path.suffix[1:] for path in write(found, folder))
        print(f"Tables: {folder / 'table'}.{{{endings}}}", file=sys.stderr)
    return all(job.state == "done" for job in jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.report",
        description="Print the table of a run or of a sweep, and write it again: table.{txt,md,csv,tex,html} into a "
        "sweep's folder, report.html into a run's.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of a run, of a sweep, or of many runs")
    parser.add_argument("--format", choices=FORMATS, default="text", help="what to print (default: text)")
    parser.add_argument(
        "--metrics",
        type=lambda words: [word.strip() for word in words.split(",") if word.strip()],
        help="metrics to show, by commas, such as AccEM,Hit@5,MRR",
    )
    parser.add_argument(
        "--against", metavar="ROW", help="compare every row with this one, pair by pair, such as direct"
    )
    parser.add_argument(
        "--expect", type=Path, metavar="FILE", help="an expected.json: exit with 1 unless the jobs give its figures"
    )
    parser.add_argument("--write-expected", type=Path, metavar="FILE", help="write these figures as an expected.json")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.01,
        help="how far a figure and its interval may be off, for --write-expected (0.01)",
    )
    parser.add_argument("--command", default="", help="the command that made the jobs, for --write-expected")
    return parser


if __name__ == "__main__":
    sys.exit(main())
