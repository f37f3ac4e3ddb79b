"""Does accuracy follow the quality of reasons? The jobs of a sweep over ablations, side by side.

    python -m reasoning_occ.run -m ablation=no_judge,low_quality,mistakes_10,mistakes_30,mistakes_60
    python -m experiments.reason_quality sweeps/NAME

Reads what the jobs have written; nothing is scored again. Writes reason_quality.{txt,md,svg} into the sweep's folder.
"""

import argparse
import sys
from pathlib import Path

from reasoning_occ.errors import UserError
from reasoning_occ.report.reason_quality import compare
from reasoning_occ.report.reason_quality_formats import text, write


def main() -> int:
    """Print the comparison of a sweep; 1 after an error that was told in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="SWEEP_DIR", help="the folder of a sweep, or of several runs")
    folder = parser.parse_args().folder
    try:
        found = compare(folder)
        print(text(found), end="")
        endings = ",".join(path.suffix[1:] for path in write(found, folder))
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Written: {folder / 'reason_quality'}.{{{endings}}}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
