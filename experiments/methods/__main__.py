"""The tables of experiments/methods/README.md, from the sweep that it is about.

    python -m reasoning_occ.run -m experiment=methods_small
    python -m experiments.methods sweeps/experiment=methods_small-... --write

Reads what the jobs have written; nothing is scored again.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from experiments.marks import put
from reasoning_occ.errors import UserError
from reasoning_occ.report import compared, formats, reason_quality, reason_quality_formats
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.jobs import find
from reasoning_occ.report.table import compose

README = Path(__file__).parent / "README.md"
DECIMALS = 3


def parts(folder: Path) -> Iterator[tuple[str, str]]:
    """What the page holds, by the name of its place, as Markdown.

    Raises:
        UserError: no finished job, or rows that can't be compared.
    """
    table = compose(folder, METRICS, against="direct")
    yield "table", formats.markdown(table)
    jobs, _ = find(folder)
    labels = [row.label for row in table.rows if not row.floor]
    for name, against in (("reading", "joint"), ("two models", "two_model")):
        if against not in labels:
            continue
        less = compared.less(jobs, labels, against, METRICS, DECIMALS)
        yield name, "\n".join(line for one in less for line in formats.grid_markdown(one))
    yield "reasons", reason_quality_formats.markdown(reason_quality.compare(folder))


def main() -> int:
    """Print the tables, or put them into the page; 1 after an error that was told in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="SWEEP_DIR", help="the folder of the sweep")
    parser.add_argument("--write", action="store_true", help="put the tables into experiments/methods/README.md")
    chosen = parser.parse_args()
    try:
        found = list(parts(chosen.folder))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    for name, text in found:
        if chosen.write:
            put(README, name, ["", text.strip(), ""])
        else:
            print(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
