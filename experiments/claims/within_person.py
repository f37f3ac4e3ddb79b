"""Claim (c) within a person: of several reasons that a model draws for one person, do the better ones serve better?

    python -m experiments.claims.within_person runs/joint-... --people 200 --samples 8

For each person the model draws reasons, ranks after each, and the job's judge scores each. What is compared is the log-
probability of the true title (nats) with factuality and coherence, each person's own means taken off: so neither easy
people nor better models can make the link. Utility is judged with the truth at hand and has no place here. Validation
people unless --part test says else. Reasons are kept in the run's stage and found again.
"""

import argparse
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.asking import reasoner
from reasoning_occ.careers.split import last_transitions
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.judging import judged
from reasoning_occ.evaluation.within import within
from reasoning_occ.making import hands, make
from reasoning_occ.reasons.settings import check_run
from reasoning_occ.reasons.types import Case, Criterion
from reasoning_occ.recommenders.reasoned import Reasoned
from reasoning_occ.task import load

QUALITY: tuple[Criterion, ...] = ("factuality", "coherence")


def measure(run: Path, people: int, samples: int, part: str) -> list[str]:
    """The lines to print.

    Args:
        run: folder of a finished run of a method that writes a reason before it answers.
        people: at most so many, the first ones.
        samples: reasons a person.
        part: "valid" or "test".

    Raises:
        UserError: the folder is none of such a run.
    """
    check_run("RUN_DIR", str(run))
    cfg = OmegaConf.load(run / ".hydra" / "config.yaml")
    assert isinstance(cfg, DictConfig)
    task = load(cfg)
    asked = list(last_transitions(task.valid) if part == "valid" else task.test)[:people]
    recommender = make(cfg, task, run)
    if not isinstance(recommender, Reasoned) or recommender.writes is None:
        raise UserError(f"{run}: expected a run of a method that writes a reason before it answers, as method=joint.")
    recommender.folder = run
    written = recommender.written([t.history for t in asked], range(samples))
    rows = [(t, text) for t, texts in zip(asked, written, strict=True) for text in texts if text is not None]
    told = recommender.rank([t.history for t, _ in rows], [text for _, text in rows])
    truths = [float(one.log_probs[task.taxonomy.index(t.target)]) for one, (t, _) in zip(told, rows, strict=True)]
    judge = reasoner(cfg.judge, task.taxonomy, hands(cfg, task))
    judge.fit(task.train)
    verdicts = judged(judge, [Case(t.history, text, t.target) for t, text in rows], "drawn reasons")
    out = [f"{len(asked)} {part} people, {samples} reasons each; {len(asked) * samples - len(rows)} were empty."]
    out += [
        "",
        "| judged | unscored | people in whom it varies | correlation | nats a point |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in QUALITY:
        pairs = [
            (t.history.person.id, float(score), truth)
            for (t, _), verdict, truth in zip(rows, verdicts, truths, strict=True)
            if (score := verdict.scores[name].value) is not None
        ]
        found = within(pairs, cfg.evaluation.resamples, cfg.split.seed)
        cells = [_told(found[figure]) for figure in ("correlation", "slope")]
        out.append(
            f"| {name} | {len(rows) - len(pairs)} | {found['varied']} of {found['people']} | {' | '.join(cells)} |"
        )
    return out


def _told(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "-"
    low, high = figure["low"], figure["high"]
    return f"{figure['value']:+.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def main() -> int:
    """Print the table; 1 after an error that was told in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN_DIR")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--samples", type=int, default=8, help="reasons a person")
    parser.add_argument("--part", choices=("valid", "test"), default="valid")
    chosen = parser.parse_args()
    try:
        print("\n".join(measure(chosen.run, chosen.people, chosen.samples, chosen.part)))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
