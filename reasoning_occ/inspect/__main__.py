"""`python -m reasoning_occ.inspect OVERRIDES`: what a data set holds, and what in it looks like a leak."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

_EPILOG = """examples:
  python -m reasoning_occ.inspect data.people=all                           everyone in the embedded survey
  python -m reasoning_occ.inspect data=json data.path=people.jsonl          your own careers
  python -m reasoning_occ.inspect data=json data.path=people.jsonl split.cut=2015
  python -m reasoning_occ.inspect data.people=all --careers 0               numbers alone

The data set is read, sampled, split and viewed as a job with the same words would. Page and numbers stay on this
machine; careers stand on the page alone, of training people alone, without their ids.

Exit codes: 0, with warnings too; 1 an error, told in a sentence, or people in two parts of the split; 2 a command that
can't be read.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence, and where people are in two parts of the split. A
        wrong usage exits with 2 (argparse).
    """
    options = _parser().parse_args(argv)
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from reasoning_occ.complaint import sentence
    from reasoning_occ.config import CONF
    from reasoning_occ.errors import UserError

    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose("config", options.overrides)
        from reasoning_occ.inspect.work import inspect

        return inspect(cfg, options.output, options.careers)
    except (HydraException, OmegaConfBaseException, UserError, OSError) as error:
        print(sentence(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.inspect",
        description="What a data set holds, and what in it looks like a leak: printed, and written as page.html with "
        "its numbers in inspect.json.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="*", help="as for python -m reasoning_occ.run: data, split and view count")
    parser.add_argument(
        "--careers", type=_from_0, default=10, metavar="N", help="careers on the page, by chance (default: 10; 0: none)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("inspect"),
        metavar="DIR",
        help="where the folder is made (default: inspect)",
    )
    return parser


def _from_0(word: str) -> int:
    if not word.isascii() or not word.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got '{word}'")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
