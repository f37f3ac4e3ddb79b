"""`python -m reasoning_occ.language.show`: one training example, its segments in colour.

What is printed is decoded from the token ids that training uses, so what you see is what is learned.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, get_args

from reasoning_occ.errors import UserError
from reasoning_occ.language.asks import Asks
from reasoning_occ.language.example import Example, Segment

if TYPE_CHECKING:
    from rich.text import Text
    from transformers import PreTrainedTokenizerBase

    from reasoning_occ.careers.source import Loaded
    from reasoning_occ.careers.types import Transition
    from reasoning_occ.language.prompt import Language

STYLES = {Segment.PROMPT: "bright_black", Segment.REASON: "green", Segment.ANSWER: "bold yellow"}
MEANINGS = {
    Segment.PROMPT: "read, never learned",
    Segment.REASON: "learned, weighted by the reason loss",
    Segment.ANSWER: "learned, weighted by the answer loss",
}
CONFIGURED = {"smollm2": "smollm2", "qwen3": "qwen", "llama3": "llama"}
EPILOG = """
An example is what a model is trained on: the prompt (task text, one line an event in order of time, what is
asked), then the target, which this project appends itself so that it is the same for every model family:

    <think> why the person may move</think><answer> title of the next occupation</answer>[end of turn]

A line says only what was known on its day. The history of an earlier job is the beginning of that of a later one,
token for token, so that all of a person's transitions can be trained in one pass.

examples:
  python -m reasoning_occ.language.show                          the first person of the embedded survey
  python -m reasoning_occ.language.show --person 5 --transition 1 --reason "Pay rose with every move."
  python -m reasoning_occ.language.show --asks title             what method=direct learns from
  python -m reasoning_occ.language.show --asks reason_only --reason "Pay rose with every move."
  python -m reasoning_occ.language.show --asks title_given_reason --reason "Pay rose with every move."
                                                                 what method=multi_task and two_model learn from
  python -m reasoning_occ.language.show --asks title_reason --reason "Pay rose with every move."
                                                                 method=joint with method.reason_first=false
  python -m reasoning_occ.language.show --model llama3           another family's chat format
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print one example; 0, or 1 with a sentence where it can't be made."""
    args = _parser().parse_args(argv)
    if args.asks == "title" and args.reason is not None:
        _parser().error("--reason goes with --asks reason; --asks title learns the title alone")
    if args.asks == "reason_only" and args.reason is None:
        _parser().error("--asks reason_only learns nothing but a reason: give one with --reason")
    try:
        _show(args)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def coloured(example: Example, language: "Language") -> "Text":
    """The example's text, a block a segment, each under a line with its name, number of tokens and meaning."""
    from rich.text import Text

    text = Text()
    for segment, places in groupby(range(len(example)), key=lambda i: Segment(example.segments[i])):
        ids = example.ids[list(places)]
        text.append(f"[{segment.name.lower()}: {len(ids)} tokens, {MEANINGS[segment]}]\n", style="bold")
        text.append(f"{language.decode(ids)}\n", style=STYLES[segment])
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.language.show",
        description="Show one training example with its segments in colour and their token counts.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", choices=sorted(CONFIGURED), default="smollm2", help="model family (chat format)")
    parser.add_argument("--path", help="folder or .gguf file of a model whose tokenizer to use")
    parser.add_argument("--person", metavar="ID", help="a person of the survey; without it, the first")
    parser.add_argument("--transition", metavar="N", type=int, help="which move, 1 the first; without it, the last")
    parser.add_argument(
        "--asks",
        choices=[asks for asks in get_args(Asks) if asks != "nothing"],
        default="reason",
        help="what the prompt asks for",
    )
    parser.add_argument("--reason", metavar="TEXT", help="the reason to learn; without it, an empty one (no loss)")
    return parser


def _show(args: argparse.Namespace) -> None:
    from omegaconf import OmegaConf
    from rich.console import Console

    from reasoning_occ.careers.nls import NLS
    from reasoning_occ.config import CONF
    from reasoning_occ.language.prompt import Language

    loaded = NLS().load()
    transition = _transition(loaded, args.person, args.transition)
    node = OmegaConf.load(CONF / "model" / f"{CONFIGURED[args.model]}.yaml")
    tokenizer, note = _tokenizer(node, args.path, loaded)
    language = Language(tokenizer, loaded.taxonomy, node.max_tokens, asks=args.asks)
    example = language.example(transition, args.reason)
    person, past = transition.key
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Person {person}, transition {past + 1}, {note}")
    console.print(coloured(example, language))
    console.print(
        f"{len(example)} tokens of {node.max_tokens}; {int((example.segments != Segment.PROMPT).sum())} carry loss."
    )


def _transition(loaded: "Loaded", person: str | None, number: int | None) -> "Transition":
    career = next((c for c in loaded.careers if person in (None, c.person.id)), None)
    if career is None:
        ids = ", ".join(c.person.id for c in loaded.careers[:5])
        raise UserError(f"--person: the survey has no person '{person}' with a transition; some it has: {ids}.")
    moves = list(career.transitions())
    if number is not None and not 1 <= number <= len(moves):
        raise UserError(f"--transition: person {career.person.id} has moves 1 to {len(moves)}, not {number}.")
    return moves[-1 if number is None else number - 1]


def _tokenizer(node, path: str | None, loaded: "Loaded") -> tuple["PreTrainedTokenizerBase", str]:
    """The configured model's tokenizer; for a model of the hub without a path, a stand-in with its chat format."""
    from reasoning_occ.models.backbone import load_tokenizer
    from reasoning_occ.models.spec import ModelSpec

    if path is not None or node.package is not None:
        spec = ModelSpec(node.name, node.family, path or node.path, node.package, node.hub)
        return load_tokenizer(spec), f"tokens of {path or node.name}"
    from reasoning_occ.language.asks import ASK, TASK
    from reasoning_occ.models.tiny import tiny_tokenizer

    texts = [TASK, *ASK.values(), *(o.title for o in loaded.taxonomy)]
    return tiny_tokenizer(node.family, texts), (
        f"chat format of {node.hub} with a small tokenizer of our own (its token counts are not the model's; "
        "--path FOLDER takes the real one)"
    )


if __name__ == "__main__":
    sys.exit(main())
