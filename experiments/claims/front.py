"""The short form of the claims' table, for the front page: a line a recommender, and a picture.

    python -m experiments.claims front runs/claims --against gru4rec --write

Means over seeds where there are several; the same figures as the whole table's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reasoning_occ.config import uses_model
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.evaluate import summarised
from reasoning_occ.report import figures, formats, grid, seeds
from reasoning_occ.report.content import Row
from reasoning_occ.report.grid import Grid
from reasoning_occ.report.jobs import find, is_of
from reasoning_occ.report.seeds import Pool
from reasoning_occ.report.sentences import interval, value

SHOWN = ("MRR", "Hit@10", "AccEM", "log-loss")
DECIMALS = 3


def short(folder: Path, against: str) -> tuple[list[str], str]:
    """The short form as lines of Markdown, the highest MRR first, and a picture of MRR and its intervals as SVG.

    Args:
        folder: above the folders of finished jobs.
        against: the row that the last two columns compare with.

    Raises:
        UserError: no job, or none of that name, or jobs that were not tested on the same transitions.
    """
    jobs, _ = find(folder)
    pools = seeds.pools(jobs)
    lines = ranked(pools, against, grid.margin(jobs))
    return lines, picture(pools, {pool.label: _figures(pool) for pool in pools})


def few(folder: Path, beside: Path, against: str, shown: Sequence[str] = ()) -> list[str]:
    """As the short form, of jobs that were tested on some of the people, beside others on the same people alone.

    Args:
        folder: above the folders of jobs that were tested on some.
        beside: above those of jobs that were tested on these and more.
        against: the row of the latter that the last two columns compare with.
        shown: which others stand beside, by their labels; none named: all.

    Raises:
        UserError: as `short`, or there is no other of a label.
    """
    jobs, _ = find(folder)
    others, _ = find(beside)
    tested = seeds.pools(jobs)
    keys = frozenset(tested[0].scored.keys)
    named = {pool.label: pool for pool in seeds.pools(others)}
    if twice := [pool.label for pool in tested if pool.label in named]:
        raise UserError(f"'{twice[0]}' was tested on some and on everyone, and two rows of one name are none.")
    if strange := [label for label in shown if label not in named]:
        raise UserError(f"--rows: no row is '{strange[0]}'; there are {', '.join(named)}.")
    same = [replace(pool, scored=pool.scored.only(keys)) for pool in named.values() if pool.label in (shown or named)]
    return ranked([*tested, *same], against, grid.margin(others))


def ranked(pools: list[Pool], against: str, margin: float | None) -> list[str]:
    """Lines of Markdown, a row a pool; puts the pools in order, the highest MRR first.

    Args:
        pools: tested on the same transitions.
        against: the row that the last two columns compare with.
        margin: of MRR, below which a loss is on a par.

    Raises:
        UserError: no pool of that name, or one that was tested on others.
    """
    found = {pool.label: _figures(pool) for pool in pools}
    compared, _ = seeds.less(pools, against, ("MRR",), DECIMALS, margin)
    beside = {row[0]: row[1:] for row in compared.rows}
    pools.sort(key=lambda pool: -(found[pool.label]["MRR"]["value"] or 0))
    lines = [
        (
            pool.label,
            str(len(pool.jobs)),
            *(f"{value(found[pool.label][m], DECIMALS)} {interval(found[pool.label][m], DECIMALS)}" for m in SHOWN),
            *beside.get(pool.label, ("",) * (len(compared.head) - 1)),
        )
        for pool in pools
    ]
    people = len(set(pools[0].scored.people))
    note = f"{people:,} test people, their last move; means over seeds, 95% intervals by a bootstrap over people."
    head = ("recommender", "seeds", *SHOWN, f"MRR less {against}'s", *compared.head[2:])
    return formats.grid_markdown(Grid("", head, tuple(lines), {}, (note,)))[1:]


def _figures(pool: Pool) -> dict[str, Any]:
    draws = pool.jobs[0].metrics["bootstrap"]
    return summarised(pool.scored, draws["resamples"], draws["seed"]) | {"counts": pool.jobs[0].metrics["counts"]}


def picture(pools: Sequence[Pool], found: Mapping[str, Mapping[str, Any]]) -> str:
    """MRR with its interval, a line a recommender; those that read no language model are grey."""
    rows = [Row(p.label, found[p.label], floor=not is_of(p.jobs[0].folder, uses_model)) for p in pools]
    return figures.alone(figures.comparison(rows, "MRR", width=6.4))
