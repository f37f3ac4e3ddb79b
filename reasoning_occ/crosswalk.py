"""`python -m reasoning_occ.crosswalk`: the crosswalk of data=nlsy97, from official files that you download."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from reasoning_occ.occupations.bridging import ByHand, Decision

_MOST_SHOWN = 20
_EPILOG = """example:
  python -m reasoning_occ.crosswalk --census 2002-census-occupation-codes.xls --soc soc_2000_to_2010_crosswalk.xls \\
      --onet 2010_to_2019_Crosswalk.csv --overrides hand.csv --output crosswalk.csv
  python -m reasoning_occ.run experiment=nlsy97 data.crosswalk=crosswalk.csv data_dir=FOLDER

The files and their addresses are in conf/crosswalk.yaml. Each may be CSV, tabs (.tsv, .txt) or Excel (.xls, .xlsx,
with pip install 'reasoning-occ[excel]'). By which rules a code gets its quality (exact, renumbered, representative,
none) is told in reasoning_occ/occupations/bridging.py; each row's note says which one decided. --overrides takes
decisions by hand, a CSV file of the same columns as the output (census_code, onet_soc and quality will do).
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence. A wrong usage exits with 2 (argparse).
    """
    options = _parser().parse_args(argv)
    from omegaconf.errors import OmegaConfBaseException

    from reasoning_occ.occupations.bridging import bridge, read_hand, write
    from reasoning_occ.occupations.soc import read

    try:
        official = read(options.census, options.soc, options.onet, _columns(options.columns))
        hand = {} if options.overrides is None else read_hand(options.overrides, "--overrides")
        titles = official.titles if options.titles is None else _titles(options.titles)
        other = None if options.compare is None else read_hand(options.compare, "--compare")
        decided = bridge(official, titles, hand)
        write(decided, options.output)
    except (UserError, OmegaConfBaseException, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(_told(decided, options.output)))
    if other is not None:
        print("\n".join(_compared(decided, other)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.crosswalk",
        description="Makes the crosswalk from Census 2002 codes to O*NET occupations that data=nlsy97 reads.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--census", type=Path, required=True, metavar="FILE", help="Census 2002 codes with SOC 2000 codes")
    add("--soc", type=Path, required=True, metavar="FILE", help="SOC 2000 to SOC 2010")
    add("--onet", type=Path, required=True, metavar="FILE", help="O*NET-SOC 2010 to O*NET-SOC 2019")
    add("--titles", type=Path, metavar="FILE", help="O*NET's 'Occupation Data.txt': every code must be in it")
    add("--overrides", type=Path, metavar="FILE", help="decisions by hand, which hold whatever the files say")
    add("--columns", type=Path, metavar="FILE", help="other headings, in the form of conf/crosswalk.yaml")
    add("--compare", type=Path, metavar="FILE", help="a crosswalk to set beside it: where they differ is told")
    add(
        "--output",
        type=Path,
        default=Path("census2002_to_onet2019.csv"),
        metavar="FILE",
        help="what is written (default: census2002_to_onet2019.csv)",
    )
    return parser


def _columns(own: Path | None) -> Mapping[str, Mapping[str, Any]]:
    """The headings of conf/crosswalk.yaml, with others in place of some.

    Raises:
        UserError: a file of headings has others than those, or can't be read.
    """
    from omegaconf import OmegaConf
    from yaml import YAMLError

    known: Any = OmegaConf.to_container(OmegaConf.load(CONF / "crosswalk.yaml"))
    if own is None:
        return known
    try:
        given: Any = OmegaConf.to_container(OmegaConf.load(own))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise UserError(f"--columns: {own} can't be read: {error}.") from error
    for part, headings in given.items() if isinstance(given, dict) else [("", None)]:
        if part not in known or not isinstance(headings, dict) or not headings.keys() <= known[part].keys():
            raise UserError(f"--columns: {own}: '{part}' is not of the form of conf/crosswalk.yaml.")
        known[part] |= headings
    return known


def _titles(path: Path) -> dict[str, str]:
    from reasoning_occ.occupations.onet import titles

    return titles(path)


def _told(decided: "Sequence[Decision]", output: Path) -> Iterator[str]:
    from reasoning_occ.occupations.bridging import BY_HAND

    counts = Counter(one.quality for one in decided)
    hand = sum(one.note.startswith(BY_HAND) for one in decided)
    yield f"{len(decided):,} codes, {hand:,} by hand: {', '.join(f'{n:,} {q}' for q, n in counts.most_common())}."
    lost = [one for one in decided if one.quality == "none" and not one.note.startswith(BY_HAND)]
    yield from (f"  none: {one.code} {one.title} ({one.note})" for one in lost[:_MOST_SHOWN])
    if len(lost) > _MOST_SHOWN:
        yield f"  none: {len(lost) - _MOST_SHOWN:,} more."
    yield f"Crosswalk: {output}"


def _compared(decided: "Sequence[Decision]", other: "Mapping[str, ByHand]") -> Iterator[str]:
    """How far two crosswalks agree, over the codes that both have."""
    both = [one for one in decided if one.code in other]
    differing = [one for one in both if one.onet != other[one.code].onet]
    qualities = sum(one.quality == other[one.code].quality for one in both)
    yield (
        f"Compared: {len(both):,} codes in both, {len(decided) - len(both):,} here alone, {len(other) - len(both):,} "
        f"there alone; the same occupation {len(both) - len(differing):,}, the same quality {qualities:,}."
    )
    for one in differing:
        here, there = (f"{x.onet or 'no occupation'} ({x.quality})" for x in (one, other[one.code]))
        yield f"  {one.code} {one.title}: {here}, there {there}"


if __name__ == "__main__":
    sys.exit(main())
