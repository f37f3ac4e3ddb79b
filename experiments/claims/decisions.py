"""What naming the title with the highest expected AccRM gains, by the rankings that finished jobs have kept."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.decision import ExpectedAccRM
from reasoning_occ.evaluation.intervals import mean
from reasoning_occ.evaluation.metrics import decided_match, exact_match, related_match
from reasoning_occ.evaluation.prediction_file import read as read_predictions
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommend.opened import opened
from reasoning_occ.recommenders.rankings import read as read_rankings
from reasoning_occ.report import formats, seeds
from reasoning_occ.report.grid import Grid
from reasoning_occ.report.jobs import find
from reasoning_occ.report.sentences import interval, value

FIGURES = ("AccRM", "AccRM (expected)", "gain", "AccEM", "AccEM (expected)")
HEAD = (
    "row",
    "seeds",
    "other title named",
    "AccRM of the most probable",
    "AccRM of the one decided on",
    "gain",
    "AccEM of the most probable",
    "AccEM of the one decided on",
)


def decided(folder: Path, decimals: int) -> list[str]:
    """A row a recommender, means over its seeds, as lines of Markdown, the largest AccRM of what was decided on first.

    Args:
        folder: above the folders of finished jobs that rank all occupations.
        decimals: of figures.

    Raises:
        UserError: no job, one without its rankings, or without the files that its titles came from.
    """
    rows, people = [], 0
    taxonomies: dict[tuple[str, ...], Taxonomy] = {}
    for pool in seeds.pools(find(folder)[0]):
        draws = pool.jobs[0].metrics["bootstrap"]
        each = [figures(job.folder, taxonomies) for job in pool.jobs]
        persons = [person for person, _ in each[0]]
        people = len(set(persons))
        cells = []
        for name in FIGURES:
            means = np.mean([[one[key][name] for key in each[0]] for one in each], axis=0)
            cells.append(mean(list(zip(persons, means.tolist(), strict=True)), draws["resamples"], draws["seed"]))
        changed = float(np.mean([[row["changed"] for row in one.values()] for one in each]))
        told = [f"{value(cell, decimals)} {interval(cell, decimals)}" for cell in cells]
        told[2] = f"{cells[2]['value']:+.{decimals}f} {interval(cells[2], decimals)}"
        rows.append((-(cells[1]["value"] or 0), (pool.label, str(len(pool.jobs)), f"{changed:.0%}", *told)))
    if not rows:
        raise UserError(f"No finished job in {folder}.")
    note = (
        f"{people:,} test people. The title with the highest expected AccRM under the model's own probabilities "
        "(evaluation.decision=expected_accrm), in place of the most probable one; gain: in AccRM, paired. Means over "
        "seeds, 95% intervals by a bootstrap over people."
    )
    grid = Grid("", HEAD, tuple(row for _, row in sorted(rows)), {}, (note,))
    return formats.grid_markdown(grid)[1:]


def figures(folder: Path, known: dict[tuple[str, ...], Taxonomy]) -> Mapping[tuple[str, int], dict[str, float]]:
    """Of each transition of a job the figures of `FIGURES`, and whether another title is named than the most probable.

    Args:
        folder: of the job.
        known: taxonomies by their codes, which is filled.
    """
    rankings = read_rankings(folder)
    if rankings.codes not in known:
        known[rankings.codes] = opened(folder, None).published
    taxonomy = known[rankings.codes]
    decide = ExpectedAccRM(taxonomy)
    predictions = []
    for one in read_predictions(folder / "predictions.jsonl"):
        log_probs = rankings.rows[one.key]
        place = decide(np.exp(log_probs), np.isfinite(log_probs))
        predictions.append(replace(one, decided=taxonomy.occupations[place].title))
    plain, expected = related_match(predictions, taxonomy), decided_match(predictions, taxonomy)
    named = [float(one.decided == one.truth_title) for one in predictions]
    found = zip(plain, expected, expected - plain, exact_match(predictions), named, strict=True)
    return {
        one.key: {**dict(zip(FIGURES, map(float, numbers), strict=True)), "changed": float(one.decided != one.title)}
        for one, numbers in zip(predictions, found, strict=True)
    }
