"""`python -m reasoning_occ.plan OVERRIDES`: what a job would ask models elsewhere, and what that would cost."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError

if TYPE_CHECKING:
    from reasoning_occ.planning import Line

_EPILOG = """examples:
  python -m reasoning_occ.plan teacher=anthropic judge=anthropic                  the sample of the main job
  python -m reasoning_occ.plan teacher=anthropic judge=anthropic data.people=all  everyone in the survey
  python -m reasoning_occ.plan baseline=api                                       a model that names the titles
  python -m reasoning_occ.plan judge=anthropic --no-count                         without a key or a network

Nothing is asked but a provider's free counter of tokens. What the ledger answers already costs nothing.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: words after the command's name; `None` takes them from the command line.

    Returns:
        Exit code: 0, or 1 after an error that was told in a sentence. A wrong usage exits with 2 (argparse).
    """
    options = _parser().parse_args(argv)
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException

    from reasoning_occ.complaint import sentence
    from reasoning_occ.planning import lines

    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose("config", options.overrides)
        _show(cfg, list(lines(cfg, counts=not options.no_count)))
    except (HydraException, OmegaConfBaseException, UserError, OSError) as error:
        print(sentence(error), file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_occ.plan",
        description="What a job's teacher, judge or recommender would be asked, and its cost. Nothing is asked.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="*", help="as for python -m reasoning_occ.run")
    parser.add_argument("--no-count", action="store_true", help="estimate tokens from the length of texts")
    return parser


def _show(cfg: DictConfig, found: Sequence["Line"]) -> None:
    from rich.console import Console
    from rich.table import Table

    from reasoning_occ.asking import desk

    table = Table("who", "model", *("calls", "in the ledger", "to ask", "input tokens", "output tokens", "US$"))
    for line in found:
        e = line.estimate
        calls = f"{'about ' if line.assumed else ''}{e.calls:,}"
        counted = f"{e.input:,} ({f'counted on {e.counted}' if e.counted else 'estimated'})"
        likely = "" if e.output is None else f"about {e.output:,}, "
        table.add_row(
            line.who,
            line.model,
            *(calls, f"{e.known:,}", f"{e.calls - e.known:,}"),
            counted,
            f"{likely}at most {e.most_output:,}",
            _dollars(e.likely_usd, e.most_usd),
        )
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
    at = desk(cfg, keys=False)
    spent = asyncio.run(at.ledger.spent()) if at.has_ledger else 0.0
    for sentence in _remarks(cfg, found, spent, at.prices.date):
        print(sentence)


def _dollars(likely: float | None, most: float | None) -> str:
    if most is None:
        return "unknown"
    return f"at most {most:,.2f}" if likely is None else f"about {likely:,.2f}, at most {most:,.2f}"


def _remarks(cfg: DictConfig, found: Sequence["Line"], spent: float, prices: str) -> Iterator[str]:
    if any(line.estimate.price is not None for line in found):
        yield f"Prices are those of {prices} ({cfg.calls.prices or 'conf/prices.yaml'}); check them before you spend."
    if any(line.assumed for line in found):
        yield "Calls about reasons that are not written yet are assumed: as many and as long as the teacher may write."
    if any(line.estimate.price is None for line in found):
        yield "A price is unknown: add the model to conf/prices.yaml, or give a table of your own (calls.prices)."
    if any(line.estimate.output is None for line in found):
        yield "How much a model writes is known once the ledger has some of its answers; before that only the most."
    if cfg.oracle.retries:
        yield (
            f"oracle.retries={cfg.oracle.retries}: where no reason passes, all is asked again, so up to "
            f"{1 + cfg.oracle.retries} times as much; a teacher's questions grow by what was found wrong."
        )
    if cfg.oracle.fallback == "grounded" and any(line.who.startswith("judge") and line.more for line in found):
        yield "oracle.fallback=grounded: where no reason passes, those that the built-in teacher writes are judged too."
    for who in dict.fromkeys(line.who.partition(",")[0] for line in found if line.repairs):
        yield f"{who}.schema=false: what can't be read is asked again, so up to twice as many calls of this judge."
    yield from _budget(cfg, found, spent)


def _budget(cfg: DictConfig, found: Sequence["Line"], spent: float) -> Iterator[str]:
    """Whether the budget holds for all that may be asked, further rounds, stand-ins and repairs too."""
    most = [line.most_usd for line in found if line.most_usd is not None]
    if cfg.calls.budget_usd is None or len(most) < len(found):
        return
    left = cfg.calls.budget_usd - spent
    enough = "enough by this estimate" if sum(most) <= left else "maybe not enough"
    yield (
        f"calls.budget_usd={cfg.calls.budget_usd:g}: ${left:,.2f} of it are left, {enough}: all of this together, with "
        f"long answers, may cost up to ${sum(most):,.2f}."
    )


if __name__ == "__main__":
    sys.exit(main())
