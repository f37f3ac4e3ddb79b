"""The pages of experiments/claims, from the jobs that they are about.

    python -m experiments.claims log runs --write       # LOG.md: every job that was scored on validation people
    python -m experiments.claims table claims/single --write      # README.md: those tested, means over seeds
    python -m experiments.claims hybrids claims --write           # README.md: means of several, beside all others
    python -m experiments.claims few claims/few --beside claims/single --write    # README.md: some of the people
    python -m experiments.claims decisions claims/single --write  # README.md: titles named for AccRM
    python -m experiments.claims groups claims/single --rows gru4rec --write      # README.md: for whom
    python -m experiments.claims front claims/single --write      # the front page: short, with a picture
    python -m experiments.claims one_model sweeps/NAME --write    # claim (b): means over seeds, less two_model
    python -m experiments.claims doses sweeps/NAME --write        # claim (c): a sweep's tables, reasons beside
    python -m experiments.claims keep claims/single --rows joint  # jobs/: finished jobs without weights

Reads what the jobs have written; nothing is scored again.
"""

import argparse
import sys
from pathlib import Path

from experiments.claims.decisions import decided
from experiments.claims.front import DECIMALS, few, short
from experiments.claims.groups import grouped
from experiments.claims.kept import keep
from experiments.marks import put
from reasoning_occ import costs
from reasoning_occ.errors import UserError
from reasoning_occ.report import formats, grid, reason_quality, reason_quality_formats, seeds
from reasoning_occ.report.content import METRICS, rows
from reasoning_occ.report.jobs import Job, find
from reasoning_occ.report.sentences import caption, interval, value
from reasoning_occ.report.table import compose

HERE = Path(__file__).parent
FRONT = HERE.parents[1] / "README.md"
PICTURE = HERE.parents[1] / "docs" / "images" / "claims.svg"
IDLE = ("evaluation.", "threads=", "output=", "stages=")
"""Words that shape no result, or the same for all."""
WHAT = ("log", "table", "hybrids", "few", "decisions", "groups", "front", "one_model", "doses", "keep")
BASE = "gru4rec"
"""The row that others are compared with."""
SHOWN = ("MRR", "Hit@10", "AccEM", "log-loss")


def trials(folder: Path) -> list[str]:
    """A table of the finished jobs that were scored on validation people, the highest MRR of each recommender marked.

    Raises:
        UserError: there is none, or a file of one can't be read.
    """
    jobs = [job for job in find(folder)[0] if job.data.get("part") == "valid"]
    if not jobs:
        raise UserError(f"No finished job in {folder} was scored on validation people (evaluation.part=valid).")
    best: dict[str, Job] = {}
    for job in jobs:
        if job.name not in best or _mrr(job) > _mrr(best[job.name]):
            best[job.name] = job
    head = ["recommender", "words of the command", "people", *SHOWN, "tokens seen", "seconds of learning", "best"]
    rows = [_row(job, job in best.values()) for job in sorted(jobs, key=lambda job: (job.name, -_mrr(job)))]
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def tested(folder: Path, against: str) -> list[str]:
    """Every recommender's mean over its seeds in every metric, less that of `against`, and what one job of it cost.

    Raises:
        UserError: as `front.short`.
    """
    jobs, _ = find(folder)
    pools = seeds.pools(jobs)
    spent = grid.cost([pool.jobs[0] for pool in pools], [pool.label for pool in pools])
    grids = [
        seeds.spread(pools, METRICS, DECIMALS),
        *seeds.less(pools, against, METRICS, DECIMALS, grid.margin(jobs)),
        *([spent] if spent else []),
    ]
    first = [job for job in jobs if job.seed == jobs[0].seed]
    return ["\n".join(formats.grid_markdown(one)).strip() + "\n" for one in grids] + [caption(first, rows(first))]


def _mrr(job: Job) -> float:
    return float(job.metrics["MRR"]["value"] or 0)


def _row(job: Job, best: bool) -> list[str]:
    spent = costs.read(job.folder)
    words = " ".join(word for word in job.overrides if not word.startswith(IDLE))
    figures = [f"{value(job.metrics[m], 3)} {interval(job.metrics[m], 3)}".strip() for m in SHOWN]
    tokens, seconds = spent.get("tokens_seen"), spent["seconds"].get("learn")
    told = ["-" if tokens is None else f"{tokens:,}", "-" if seconds is None else f"{seconds:,.0f}"]
    return [job.name, f"`{words}`", str(job.metrics["counts"]["people"]), *figures, *told, "yes" * best]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def doses(folder: Path, against: str) -> list[str]:
    """The report's tables of a sweep, and the quality of its reasons beside its accuracy.

    Raises:
        UserError: as `table.compose` and `reason_quality.compare`.
    """
    table = formats.markdown(compose(folder, METRICS, against))
    return [table, reason_quality_formats.markdown(reason_quality.compare(folder)).strip()]


def made(chosen: argparse.Namespace) -> tuple[Path, str, list[str]]:
    """What was asked for: the page that it belongs in, the name of its place there, and its lines.

    Raises:
        UserError: as what makes it, or a word is missing.
    """
    folder, against = chosen.folder, chosen.against
    match chosen.what:
        case "log":
            return HERE / "LOG.md", "trials", trials(folder)
        case "table":
            return HERE / "README.md", "table", tested(folder, against or BASE)
        case "hybrids":
            return HERE / "README.md", "hybrids", short(folder, against or BASE)[0]
        case "few":
            if chosen.beside is None:
                raise UserError("few: --beside DIR is missing, the folder above jobs that were tested on everyone.")
            return HERE / "README.md", "few", few(folder, chosen.beside, against or BASE, chosen.rows)
        case "decisions":
            return HERE / "README.md", "decisions", decided(folder, DECIMALS)
        case "groups":
            return HERE / "README.md", "groups", grouped(folder, chosen.rows)
        case "one_model":
            return HERE / "b_one_model" / "README.md", "one model", tested(folder, against or "two_model")
        case "doses":
            least = against or "joint (ablation=mistakes_0)"
            return HERE / "c_reason_quality" / "README.md", "doses", doses(folder, least)
        case _:
            lines, picture = short(folder, against or BASE)
            if chosen.write:
                PICTURE.write_text(picture, encoding="utf-8")
            return FRONT, "claims", lines


def main() -> int:
    """Print a table, or put it into its page; 1 after an error that was told in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("folder", type=Path, metavar="DIR", help="above the folders of jobs")
    parser.add_argument("--against", metavar="ROW", help="what every row is compared with (the claim's own)")
    parser.add_argument("--beside", type=Path, metavar="DIR", help="of few: above jobs that were tested on everyone")
    parser.add_argument(
        "--rows", nargs="+", metavar="ROW", default=[], help="of few, groups and keep: which of those (all)"
    )
    parser.add_argument("--write", action="store_true", help="put it between the marks of the page")
    chosen = parser.parse_args()
    try:
        if chosen.what == "keep":
            print(*keep(chosen.folder, chosen.rows, HERE / "jobs"), sep="\n")
            return 0
        page, name, lines = made(chosen)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    if chosen.write:
        put(page, name, ["", *lines, ""])
    return 0


if __name__ == "__main__":
    sys.exit(main())
