"""`python -m reasoning_occ.dashboard ENTITY/PROJECT`: a workspace, and a report of a sweep, on Weights & Biases."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from reasoning_occ.dashboard.specification import Report, Workspace

_EPILOG = """examples:
  python -m reasoning_occ.dashboard my-team/reasoning_occ                        the workspace
  python -m reasoning_occ.dashboard my-team/reasoning_occ --sweep sweeps/NAME    and the report of a sweep
  python -m reasoning_occ.dashboard my-team/reasoning_occ --print                show all of it, send nothing

Shows what runs with logger=wandb have sent. Given again, it updates both and adds nothing: changes of your own
belong in a copy. Needs `pip install "reasoning-occ[dashboard]"` and a login, --print neither.
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
        _work(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _work(options: argparse.Namespace) -> None:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", options.place):
        raise UserError(f"Expected ENTITY/PROJECT, such as my-team/reasoning_occ; got '{options.place}'.")
    if options.against is not None and options.sweep is None:
        raise UserError("--against compares the rows of a sweep: name its folder with --sweep.")
    from reasoning_occ.dashboard.specification import workspace
    from reasoning_occ.dashboard.sweep import report

    entity, project = options.place.split("/")
    view = workspace(entity, project)
    page = None if options.sweep is None else report(options.sweep, entity, project, options.against)
    if options.print:
        _show(view, page)
        return
    from reasoning_occ.dashboard import send

    send.check()
    print(f"Workspace: {send.save_workspace(view)}")
    if page is not None and options.sweep is not None:
        print(f"Report: {send.save_report(page)}")
        _warn(options.sweep)


def _show(view: "Workspace", page: "Report | None") -> None:
    import json
    from dataclasses import asdict

    told = {"workspace": asdict(view), "report": None if page is None else asdict(page)}
    print(json.dumps(told, indent=2, ensure_ascii=False))


def _warn(sweep: Path) -> None:
    """Jobs that pictures lack though they stand in the table."""
    from reasoning_occ.dashboard.sweep import not_logged

    missing = not_logged(sweep)
    if missing:
        print(
            f"{len(missing)} of its jobs ran without logger=wandb ({missing[0].folder.name} ...): they stand in the "
            "table, not in the pictures. The sweep's command with logger=wandb added sends their figures.",
            file=sys.stderr,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.dashboard",
        description="Create or update a workspace on Weights & Biases (accuracy with intervals, reasons, training, "
        "cost, judges; by recommender and model) and the report of a sweep.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("place", metavar="ENTITY/PROJECT", help="whose project the runs are in")
    parser.add_argument("--sweep", type=Path, metavar="DIR", help="the folder of a sweep: its report too")
    parser.add_argument("--against", metavar="ROW", help="compare every row with this one, pair by pair")
    parser.add_argument("--print", action="store_true", help="show the whole specification as JSON and send nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
