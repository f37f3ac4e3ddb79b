"""`python -m reasoning_occ.export [RUN_DIR]`: what a run learnt as a folder for a model hub."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reasoning_occ.errors import UserError

_EPILOG = """examples:
  python -m reasoning_occ.export                                     the newest run in runs/ that trained a model
  python -m reasoning_occ.export runs/joint-...                      the adapter, in exports/joint-...
  python -m reasoning_occ.export runs/joint-... --merge              all weights, which need no others
  python -m reasoning_occ.export runs/gru4rec-...                    a sequence model
  python -m reasoning_occ.recommend run=exports/joint-... resume.json

The folder holds what was learnt, the tokenizer, README.md (the model card) and reasoning_occ.json (settings, titles,
and the checksum of the weights it belongs to: recommend refuses others). peft's AutoPeftModelForCausalLM loads it, or
with --merge transformers' AutoModelForCausalLM. Of a sequence model or `linear` it holds learnt.safetensors in place of
an adapter. No data, no careers and no reasons of people are in it.

Exit codes: 0; 1 an error, told in a sentence; 2 a command that can't be read.
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
        from reasoning_occ.export.work import export
        from reasoning_occ.recommend.newest import chosen

        run = chosen(options.run, trained=True)
        output = options.output or Path("exports") / run.resolve().name
        notes = export(run, output, merge=options.merge, base_name=options.base_name)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(*notes, f"Written: {output}", sep="\n", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.export",
        description="Write what a finished run learnt as a folder for a model hub, with its card.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "run",
        metavar="RUN_DIR",
        nargs="?",
        type=lambda word: Path(word.removeprefix("run=")).expanduser(),
        help="the folder of a finished run that keeps a trained model; left out: the newest one in runs/",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to make (default: exports/NAME_OF_RUN)")
    parser.add_argument("--merge", action="store_true", help="write all weights, in fp32, in place of an adapter")
    parser.add_argument("--base-name", metavar="NAME", help="what adapter_config.json calls the base: Qwen/Qwen3-8B")
    return parser


if __name__ == "__main__":
    sys.exit(main())
