"""`python -m reasoning_occ.ledger stats|export|prune LEDGER`: what was asked of language models, and what it cost."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from reasoning_occ.errors import UserError

_EPILOG = """examples:
  python -m reasoning_occ.ledger stats ledger.sqlite                       calls, tokens and dollars by model
  python -m reasoning_occ.ledger export ledger.sqlite calls.jsonl          every call with its answer; or calls.parquet
  python -m reasoning_occ.ledger prune ledger.sqlite --model claude-x      forget its answers: they will be paid anew
  python -m reasoning_occ.ledger prune ledger.sqlite --batch msgbatch_x    give up a batch that its provider has lost

A ledger holds what was sent of careers, and never keys, names or ids of people.
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
        if not options.ledger.is_file():
            raise UserError(f"There is no ledger {options.ledger}. A job makes one at its first call (calls.ledger).")
        options.does(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.ledger",
        description="What was asked of language models, and what it cost.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="stats|export|prune")
    stats = commands.add_parser("stats", help="calls, tokens, dollars and seconds by provider and model")
    stats.set_defaults(does=_stats)
    export = commands.add_parser("export", help="write every answered call to a file")
    export.set_defaults(does=_export)
    prune = commands.add_parser("prune", help="forget answers, or a batch; asked again, they are paid again")
    prune.set_defaults(does=_prune)
    for command in (stats, export, prune):
        command.add_argument("ledger", type=Path)
    export.add_argument("file", type=Path, help="ending in .jsonl or .parquet")
    what = prune.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", help="whose answers are forgotten")
    what.add_argument("--batch", help="id of a batch that is not collected, which is waited for no more")
    return parser


def _stats(options: argparse.Namespace) -> None:
    from rich.console import Console
    from rich.table import Table

    from reasoning_occ.reasons.calls.ledger import Ledger
    from reasoning_occ.reasons.calls.submitted import waiting

    ledger = Ledger(options.ledger)
    table = Table("provider", "model", *("calls", "input", "cached", "output", "US$", "s a call", "attempts a call"))
    for row in ledger.totals():
        priced = "unknown" if row["priced"] == 0 else f"{row['usd']:.4f}"
        if 0 < row["priced"] < row["calls"]:
            priced += f" and {row['calls'] - row['priced']:,} calls of unknown price"
        counts = [f"{row[name]:,}" for name in ("calls", "input", "cached", "output")]
        means = [f"{row['seconds']:.2f}", f"{row['attempts']:.2f}"]
        table.add_row(row["provider"], row["model"], *counts, priced, *means)
    # a file or a pipe has no width of its own, and cut off numbers help nobody
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
    for name, calls in waiting(ledger).items():
        print(f"Batch {name} of {calls:,} calls was sent and is not collected yet: the next job that needs it does.")


def _export(options: argparse.Namespace) -> None:
    from reasoning_occ.reasons.calls.ledger import Ledger

    if options.file.suffix not in (".jsonl", ".parquet"):
        raise UserError(f"{options.file}: expected a name ending in .jsonl or .parquet.")
    rows = Ledger(options.ledger).rows()
    try:
        if options.file.suffix == ".jsonl":
            with open(options.file, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            import pandas as pd

            pd.DataFrame(list(rows)).to_parquet(options.file, index=False)
    except ImportError as error:
        raise UserError("Parquet needs pyarrow: pip install pyarrow, or export to .jsonl.") from error
    except OSError as error:
        raise UserError(f"Could not write {options.file}: {error.strerror or error}.") from error


def _prune(options: argparse.Namespace) -> None:
    from reasoning_occ.reasons.calls.ledger import Ledger
    from reasoning_occ.reasons.calls.submitted import give_up

    ledger = Ledger(options.ledger)
    if options.batch is not None:
        freed = asyncio.run(give_up(ledger, options.batch))
        print(f"Batch {options.batch} is given up; its {freed:,} calls will be asked and paid anew.")
    else:
        print(f"{ledger.forget(options.model):,} answers of {options.model} are forgotten.")


if __name__ == "__main__":
    sys.exit(main())
